"""The fixture `demo_template`: a home as the first `manage.py run` of a new user makes it."""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import pytest

from db import embedded
from db.places import Places, system_account
from db.settings import Settings
from tests.demo import family, running
from tests.pg import hasten, scratch

FIRST_START_WITHIN = 240.0  # seconds; on a machine with nothing else to do it is about 25


@pytest.fixture(scope="session")
def demo_template() -> Iterator[Path]:
    """The home that the first start of a new installation made; nobody runs on it, copies do.

    All workers of one test run share it: the first makes it, the last removes it.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or f"{os.getpid()}"
    shared = scratch() / f"chalkline-test-demo-{run}"
    shared.mkdir(mode=0o711, exist_ok=True)
    users = os.open(f"{shared}.users", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with _one_at_a_time(shared):
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (shared / "made.json").exists():
                _first_start(shared)
        yield shared
        with _one_at_a_time(shared), suppress(BlockingIOError):
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(shared)
            for left in (".users", ".lock"):
                Path(f"{shared}{left}").unlink(missing_ok=True)
    finally:
        os.close(users)


@contextmanager
def _one_at_a_time(shared: Path) -> Iterator[None]:
    lock = os.open(f"{shared}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _first_start(shared: Path) -> None:
    began, day = time.monotonic(), datetime.now().astimezone().date()
    shutil.rmtree(shared / "home", ignore_errors=True)  # of a worker that was killed in the middle
    with running(shared / "home", within=FIRST_START_WITHIN) as started:
        seconds = time.monotonic() - began
        server = embedded.running(Settings.load({"CHALKLINE_HOME": str(shared / "home")}))
        assert server is not None
        hasten(server)
        code = started.stop()
    made = {
        "seconds": seconds,
        "day": day.isoformat(),
        "exit": code,
        "said": started.said(),
        "left": family(shared),
    }
    # Half a gigabyte of log that nobody needs any more need not be copied for every test file.
    places = Places(server.home, server.data.parent)
    system_account(places).run(server.bin / "pg_resetwal", server.data)
    (shared / "made.json").write_text(json.dumps(made))
