"""Starts, finds and stops the PostgreSQL server that Chalkline brings along.

One server a home (CHALKLINE_HOME), shared by every process that calls `start` for it. Each holds
it until it leaves, by `leave` or by ending in whatever way, and the last one out stops it.
"""

import errno
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil  # type: ignore[import-untyped]  # it ships no types

from db.cluster import (
    DATABASE,
    PORT,
    USERS,
    Role,
    ensure_cluster,
    ensure_roles,
    explain,
    passwords,
    write_conf,
)
from db.places import (
    Account,
    EmbeddedError,
    Places,
    Say,
    find_programs,
    recorded_places,
    settle,
    socket_folder,
    system_account,
)
from db.settings import Settings

__all__ = ["EmbeddedError", "Server", "leave", "running", "start", "stop"]

MESSAGE_EVERY = 5.0  # seconds
ORPHANS_MAY_TAKE = 2.0  # seconds for a dead server's processes to notice and end by themselves
A_YEAR = str(365 * 24 * 3600)  # pg_ctl wants a limit; recovery takes what it takes
STOP_MAY_TAKE = "600"  # seconds

# What this process holds, by home: the users file, locked shared, and the pipe to our guard.
# Plain descriptors, since a hold must last as long as the process, not as some object.
_held: dict[Path, tuple[int, int]] = {}

# Waits until our end of its pipe says a line (we left) or closes (we are gone), then leaves for us.
# The shell gives its background jobs no standard input, hence the third descriptor.
_GUARD = 'exec 3<&0 </dev/null; { read -r _ <&3 || exec "$@" 3<&-; } &'


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
        return _postmaster(self.data)

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
        with _locked(settings.home, say):
            places, server, account = _prepare(settings, say)
            pid = _postmaster(places.data)
            if pid is None:
                _launch(server, places, account, say)
            else:
                _await_other(pid, places, say)
            ensure_roles(places, server.socket_dir)
            if detached:
                (settings.home / "detached").touch()
            else:
                _hold(settings.home)
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
    if _postmaster(places.data) is None or not _is_ready(places.data):
        return None
    account = system_account(places)
    return Server(
        bin=find_programs(settings, places, account),
        data=places.data,
        socket_dir=_socket_in_use(places),
        log=places.log,
        home=settings.home,
    )


def leave(server: Server) -> None:
    """Gives up this process's hold; the last one to do so stops the server."""
    with _locked(server.home):
        _let_go(server.home)
        _stop_if_unused(server.home, server.bin, server.data)


def stop(server: Server) -> None:
    """Stops the server now, whoever uses it: open transactions are rolled back."""
    with _locked(server.home):
        _let_go(server.home)
        (server.home / "detached").unlink(missing_ok=True)
        _end(server.bin, server.data)


def _prepare(settings: Settings, say: Say) -> tuple[Places, Server, Account]:
    account = system_account(recorded_places(settings))
    places = settle(settings, account, say)
    programs = find_programs(settings, places, account)
    if not places.data.exists():
        say(f"Making a new database in {places.data}.")
    ensure_cluster(places, programs, account)
    up = _postmaster(places.data) is not None
    server = Server(
        bin=programs,
        data=places.data,
        socket_dir=_socket_in_use(places) if up else socket_folder(places, account),
        log=places.log,
        home=settings.home,
    )
    return places, server, account


def _launch(server: Server, places: Places, account: Account, say: Say) -> None:
    _clear_the_way(server, say)
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


def _await_other(pid: int, places: Places, say: Say) -> None:
    """Waits for a server that another process started and did not live to see ready."""
    since = last = time.monotonic()
    while not _is_ready(places.data):
        if not _is_server(pid, places.data):
            raise EmbeddedError(
                f"PostgreSQL gave up while starting with {places.data}: start again, "
                f"and if that fails too look into {places.log}."
            )
        if time.monotonic() - last > MESSAGE_EVERY:
            last = time.monotonic()
            _say_waiting(say, since)
        time.sleep(0.1)


def _say_waiting(say: Say, since: float) -> None:
    say(
        "PostgreSQL is recovering what was unfinished when it was last cut off; nothing that was "
        f"saved is lost ({time.monotonic() - since:.0f} s so far)."
    )


def _lines(path: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.read_text().splitlines()
    return []


def _postmaster(data: Path) -> int | None:
    """The process of this data folder's server, if it is truly that."""
    lines = _lines(data / "postmaster.pid")
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    return pid if pid > 0 and _is_server(pid, data) else None


def _is_server(pid: int, data: Path) -> bool:
    # A number in a file may be anybody's by now. PostgreSQL lives in its data folder, nobody else
    # does, so its name and its working folder together tell.
    try:
        process = psutil.Process(pid)
        return (
            process.name() == "postgres"
            and process.status() != psutil.STATUS_ZOMBIE
            and Path(process.cwd()).samefile(data)
        )
    except (psutil.Error, OSError):
        return False


def _is_ready(data: Path) -> bool:
    lines = _lines(data / "postmaster.pid")  # its eighth line is the server's state
    return len(lines) > 7 and lines[7].strip() == "ready"


def _socket_in_use(places: Places) -> Path:
    lines = _lines(
        places.data / "postmaster.pid"
    )  # its fifth line is where the server made its socket
    return Path(lines[4]) if len(lines) > 4 and lines[4] else places.base / "run"


def _clear_the_way(server: Server, say: Say) -> None:
    """Deals with what a killed server left: processes that outlive it, a number now another's."""
    if not _lines(server.data / "postmaster.pid"):
        return
    since = time.monotonic()
    told = False
    while orphans := [p for p in psutil.process_iter() if _is_server(p.pid, server.data)]:
        if time.monotonic() - since > ORPHANS_MAY_TAKE:
            if not told:
                say("Ending what the last server, which was cut off, had left running.")
                told = True
            for orphan in orphans:
                with suppress(psutil.Error):
                    orphan.send_signal(signal.SIGQUIT)  # as the server itself does after a crash
        time.sleep(0.05)
    # PostgreSQL drops these files itself when the number in them is nobody's, but not when it is a
    # stranger's by now, or a dead server's that init has not yet buried.
    for left in (
        server.data / "postmaster.pid",
        server.socket_dir / f".s.PGSQL.{PORT}.lock",
    ):
        match _lines(left):
            case [number, folder, *_] if number.isdigit():
                if psutil.pid_exists(int(number)) and not _is_server(int(number), Path(folder)):
                    left.unlink()


@contextmanager
def _locked(home: Path, say: Say | None = None) -> Iterator[None]:
    """One start or stop at a time, in this process too; ends with the process that has it."""
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if say:
                say("Another process is starting or stopping this database: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _hold(home: Path) -> None:
    if home in _held:
        return
    # First the lock, then the pipe: a killed process's files are closed in this order, so that the
    # guard finds the lock gone.
    users = os.open(home / "users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users, fcntl.LOCK_SH)
    theirs, ours = os.pipe()
    try:
        subprocess.run(
            ["/bin/sh", "-c", _GUARD, "sh", sys.executable, "-m", "db.embedded", str(home)],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[1],
            start_new_session=True,  # it must outlive us
            check=True,
        )
    finally:
        os.close(theirs)
    _held[home] = users, ours


def _let_go(home: Path) -> None:
    if home in _held:
        users, pipe = _held.pop(home)
        with suppress(OSError):  # somebody ended our guard
            os.write(pipe, b"\n")
        os.close(pipe)
        os.close(users)


def _stop_if_unused(home: Path, programs: Path, data: Path) -> None:
    if (home / "detached").exists():
        return
    users = os.open(home / "users", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _end(programs, data)
    except BlockingIOError:
        return
    finally:
        os.close(users)


def _end(programs: Path, data: Path) -> None:
    if _postmaster(data) is None:
        return
    stopped = system_account(Places(data.parent, data.parent)).run(
        *(programs / "pg_ctl", "stop", "--silent", "--mode", "fast", "--wait"),
        *("--timeout", STOP_MAY_TAKE, "--pgdata", data),
    )
    if stopped.returncode and _postmaster(data) is not None:
        raise EmbeddedError(
            f"PostgreSQL in {data} has not stopped after {STOP_MAY_TAKE} s: "
            "it is finishing its work and will end by itself."
        )


def _leave_for_the_dead(home: Path) -> None:
    """What the guard does for a process that ended without leaving."""
    settings = Settings.load({**os.environ, "CHALKLINE_HOME": str(home)})
    with _locked(home):
        if server := running(settings):
            _stop_if_unused(home, server.bin, server.data)


if __name__ == "__main__":
    _leave_for_the_dead(Path(sys.argv[1]))
