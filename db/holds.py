"""Counts who uses a home's server, by locks that the system gives back when a process ends."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from db.places import Say

# What this process holds, by home: the users file, locked shared, and the pipe to our guard.
# Plain descriptors, since a hold must last as long as the process, not as some object.
_held: dict[Path, tuple[int, int]] = {}

# Waits until our end of its pipe says a line (we left) or closes (we are gone), then leaves for us.
# The shell gives its background jobs no standard input, hence the third descriptor.
_GUARD = 'exec 3<&0 </dev/null; { read -r _ <&3 || exec "$@" 3<&-; } &'


@contextmanager
def locked(home: Path, say: Say | None = None) -> Iterator[None]:
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


def hold(home: Path, to_leave: list[str]) -> None:
    """Keeps the home's server up until we let go or end; then the guard runs `to_leave`."""
    if home in _held:
        return
    # First the lock, then the pipe: a killed process's files are closed in this order, so that the
    # guard finds the lock gone.
    users = os.open(home / "users", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(users, fcntl.LOCK_SH)
    theirs, ours = os.pipe()
    try:
        subprocess.run(
            ["/bin/sh", "-c", _GUARD, "sh", *to_leave],
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


def let_go(home: Path) -> None:
    """Ends this process's hold, if it has one, and dismisses the guard."""
    if home in _held:
        users, pipe = _held.pop(home)
        with suppress(OSError):  # somebody ended our guard
            os.write(pipe, b"\n")
        os.close(pipe)
        os.close(users)


@contextmanager
def nobody_left(home: Path) -> Iterator[bool]:
    """Whether no process holds the home's server, so that it may be stopped."""
    users = os.open(home / "users", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        unused = True
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            unused = False
        yield unused
    finally:
        os.close(users)
