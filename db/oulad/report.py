"""What a load of OULAD reports: per file what became of its rows, and who now teaches."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from db.in_words import InWordsError

KEPT = 1000  # rejected rows whose place is kept; beyond that they are only counted


class LoadError(InWordsError, RuntimeError):
    """The data can not be loaded as they are; the message says where and what to do."""


@dataclass(frozen=True)
class Rejected:
    """Where a row was refused and why; never its content."""

    file: str
    line: int
    column: str | None
    reason: str

    def __str__(self) -> str:
        column = f", column {self.column}" if self.column else ""
        return f"{self.file}, line {self.line}{column}: {self.reason}"


@dataclass
class Rejections:
    """Collects refused rows while files are read."""

    kept: list[Rejected] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, file: str, line: int, column: str | None, reason: str) -> None:
        self.counts[file, reason] += 1
        if len(self.kept) < KEPT:
            self.kept.append(Rejected(file, line, column, reason))

    def of(self, file: str) -> int:
        """Rows refused in one file."""
        return sum(self.reasons(file).values())

    def reasons(self, file: str) -> dict[str, int]:
        """{reason: rows} of one file."""
        return {reason: rows for (of, reason), rows in self.counts.items() if of == file}


@dataclass
class Tally:
    """Rows read in each file, and how many of them belong to courses that were not asked for."""

    read: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    merged: Counter[str] = field(default_factory=Counter)
    rejections: Rejections = field(default_factory=Rejections)


@dataclass(frozen=True)
class FileReport:
    """What became of the rows of one file.

    `left_out` rows belong to courses that were not asked for. `merged` rows were added up into
    another row (clicks of one learner on one site on one day). `written` counts rows that this
    load changed in the database (an enrolment counts for studentInfo and studentRegistration):
    0 everywhere when everything was there already.
    """

    file: str
    read: int
    written: int
    rejected: int
    left_out: int = 0
    merged: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class StaffMember:
    """A member of staff whom the loader put on the roster, and the account name she could have."""

    staff_id: UUID
    display_name: str
    role: str
    sign_in_name: str


@dataclass(frozen=True)
class LoadReport:
    """The outcome of a load. `unchanged`: the same was loaded before, nothing was done."""

    district_id: int
    clock_on: date
    unchanged: bool
    files: tuple[FileReport, ...]
    notes: tuple[str, ...]
    staff: tuple[StaffMember, ...]
    seconds: float
