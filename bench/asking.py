"""Asks the pages' questions as the pages do, and catches what goes to the database."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, event, select

import privacy
from bench.home import Home
from db.tables import ClassStaff, Institution, SchoolGradeState, Staff
from privacy import Viewer
from queries.students.classes import TaughtClass, my_classes
from queries.students.content import CourseReport, worth_fixing_first
from queries.students.mastery import MasteryMap, mastery_map
from queries.students.today import Attention, struggling_learners

EVERYBODY = 10_000  # more than any list holds


@dataclass(frozen=True)
class Scope:
    """Who asks about which classes, on the district's day."""

    viewer: Viewer
    classes: tuple[TaughtClass, ...]
    cut: datetime
    timezone: str

    @property
    def ids(self) -> list[UUID]:
        """The classes' identifiers."""
        return [one.class_id for one in self.classes]

    @property
    def one(self) -> "Scope":
        """The same for the first class alone."""
        return Scope(self.viewer, self.classes[:1], self.cut, self.timezone)


@dataclass(frozen=True)
class Statement:
    """One statement as the driver gets it."""

    sql: str
    parameters: Any


def scopes(home: Home, most: int) -> list[Scope]:
    """Teachers from all over the district with all their classes, the same ones each time."""
    with home.jobs.begin() as connection:
        day, timezone, district = connection.execute(
            select(Institution.clock_on, Institution.timezone, Institution.name).where(
                Institution.district_id == home.district_id, Institution.kind == "district"
            )
        ).one()
        teachers = connection.execute(
            select(Staff.staff_id, Staff.display_name)
            .join(
                ClassStaff,
                (ClassStaff.district_id == Staff.district_id)
                & (ClassStaff.staff_id == Staff.staff_id),
            )
            .where(Staff.district_id == home.district_id, ClassStaff.duty == "lead")
            .distinct()
            .order_by(Staff.staff_id)
        ).all()
    if day is None:
        raise AssertionError("the measured district has no fixed day")
    cut = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    found = []
    for staff_id, name in teachers[:: max(1, len(teachers) // most)][:most]:
        viewer = _teacher(home.district_id, staff_id, name, district, day)
        classes = tuple(my_classes(viewer))
        if classes:
            found.append(Scope(viewer, classes, cut, timezone))
    return found


def _teacher(district: int, staff: UUID, name: str, district_name: str, today: date) -> Viewer:
    return Viewer(
        district_id=district,
        staff_id=staff,
        account_id=uuid4(),
        role="teacher",
        name=name,
        district_name=district_name,
        generated=True,
        today=today,
    )


def triage(scope: Scope, most: int | None = None) -> Attention:
    """Who needs me this week."""
    return struggling_learners(
        scope.viewer,
        classes=scope.classes,
        today=scope.viewer.today,
        now=datetime.now(UTC),
        most=most,
    )


def heatmap(scope: Scope) -> MasteryMap:
    """Who of a class has mastered what."""
    return mastery_map(scope.viewer, class_id=scope.classes[0].class_id)


def content(scope: Scope) -> CourseReport:
    """How a course's sections and questions work in her classes."""
    return worth_fixing_first(scope.viewer, course_id=scope.classes[0].course_id)


def schools(connection: Connection, scope: Scope) -> Sequence[Any]:
    """The snapshot of every school and grade, which only a job reads."""
    return connection.execute(
        select(
            SchoolGradeState.school_id,
            SchoolGradeState.grade_level,
            SchoolGradeState.learners,
            SchoolGradeState.active_28,
            SchoolGradeState.sum_progress,
            SchoolGradeState.sum_score,
            SchoolGradeState.scored,
            SchoolGradeState.chronically_absent,
        ).where(
            SchoolGradeState.district_id == scope.viewer.district_id,
            SchoolGradeState.as_of == scope.viewer.today,
        )
    ).all()


def statements(engine: Engine, ask: Callable[[], object], tables: Sequence[str]) -> list[Statement]:
    """What a question sends that reads one of these tables (or all that it sends, without any)."""
    said: list[Statement] = []

    def hear(*heard: Any) -> None:
        said.append(Statement(heard[2], heard[3]))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        ask()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    wanted = re.compile(rf"chalkline\.({'|'.join(tables) or '[a-z]'})")
    return [one for one in said if wanted.search(one.sql) and "set_config" not in one.sql]


def replayed(viewer: Viewer, said: Sequence[Statement]) -> float:
    """Sends the statements again through the door; the milliseconds of the statements alone."""
    with privacy.session(viewer) as db:
        began = perf_counter()
        for one in said:
            db.exec_driver_sql(one.sql, one.parameters).all()
        return (perf_counter() - began) * 1000
