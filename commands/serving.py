"""Starts everything for a person at this machine, and stops all of it again."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from commands.databases import database, jobs
from commands.logins import known
from commands.terminal import Refusal, answering, note, say, show_rows
from db.settings import Settings
from db.status import is_empty

MANAGE = Path(__file__).parent.parent / "manage.py"
PATIENCE = 10  # seconds a worker has to end its job before it is killed


def run(
    demo: Annotated[
        bool, typer.Option(help="Load the demo district into an empty database.")
    ] = True,
) -> None:
    """Start database, demo district, worker and the app; Ctrl-C stops them."""
    signal.signal(signal.SIGTERM, _end)
    with answering(False):
        _refuse_taken_port(Settings.load())
    with answering(False), database() as (settings, keystore):
        with jobs(settings) as work, work.begin() as connection:
            empty = is_empty(connection)
        if empty and demo:
            from commands.demo_district import make_demo  # here: most starts make none

            note("Making a demo district of invented people; once, about 20 seconds ...")
            make_demo(settings, keystore, scale="small")
        if logins := known(settings):
            show_rows("Sign in as", list(logins))
        with keeping_fresh():
            say.print(f"Chalkline is at http://{settings.host}:{settings.port} (Ctrl-C stops it)")
            from app import serve  # here, because it reads the keys that were made above

            serve(settings)


def _end(*_: object) -> None:
    """A service manager's SIGTERM stops everything as Ctrl-C does; by default it stops just us."""
    sys.exit(0)


def _refuse_taken_port(settings: Settings) -> None:
    """Says so before a database is started and a demo made, not after."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as problem:
        why = os.strerror(problem.errno or 0)
        raise Refusal(
            f"Port {settings.port} of {settings.host} can not be used ({why}): "
            "stop what uses it, or name another, as in 'PORT=8600 make run'."
        ) from None


@contextmanager
def keeping_fresh() -> Iterator[None]:
    """Runs the worker beside the block; in a group of its own, so that it hears of a terminal's
    Ctrl-C from us, and not while it is still importing."""
    command = [sys.executable, str(MANAGE), "worker", "--beside", str(os.getpid())]
    worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    try:
        yield
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            worker.kill()


def worker(
    beside: Annotated[int, typer.Option(help="End when this parent process is gone.")] = 0,
) -> None:
    """Keep the state fresh until stopped (make run starts one)."""
    with answering(False):
        from commands.chores import chores  # here, because only this process needs them
        from db.worker import run as work

        settings = Settings.load()
        work(settings, beside=beside or None, chores=chores(settings))
