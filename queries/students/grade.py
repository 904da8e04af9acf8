"""A class beside its course and subject: the teacher's own figures and released ones of the others.

Hers are made of her own learners' rows, defined as the released ones are; theirs come from
privacy.exact, which tells nothing of fewer than k learners nor of a group she knows nearly whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, case, func, select

import privacy
from analytics.mastery import MASTERED, NOT_ENOUGH
from db.tables import Class, Competency, Course, EnrollmentState, Institution, Learner, Mastery
from privacy import Viewer, exact
from privacy.metrics import WrongRegime, metric
from queries.students.classes import least_group

COMPARED: Final = ("assessment_mean", "on_time", "progress", "mastery")


@dataclass(frozen=True)
class Measure:
    """One row of the comparison: the class's own mean (0 to 100) of so many learners, and others'.

    A figure is None where it is not told; `groups` has the same order as Beside.groups, and
    `asked` says where the metric is told by such groups at all.
    """

    title: str
    definition: str
    own: float | None
    learners: int
    groups: tuple[exact.Figure | None, ...]
    asked: tuple[bool, ...]


@dataclass(frozen=True)
class Beside:
    """A class beside the groups named in `groups`; `since` is the oldest week shown."""

    groups: tuple[str, ...]
    measures: tuple[Measure, ...]
    k: int
    since: date | None
    refused: str = ""


@dataclass(frozen=True)
class _Own:
    """A learner in one of the teacher's classes; figures as the weekly rows define them."""

    learner_id: UUID
    class_id: UUID
    school: str
    course: str
    subject: str
    values: Mapping[str, float | None]


def beside(viewer: Viewer, *, class_id: UUID) -> Beside:
    """The class beside the same course and subject at its school, and the course everywhere."""
    with privacy.session(viewer) as db:
        here = db.execute(
            select(
                Class.school_id,
                Class.course_id,
                Course.subject,
                Course.title,
                Institution.name.label("school"),
            )
            .join(Course, Course.course_id == Class.course_id)
            .join(
                Institution,
                (Institution.district_id == Class.district_id)
                & (Institution.institution_id == Class.school_id),
            )
            .where(Class.district_id == viewer.district_id, Class.class_id == class_id)
        ).one()
        own = _own(db, viewer)
        k = least_group(db, viewer)
    school, course, subject = str(here.school_id), str(here.course_id), str(here.subject)
    cells: Mapping[str, tuple[tuple[str, ...], Callable[[_Own], bool]]] = {
        f"{here.title} at {here.school}": (
            ("school_course", school, course),
            lambda one: (one.school, one.course) == (school, course),
        ),
        f"{subject.capitalize()} at {here.school}": (
            ("school_subject", school, subject),
            lambda one: (one.school, one.subject) == (school, subject),
        ),
        f"{here.title}, all schools": (("course", course), lambda one: one.course == course),
    }
    names = tuple(cells)
    measures = []
    try:
        for name in COMPARED:
            asked = metric(name)
            of_class = [
                v for one in own if one.class_id == class_id if (v := one.values[name]) is not None
            ]
            applies = tuple(cell[0] in asked.grains for cell, _ in cells.values())
            groups = tuple(
                exact.compare(viewer, name, cell, own=_knows(own, name, inside))
                if cell[0] in asked.grains
                else None
                for cell, inside in cells.values()
            )
            mean = sum(of_class) / len(of_class) if of_class else None
            measures.append(
                Measure(asked.title, asked.definition, mean, len(of_class), groups, applies)
            )
    except WrongRegime as why:
        return Beside(names, (), k, None, str(why))
    told = [one.since for measure in measures for one in measure.groups if one]
    return Beside(names, tuple(measures), k, min(told, default=None))


def _knows(own: list[_Own], name: str, inside: Callable[[_Own], bool]) -> int:
    """Of how many learners of a group the teacher sees the value herself."""
    return len({one.learner_id for one in own if inside(one) and one.values[name] is not None})


def _own(db: Connection, viewer: Viewer) -> list[_Own]:
    """The learners of the viewer's classes, a row a class."""
    state, district = EnrollmentState, viewer.district_id
    known = (
        select(
            Mastery.learner_id,
            Competency.subject,
            func.count().filter(Mastery.label == MASTERED).label("mastered"),
            func.count().filter(Mastery.label != NOT_ENOUGH).label("assessed"),
        )
        .join(Competency, Competency.competency_id == Mastery.competency_id)
        .where(Mastery.district_id == district)
        .group_by(Mastery.learner_id, Competency.subject)
        .subquery()
    )
    in_time = 100 * (1 - (state.work_missing + state.work_late) / (1.0 * state.work_due))
    rows = db.execute(
        select(
            state.learner_id,
            state.class_id,
            Learner.school_id,
            Class.course_id,
            Course.subject,
            state.score_mean.label("assessment_mean"),
            (100 * state.progress).label("progress"),
            case((state.work_due > 0, in_time)).label("on_time"),
            (100.0 * known.c.mastered / func.nullif(known.c.assessed, 0)).label("mastery"),
        )
        .join(Class, (Class.district_id == state.district_id) & (Class.class_id == state.class_id))
        .join(Course, Course.course_id == Class.course_id)
        .join(
            Learner,
            (Learner.district_id == state.district_id) & (Learner.learner_id == state.learner_id),
        )
        .outerjoin(
            known, (known.c.learner_id == state.learner_id) & (known.c.subject == Course.subject)
        )
        .where(state.district_id == district, state.enrolled, Class.ends_on >= viewer.today)
    )
    return [
        _Own(
            row.learner_id,
            row.class_id,
            str(row.school_id),
            str(row.course_id),
            row.subject,
            {
                name: None
                if (value := getattr(row, name)) is None
                else min(max(float(value), 0), 100)
                for name in COMPARED
            },
        )
        for row in rows
    ]
