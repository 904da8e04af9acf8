"""Lives one school's year: everything of it, made and not yet written."""

from dataclasses import dataclass

from db.demo.days import SchoolDays, school_days
from db.demo.people import Background, background, plain_people
from db.demo.progress import Progress, progress
from db.demo.roster import Roster
from db.demo.skills import Taught
from db.demo.work import Attempts, Responses, work_done
from db.people import PlainPerson


@dataclass(frozen=True)
class School:
    """Everything of one school, made and not yet written."""

    number: int
    known: Background
    plain: list[PlainPerson]
    days: SchoolDays
    progress: Progress
    work: list[tuple[Attempts, Responses]]


def live(people: Roster, taught: list[Taught], space: str, number: int) -> School:
    """Lives the school's year."""
    known = background(people, number)
    days = school_days(people, taught, number)
    return School(
        number=number,
        known=known,
        plain=plain_people(people, space, number, known),
        days=days,
        progress=progress(people, taught, days, number),
        work=[work_done(people, course, days, number) for course in taught],
    )
