"""Reads the small files and checks every row against the others."""

import re
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

from db.oulad.files import Dataset
from db.oulad.reading import BadValueError, Fields, choice, decimal, rows, unknown, whole
from db.oulad.report import Tally
from db.oulad.source import Assessment, Enrollment, Person, Presentation, Result, Site
from db.oulad.words import AGE_GROUPS, ASSESSMENTS, RESULTS

PRESENTATION_CODE = re.compile(r"[12][0-9]{3}[A-L]")  # a year and the letter of a month: B, J
FURTHEST = 1500  # days from a presentation's start, either way, that are believed
LARGEST = 2_147_483_647  # an identifier
PROTECTED = {
    "gender": "gender",
    "region": "region",
    "income_band": "imd_band",
    "prior_education": "highest_education",
    "age_band": "age_band",
    "disability": "disability",
}
Found = TypeVar("Found")
Presentations = dict[str, Presentation]
Registrations = dict[tuple[str, int], tuple[int | None, int | None]]


@dataclass(frozen=True)
class Information:
    """One row of studentInfo.csv."""

    presentation: str
    student: int
    prior_attempts: int
    studied_credits: int
    result: str | None
    person: Person


def presentations(dataset: Dataset, tally: Tally) -> Presentations:
    found: Presentations = {}

    def parse(fields: Fields) -> Presentation:
        course, code = fields["code_module"], fields["code_presentation"]
        if not 0 < len(course) <= 20:
            raise BadValueError("code_module", "must be a course code such as AAA")
        if not PRESENTATION_CODE.fullmatch(code):
            raise BadValueError(
                "code_presentation", "must be a year and a month's letter, as in 2013J"
            )
        length = whole(fields, "module_presentation_length", least=1, most=FURTHEST)
        start = date(int(code[:4]), ord(code[4]) - ord("A") + 1, 1)
        one = Presentation(course, code, start, start + timedelta(days=length))
        _once(found, one.key)
        return one

    for one in _parsed(dataset, "courses.csv", tally, parse):
        found[one.key] = one
    return dict(sorted(found.items()))


def assessments(dataset: Dataset, tally: Tally, known: Presentations) -> dict[int, Assessment]:
    """By number; titles are given when all are known."""
    found: dict[int, Assessment] = {}

    def parse(fields: Fields) -> Assessment:
        presentation = _presentation(fields, known)
        number = whole(fields, "id_assessment", least=0, most=LARGEST)
        _once(found, number)
        return Assessment(
            number,
            presentation.key,
            choice(fields, "assessment_type", ASSESSMENTS),
            title="",
            weight=decimal(fields, "weight", least=0, most=100),
            due_on=None
            if unknown(fields, "date")
            else presentation.day(whole(fields, "date", least=-FURTHEST, most=FURTHEST)),
        )

    for one in _parsed(dataset, "assessments.csv", tally, parse):
        found[one.number] = one
    return found


def sites(dataset: Dataset, tally: Tally, known: Presentations) -> dict[tuple[str, int], Site]:
    found: dict[tuple[str, int], Site] = {}

    def parse(fields: Fields) -> Site:
        key = _presentation(fields, known).key
        number = whole(fields, "id_site", least=0, most=LARGEST)
        _once(found, (key, number))
        week = (
            None if unknown(fields, "week_from") else whole(fields, "week_from", least=0, most=99)
        )
        if not 0 < len(fields["activity_type"]) <= 40:
            raise BadValueError("activity_type", "must name a kind of site such as forumng")
        return Site(number, key, fields["activity_type"], week)

    for one in _parsed(dataset, "vle.csv", tally, parse):
        found[one.presentation, one.number] = one
    return found


def information(
    dataset: Dataset, tally: Tally, known: Presentations
) -> dict[tuple[str, int], Information]:
    found: dict[tuple[str, int], Information] = {}

    def parse(fields: Fields) -> Information:
        key = _presentation(fields, known).key
        student = whole(fields, "id_student", least=0, most=LARGEST)
        _once(found, (key, student))
        band = None if unknown(fields, "age_band") else choice(fields, "age_band", AGE_GROUPS)
        if not unknown(fields, "disability"):
            choice(fields, "disability", "YN")
        told = {name: column for name, column in PROTECTED.items() if not unknown(fields, column)}
        return Information(
            key,
            student,
            whole(fields, "num_of_prev_attempts", least=0, most=100),
            whole(fields, "studied_credits", least=0, most=10_000),
            None
            if unknown(fields, "final_result")
            else RESULTS[choice(fields, "final_result", RESULTS)],
            Person(
                student,
                AGE_GROUPS[band] if band else "unknown",
                {name: fields[column][:80] for name, column in told.items()},
            ),
        )

    for one in _parsed(dataset, "studentInfo.csv", tally, parse):
        found[one.presentation, one.student] = one
    return found


def registrations(
    dataset: Dataset, tally: Tally, known: dict[tuple[str, int], Information], of: Presentations
) -> Registrations:
    """(presentation, student) -> the days of registration and unregistration, where known."""
    found: Registrations = {}

    def parse(fields: Fields) -> tuple[tuple[str, int], tuple[int | None, int | None]]:
        key = (
            _presentation(fields, of).key,
            whole(fields, "id_student", least=0, most=LARGEST),
        )
        if key not in known:
            raise BadValueError("id_student", "has no row for this presentation in studentInfo.csv")
        _once(found, key)
        return key, (_day(fields, "date_registration"), _day(fields, "date_unregistration"))

    for key, days in _parsed(dataset, "studentRegistration.csv", tally, parse):
        found[key] = days
    return found


def results(
    dataset: Dataset,
    tally: Tally,
    known: dict[int, Assessment],
    enrolled: dict[tuple[str, int], Information],
    of: Presentations,
) -> list[Result]:
    found: dict[tuple[int, int], Result] = {}

    def parse(fields: Fields) -> Result:
        number = whole(fields, "id_assessment", least=0, most=LARGEST)
        if number not in known:
            raise BadValueError("id_assessment", "is not in assessments.csv")
        student = whole(fields, "id_student", least=0, most=LARGEST)
        presentation = of[known[number].presentation]
        if (presentation.key, student) not in enrolled:
            raise BadValueError("id_student", "has no row for this presentation in studentInfo.csv")
        _once(found, (number, student))
        day = whole(fields, "date_submitted", least=-FURTHEST, most=FURTHEST)
        return Result(
            number,
            student,
            presentation.day(day),
            choice(fields, "is_banked", "01") == "1",
            None if unknown(fields, "score") else decimal(fields, "score", least=0, most=100),
        )

    for one in _parsed(dataset, "studentAssessment.csv", tally, parse):
        found[one.assessment, one.student] = one
    return list(found.values())


def enrollment(one: Information, of: Presentation, registrations: Registrations) -> Enrollment:
    """The enrolment as it stands at the end; whoever reads it earlier goes by its days.

    Where the day of registration is unknown it is the first day, or the day of leaving if earlier.
    """
    registered, unregistered = registrations.get((one.presentation, one.student), (None, None))
    left_on = None if unregistered is None else of.day(unregistered)
    match one.result:
        case _ if left_on is not None:
            status = "withdrawn"
        case "withdrawn":
            status = "withdrawn"
        case "pass" | "distinction":
            status = "completed"
        case "fail":
            status = "failed"
        case _:
            status = "enrolled"
    start = min(of.starts_on, left_on or of.starts_on)
    return Enrollment(
        one.presentation,
        one.student,
        enrolled_on=start if registered is None else of.day(registered),
        left_on=left_on,
        status=status,
        prior_attempts=one.prior_attempts,
        studied_credits=one.studied_credits,
        result=one.result,
    )


def _parsed(
    dataset: Dataset, name: str, tally: Tally, parse: Callable[[Fields], Found]
) -> Iterator[Found]:
    """The good rows of a file; rows that `parse` finds bad are rejected."""
    good = 0
    for line, fields in rows(dataset, name, tally.rejections):
        try:
            found = parse(fields)
        except BadValueError as bad:
            tally.rejections.add(name, line, bad.column, bad.reason)
            continue
        good += 1
        yield found
    tally.read[name] = good + tally.rejections.of(name)


def _presentation(fields: Fields, known: Presentations) -> Presentation:
    key = f"{fields['code_module']}/{fields['code_presentation']}"
    if key not in known:
        raise BadValueError(
            "code_presentation", "is of a presentation that courses.csv does not list"
        )
    return known[key]


def _day(fields: Fields, column: str) -> int | None:
    return (
        None if unknown(fields, column) else whole(fields, column, least=-FURTHEST, most=FURTHEST)
    )


def _once(found: Container[object], key: object) -> None:
    if key in found:
        raise BadValueError(None, "repeats an earlier row")
