"""Remembers, outside the database, what was released, so that a restored backup can not forget.

An older database would believe that budget is unspent and answers are unmade; asked again, it
would put other noise on the same figure, and two answers say more than one. So every release is
also a line of a file beside the keys, and no answer is given before its line is on the disk. Each
line is signed together with the line before it; a changed file stops releases until it is put back.

The file can be cut off at its end or thrown away by whoever may write it: keep it with the keys,
and back it up with them, not with the database.
"""

import fcntl
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

from db.settings import sync_folder
from privacy.releases.accounting import FREE, Cost


class BookError(RuntimeError):
    """The book can not be read or written; nothing is answered until it can."""


@dataclass(frozen=True)
class Line:
    """One release: of which database, what it was, what it cost (see `Cost`), and a hash of its
    answer.
    """

    database: str
    district: int
    school_year: int
    metric: str
    grain: str
    version: date
    rho: Decimal
    changed: Decimal
    answer: str

    @property
    def about(self) -> tuple[str, int, str, str, date]:
        """What may be released once only."""
        return (self.database, self.district, self.metric, self.grain, self.version)


class Book:
    """The file; any number of processes of one machine may share it."""

    def __init__(self, path: Path, secret: bytes) -> None:
        self._path = path
        self._key = sha256(b"chalkline release book" + secret).digest()
        self._seen: tuple[tuple[int, int, int], tuple[Line, ...], str] | None = None

    def lines(self) -> tuple[Line, ...]:
        """All releases in it, oldest first; read again only when the file has changed."""
        return self._read()[0]

    def find(self, about: tuple[str, int, str, str, date]) -> Line | None:
        """The line about this release, if it was ever made."""
        return next((line for line in self.lines() if line.about == about), None)

    def spent(self, database: str, district: int, school_year: int) -> Cost:
        """What this database's releases about a school year have cost, by the book."""
        of = (database, district, school_year)
        return sum(
            (
                Cost(line.rho, line.changed)
                for line in self.lines()
                if (line.database, line.district, line.school_year) == of
            ),
            FREE,
        )

    def add(self, lines: Iterable[Line]) -> None:
        """Writes what is not in the book yet; returns when it is on the disk."""
        wanted = list(lines)
        known = {line.about for line in self.lines()}
        if all(line.about in known for line in wanted):
            return
        try:
            with self._locked():
                there, last = self._read()
                known = {line.about for line in there}
                with self._path.open("ab") as file:
                    os.fchmod(file.fileno(), 0o600)
                    for line in wanted:
                        if line.about not in known:
                            written, last = self._signed(line, last)
                            file.write(written)
                    file.flush()
                    os.fsync(file.fileno())
                sync_folder(self._path.parent)
        except OSError as problem:
            raise BookError(
                f"The list of releases {self._path} can not be written ({problem.strerror}), and "
                "no figure is shown before it stands there. Make room, or mend its folder."
            ) from None

    def _read(self) -> tuple[tuple[Line, ...], str]:
        try:
            found = self._path.stat()
            mark = (found.st_ino, found.st_size, found.st_mtime_ns)
            if self._seen is not None and self._seen[0] == mark:
                return self._seen[1:]
            text = self._path.read_bytes()
        except FileNotFoundError:
            return (), ""
        except OSError as problem:
            raise BookError(
                f"The list of releases {self._path} can not be read ({problem.strerror}). "
                "Mend its folder."
            ) from None
        lines, last = [], ""
        for number, written in enumerate(text.splitlines(keepends=True), start=1):
            line = self._opened(written, last)
            if line is None and not written.endswith(b"\n"):
                break  # the machine stopped while writing; nobody was answered
            if line is None:
                raise BookError(
                    f"Line {number} of the list of releases {self._path} was changed. Put the "
                    "file back from the backup of the keys; until then nothing is released."
                )
            lines.append(line[0])
            last = line[1]
        self._seen = (mark, tuple(lines), last)
        return self._seen[1:]

    def _signed(self, line: Line, last: str) -> tuple[bytes, str]:
        said = json.dumps(asdict(line), default=str, sort_keys=True)
        mac = hmac.new(self._key, f"{last}|{said}".encode(), sha256).hexdigest()
        return f"{mac} {said}\n".encode(), mac

    def _opened(self, written: bytes, last: str) -> tuple[Line, str] | None:
        mac, _, said = written.decode("utf-8", "replace").rstrip("\n").partition(" ")
        right = hmac.new(self._key, f"{last}|{said}".encode(), sha256).hexdigest()
        if not written.endswith(b"\n") or not hmac.compare_digest(mac, right):
            return None
        return _line(json.loads(said)), mac

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = self._path.with_name(self._path.name + ".lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            self._cut_half_a_line()
            yield
        finally:
            os.close(handle)

    def _cut_half_a_line(self) -> None:
        """Takes away what a crash left of an unfinished line, so that the next stands whole."""
        if not self._path.exists():
            return
        text = self._path.read_bytes()
        whole = text.rfind(b"\n") + 1
        if whole != len(text):
            os.truncate(self._path, whole)


def _line(said: dict[str, Any]) -> Line:
    return Line(
        database=said["database"],
        district=said["district"],
        school_year=said["school_year"],
        metric=said["metric"],
        grain=said["grain"],
        version=date.fromisoformat(said["version"]),
        rho=Decimal(said["rho"]),
        changed=Decimal(said["changed"]),
        answer=said["answer"],
    )
