"""Puts the seven files together into one Source, cut to the courses asked for."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date
from typing import Any, TypeVar

import numpy as np

from db.oulad import clicking, gathering
from db.oulad.files import Dataset
from db.oulad.gathering import Information, Presentations
from db.oulad.report import LoadError, Tally
from db.oulad.source import Assessment, Person, Result, Source
from db.oulad.words import ASSESSMENTS
from db.people import Progress

One = TypeVar("One")


def assemble(
    dataset: Dataset, courses: Collection[str] | None, progress: Progress
) -> tuple[Source, Tally, list[str]]:
    """Everything the files say, what became of their rows, and notes for whoever loads.

    Nothing is written before all of it has been read and checked.
    """
    tally = Tally()
    progress("Reading the small files", 0, None)
    presentations = _some(gathering.presentations(dataset, tally), "courses.csv", tally)
    chosen = _chosen(presentations, courses)
    assessments = gathering.assessments(dataset, tally, presentations)
    sites = _some(gathering.sites(dataset, tally, presentations), "vle.csv", tally)
    information = _some(
        gathering.information(dataset, tally, presentations), "studentInfo.csv", tally
    )
    registered = gathering.registrations(dataset, tally, information, presentations)
    results = gathering.results(dataset, tally, assessments, information, presentations)
    titled = _titled(assessments, results, presentations)

    def wanted(name: str, rows: Iterable[tuple[str, One]]) -> list[One]:
        kept, left = [], 0
        for presentation, row in rows:
            if presentation in chosen:
                kept.append(row)
            else:
                left += 1
        tally.left_out[name] += left
        return kept

    enrollments = sorted(
        wanted(
            "studentInfo.csv",
            (
                (key[0], gathering.enrollment(one, presentations[key[0]], registered))
                for key, one in information.items()
            ),
        ),
        key=lambda one: (one.presentation, one.student),
    )
    wanted("studentRegistration.csv", ((key[0], key) for key in registered))
    kept_sites = wanted("vle.csv", ((key[0], one) for key, one in sites.items()))
    position = {key: number for number, key in enumerate(presentations)}
    site_keys = _keys((position[one.presentation], one.number) for one in kept_sites)
    clicks = clicking.clicks(
        dataset,
        tally,
        clicking.Known(
            {(one.course, one.code): position[key] for key, one in presentations.items()},
            np.array([key in chosen for key in presentations]),
            _keys((position[one.presentation], one.student) for one in enrollments),
            site_keys,
            np.argsort(site_keys),
        ),
        lambda done: progress("Reading studentVle.csv", done, None),
    )
    source = Source(
        wanted("courses.csv", presentations.items()),
        wanted("assessments.csv", ((one.presentation, one) for one in titled)),
        kept_sites,
        _people(information, presentations, {one.student for one in enrollments}),
        enrollments,
        wanted(
            "studentAssessment.csv",
            ((assessments[one.assessment].presentation, one) for one in results),
        ),
        clicks,
        _term_ends(presentations),
    )
    return source, tally, _notes(source, registered)


def _chosen(presentations: Presentations, courses: Collection[str] | None) -> set[str]:
    """Keys of the presentations asked for."""
    there = sorted({one.course for one in presentations.values()})
    asked = there if courses is None else [course.strip().upper() for course in courses]
    strange = [course for course in asked if course not in there]
    if strange or not asked:
        raise LoadError(
            f"There is no course {', '.join(strange) or 'named'} in these data; "
            f"they hold {', '.join(there)}."
        )
    return {key for key, one in presentations.items() if one.course in asked}


def _some(found: dict[One, Any], name: str, tally: Tally) -> dict[One, Any]:
    """`found`, unless the file gave nothing at all."""
    if found:
        return found
    first = next((str(one) for one in tally.rejections.kept if one.file == name), "it has no rows")
    raise LoadError(f"No row of {name} can be used. {first[0].upper()}{first[1:]}.")


def _titled(
    assessments: dict[int, Assessment], results: list[Result], presentations: Presentations
) -> list[Assessment]:
    """The assessments with titles numbered by due day, and exams with the day they are due.

    An exam without a date is due on the last day. OULAD publishes the results of few exams: one
    without a single result is never due here, or every learner would have missed it.
    """
    answered = {one.assessment for one in results}
    groups: dict[tuple[str, str], list[Assessment]] = defaultdict(list)
    for one in assessments.values():
        due = one.due_on
        if one.kind == "Exam":
            end = presentations[one.presentation].ends_on
            due = (due or end) if one.number in answered else None
        groups[one.presentation, one.kind].append(replace(one, due_on=due))
    titled = []
    for (_, kind), group in groups.items():
        group.sort(key=lambda one: (one.due_on or date.max, one.number))
        title = ASSESSMENTS[kind][0]
        for number, one in enumerate(group, start=1):
            titled.append(replace(one, title=title if len(group) == 1 else f"{title} {number}"))
    return titled


def _people(
    information: dict[tuple[str, int], Information], of: Presentations, wanted: set[int]
) -> dict[int, Person]:
    """Each learner as of her latest presentation in the files, whichever courses are loaded."""
    latest = sorted(
        information.values(), key=lambda one: (of[one.presentation].starts_on, one.presentation)
    )
    return {one.student: one.person for one in latest if one.student in wanted}


def _keys(pairs: Iterable[tuple[int, int]]) -> clicking.Whole:
    return np.array([place << 32 | number for place, number in pairs], dtype=np.int64)


def _term_ends(presentations: Presentations) -> dict[str, date]:
    ends: dict[str, date] = {}
    for one in presentations.values():
        ends[one.code] = max(one.ends_on, ends.get(one.code, one.ends_on))
    return ends


def _notes(source: Source, registered: gathering.Registrations) -> list[str]:
    """What whoever loads should know about the data as they are."""
    counted = {
        "Enrolments without a day of registration; they begin with the class": sum(
            registered.get((one.presentation, one.student), (None,))[0] is None
            for one in source.enrollments
        ),
        "Withdrawn without a day; they are seen until the class ends": sum(
            one.status == "withdrawn" and one.left_on is None for one in source.enrollments
        ),
        "Exams whose results nobody has in the data; they are never due": sum(
            one.kind == "Exam" and one.due_on is None for one in source.assessments
        ),
        "Results without a score; they count as handed in and not marked": sum(
            one.score is None for one in source.results
        ),
    }
    return [f"{what}: {number:,}." for what, number in counted.items() if number]
