"""The courses of the demo: nine of them, with units, sections and the competencies they teach.

The catalogue is shared by every demo district, so its identifiers are fixed. Titles are ours; the
codes are those of the standards, and the mathematics prerequisites are from Achieve's Coherence
Map (CC0), sub-standards folded into their standard.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from uuid import UUID, uuid5

from db.demo.terms import BREAKS, WEEKS

FOLDER = Path(__file__).parent / "data"
SPACE = UUID("6c0cbb2a-34a1-5c36-9d4b-0d5a8f3a1f64")
GRADES = (6, 7, 8)
SUBJECTS = ("Mathematics", "English", "Science")
_FORMS = ("interactive", "text", "video", "simulation")


@dataclass(frozen=True)
class Competency:
    """A standard with our short title."""

    framework: str
    code: str
    bloom: str
    title: str
    subject: str
    domain: str
    grade: int


@dataclass(frozen=True)
class Section:
    """A week or two of teaching: one competency, or the review of a unit."""

    unit: int
    position: int
    title: str
    codes: tuple[str, ...]
    opens_week: int
    review: bool
    form: str
    minutes: int


@dataclass(frozen=True)
class Unit:
    """A module of a course."""

    title: str
    bloom: str
    codes: tuple[str, ...]


@dataclass(frozen=True)
class Course:
    """A year's course of one subject and grade; `codes` are its competencies as taught."""

    code: str
    subject: int
    grade: int
    units: tuple[Unit, ...]
    sections: tuple[Section, ...]

    @property
    def title(self) -> str:
        return f"{SUBJECTS[self.subject]} {self.grade}"

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(code for unit in self.units for code in unit.codes)


def fixed_id(kind: str, *name: object) -> UUID:
    """The identifier of a part of the shared catalogue."""
    return uuid5(SPACE, "/".join([kind, *map(str, name)]))


@cache
def courses() -> tuple[Course, ...]:
    """The nine courses: by subject, then grade."""
    units: dict[str, list[Unit]] = {}
    for row in read("units"):
        codes = tuple(row["codes"].split())
        units.setdefault(row["course"], []).append(Unit(row["unit"], row["bloom"], codes))
    found = []
    for subject, short in enumerate(("MATH", "ELA", "SCI")):
        for grade in GRADES:
            code = f"DEMO-{short}-{grade}"
            parts = tuple(units[code])
            found.append(Course(code, subject, grade, parts, _sections(subject, parts)))
    return tuple(found)


@cache
def competencies() -> dict[str, Competency]:
    """Every competency by its code."""
    taught = {code: course for course in courses() for code in course.codes}
    found = {}
    for row in read("competencies"):
        code = row["code"]
        parts = code.split(".")
        course = taught.get(code)
        found[code] = Competency(
            framework=row["framework"],
            code=code,
            bloom=row["bloom"],
            title=row["title"],
            subject=SUBJECTS[course.subject if course else 0],
            domain=domain(code),
            grade=course.grade if course else int(parts[0]),
        )
    return found


@cache
def prerequisites() -> dict[str, tuple[str, ...]]:
    """For each code the codes that come before it."""
    found: dict[str, tuple[str, ...]] = {}
    for row in read("edges"):
        found[row["code"]] = (*found.get(row["code"], ()), row["prerequisite"])
    return found


def domain(code: str) -> str:
    """The domain of a standard.

    >>> [domain(code) for code in ("6.RP.A.1", "RL.6.1", "MS-ESS2-4")]
    ['RP', 'RL', 'ESS']
    """
    if code.startswith("MS-"):
        return code[3:].rstrip("0123456789-")
    parts = code.split(".")
    return parts[1] if parts[0].isdigit() else parts[0]


def read(name: str) -> list[dict[str, str]]:
    """The rows of one of our own small tables."""
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _sections(subject: int, units: tuple[Unit, ...]) -> tuple[Section, ...]:
    titles = {row["code"]: row["title"] for row in read("competencies")}
    weeks = [week for week in range(WEEKS) if week not in BREAKS]
    total = sum(len(unit.codes) + 1 for unit in units)
    found: list[Section] = []
    for number, unit in enumerate(units):
        lessons = [(titles[code], (code,), False) for code in unit.codes]
        review = (f"Review: {unit.title.lower()}", unit.codes, True)
        for position, (title, codes, last) in enumerate([*lessons, review], start=1):
            found.append(
                Section(
                    unit=number,
                    position=position,
                    title=title,
                    codes=codes,
                    opens_week=weeks[len(found) * len(weeks) // total],
                    review=last,
                    form="interactive" if last else _FORMS[len(found) % len(_FORMS)],
                    minutes=(30 if subject == 0 else 40) - 5 * (len(found) % 2),
                )
            )
    return tuple(found)
