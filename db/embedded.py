"""Starts, finds and stops the PostgreSQL server that Chalkline brings along.

One server a home (CHALKLINE_HOME), shared by every process that calls `start` for it. Each holds
it until it leaves, by `leave` or by ending in whatever way, and the last one out stops it.
"""

import errno
import logging
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from db.cluster import DATABASE, USERS, Role, ensure_cluster, ensure_roles, explain, passwords
from db.holds import hold, let_go, locked, nobody_left
from db.places import (
    Account,
    EmbeddedError,
    Places,
    Say,
    recorded_places,
    settle,
    socket_folder,
    system_account,
)
from db.postmaster import PORT, clear_the_way, is_ready, postmaster, socket_in_use
from db.programs import find_programs
from db.server_conf import write_conf
from db.settings import Settings

__all__ = ["EmbeddedError", "Server", "leave", "running", "start", "stop"]

MESSAGE_EVERY = 5.0  # seconds
A_YEAR = str(365 * 24 * 3600)  # pg_ctl wants a limit; recovery takes what it takes
STOP_MAY_TAKE = "60"  # seconds, and then it is cut off
ROOM_TO_STOP = 32 * 1024 * 1024  # bytes: two segments of its log


def _log(message: str) -> None:
    logging.getLogger(__name__).info(message)


@dataclass(frozen=True)
class Server:
    """A running server: its programs, data folder, socket's folder, folder of logs, and home."""

    bin: Path
    data: Path
    socket_dir: Path
    log: Path
    home: Path

    def url(self, role: Role, database: str = DATABASE) -> str:
        """The SQLAlchemy address for one of the three roles. It holds the password."""
        user = USERS[role]
        password = passwords(Places(self.home, self.data.parent))[user]
        return (
            f"postgresql+psycopg://{user}:{quote(password, safe='')}@/{quote(database, safe='')}"
            f"?host={quote(str(self.socket_dir), safe='')}&port={PORT}"
        )

    @property
    def pid(self) -> int | None:
        """The server's process while it runs."""
        return postmaster(self.data)

    def to_leave(self) -> list[str]:
        """The command that leaves this server for a process that ended without doing so."""
        places = (self.bin, self.data, self.socket_dir, self.log, self.home)
        return [sys.executable, "-m", "db.embedded", *map(str, places)]

    def describe(self) -> str:
        """One line for a person; nothing in it is secret."""
        state = f"running as process {self.pid}" if self.pid else "not running"
        return (
            f"PostgreSQL in {self.data}, {state}, socket in {self.socket_dir}, logs in {self.log}"
        )


def start(
    settings: Settings,
    *,
    say: Say = _log,
    detached: bool = False,
) -> Server:
    """The home's server, started (and first made) if need be, ready for queries.

    However many processes start at once, one server comes of it. This process holds the server
    until it leaves or ends, and the last holder's end stops it, unless someone started it
    `detached`, to stay until `stop`. Recovery after a crash is waited for, however long it takes;
    `say` is told about anything that takes time.
    """
    try:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(settings.home, say):
            places, server, account = _prepare(settings, say)
            if not detached:
                hold(server.home, server.to_leave())
            try:
                _await_other(server.data, say)
                if postmaster(server.data) is None:
                    _launch(server, places, account, say)
                ensure_roles(places, server.socket_dir)
            except BaseException:  # Ctrl-C too: leave no half-started server without a holder
                let_go(server.home)
                _stop_if_unused(server)
                raise
            if detached:
                (server.home / "detached").touch()
            return server
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = explain("No space left on device", where=settings.home)
        else:
            reason = (
                f"{error.filename or settings.home} can not be used ({error.strerror}): "
                "set CHALKLINE_HOME to a folder that this user may write."
            )
        raise EmbeddedError(reason) from None


def running(settings: Settings) -> Server | None:
    """The home's server if it is up and ready; starts and makes nothing."""
    places = recorded_places(settings)
    if postmaster(places.data) is None or not is_ready(places.data):
        return None
    account = system_account(places)
    return Server(
        bin=find_programs(settings, places, account),
        data=places.data,
        socket_dir=socket_in_use(places.data) or places.base / "run",
        log=places.log,
        home=settings.home,
    )


def leave(server: Server) -> None:
    """Gives up this process's hold; the last one to do so stops the server."""
    with locked(server.home):
        let_go(server.home)
        _stop_if_unused(server)


def stop(server: Server) -> None:
    """Stops the server now, whoever uses it: open transactions are rolled back."""
    with locked(server.home):
        let_go(server.home)
        (server.home / "detached").unlink(missing_ok=True)
        _end(server)


def _prepare(settings: Settings, say: Say) -> tuple[Places, Server, Account]:
    account = system_account(recorded_places(settings))
    places = settle(settings, account, say)
    programs = find_programs(settings, places, account)
    if not places.data.exists():
        say(f"Making a new database in {places.data}.")
    ensure_cluster(places, programs, account)
    server = Server(
        bin=programs,
        data=places.data,
        socket_dir=socket_in_use(places.data) or socket_folder(places, account),
        log=places.log,
        home=settings.home,
    )
    return places, server, account


def _launch(server: Server, places: Places, account: Account, say: Say) -> None:
    clear_the_way(places.data, server.socket_dir, say)
    write_conf(places, server.socket_dir, account)
    before = {path: path.stat().st_size for path in places.log.iterdir()}
    launcher = account.spawn(
        *(server.bin / "pg_ctl", "start", "--silent", "--wait", "--timeout", A_YEAR),
        *("--pgdata", server.data, "--log", places.log / "start.log"),
        new_session=True,  # Ctrl-C is for us to handle
    )
    with launcher:
        since = time.monotonic()
        while True:
            try:
                _, complaint = launcher.communicate(timeout=MESSAGE_EVERY)
                break
            except subprocess.TimeoutExpired:
                _say_waiting(say, since)
            except BaseException:
                launcher.send_signal(signal.SIGINT)  # which pg_ctl passes on to the new server
                raise
    if launcher.returncode:
        said = [complaint]
        for path in sorted(places.log.iterdir()):
            with path.open(errors="replace") as log:
                log.seek(before.get(path, 0))
                said.append(log.read())
        raise EmbeddedError(explain("\n".join(said), where=server.data))


def _await_other(data: Path, say: Say) -> None:
    """Waits for a server that somebody else left starting or stopping to be ready or gone."""
    since = last = time.monotonic()
    while postmaster(data) is not None and not is_ready(data):
        if time.monotonic() - last > MESSAGE_EVERY:
            last = time.monotonic()
            _say_waiting(say, since)
        time.sleep(0.1)


def _say_waiting(say: Say, since: float) -> None:
    say(
        "PostgreSQL is recovering what was unfinished when it was last cut off; nothing that was "
        f"saved is lost ({time.monotonic() - since:.0f} s so far)."
    )


def _stop_if_unused(server: Server) -> None:
    if (server.home / "detached").exists():
        return
    with nobody_left(server.home) as unused:
        if unused:
            _end(server)


def _end(server: Server) -> None:
    if server.pid is None:
        return
    account = system_account(Places(server.home, server.data.parent))
    # One that crashed and is recovering, or has no room to write its last checkpoint, hangs when it
    # is asked politely (18.6 does). Immediately is as safe: what was committed is in its log, and
    # the next start reads it.
    able = is_ready(server.data) and shutil.disk_usage(server.data).free > ROOM_TO_STOP
    for mode in ("fast", "immediate") if able else ("immediate",):
        stopped = account.run(
            *(server.bin / "pg_ctl", "stop", "--silent", "--mode", mode, "--wait"),
            *("--timeout", STOP_MAY_TAKE, "--pgdata", server.data),
        )
        if not stopped.returncode or server.pid is None:
            return
    raise EmbeddedError(
        f"PostgreSQL in {server.data} has not stopped after {STOP_MAY_TAKE} s: "
        "look for the reason in its logs, and end its process by hand."
    )


if __name__ == "__main__":  # see Server.to_leave
    leave(Server(*map(Path, sys.argv[1:])))
