"""Tells whether a data folder's server runs, and clears away what a killed one left."""

import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # it ships no types

from db.places import Say

PORT = 5432  # no port is opened: it is the last part of the socket's name
ORPHANS_MAY_TAKE = 2.0  # seconds for a dead server's processes to notice and end by themselves


def _lines(path: Path) -> list[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return path.read_text().splitlines()
    return []


def postmaster(data: Path) -> int | None:
    """The process of this data folder's server, if it is truly that."""
    lines = _lines(data / "postmaster.pid")
    pid = int(lines[0]) if lines and lines[0].isdigit() else 0
    return pid if pid > 0 and is_server(pid, data) else None


def is_server(pid: int, data: Path) -> bool:
    """Whether `pid` is a living PostgreSQL process of this very data folder.

    A number in a file may be anybody's by now. PostgreSQL works in its data folder and nobody else
    does, so its name and its working folder together tell.
    """
    try:
        process = psutil.Process(pid)
        return (
            process.name() == "postgres"
            and process.status() != psutil.STATUS_ZOMBIE
            and Path(process.cwd()).samefile(data)
        )
    except (psutil.Error, OSError):
        return False


def is_ready(data: Path) -> bool:
    """Whether the data folder's server says that it takes connections."""
    lines = _lines(data / "postmaster.pid")  # its eighth line is the server's state
    return len(lines) > 7 and lines[7].strip() == "ready"


def socket_in_use(data: Path) -> Path | None:
    """The folder of the socket that the server made, if there is one."""
    lines = _lines(data / "postmaster.pid")  # its fifth line says
    return Path(lines[4]) if postmaster(data) and len(lines) > 4 and lines[4] else None


def clear_the_way(data: Path, socket_dir: Path, say: Say) -> None:
    """Deals with what a killed server left: processes that outlive it, a number now another's."""
    if not _lines(data / "postmaster.pid"):
        return
    since = time.monotonic()
    told = False
    while orphans := [p for p in psutil.process_iter() if is_server(p.pid, data)]:
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
    for left in (data / "postmaster.pid", socket_dir / f".s.PGSQL.{PORT}.lock"):
        match _lines(left):
            case [number, folder, *_] if number.isdigit():
                if psutil.pid_exists(int(number)) and not is_server(int(number), Path(folder)):
                    left.unlink()
