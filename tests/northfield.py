"""Northfield: a district of three terms in which trouble shows, for tests of the risk model."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import pytest
from sqlalchemy import Connection, Engine, create_engine, insert, text

from analytics.risk.fitting import sigmoid
from db import engine as engines
from db import risk
from db import tables as t
from db.embedded import Server
from db.partitions import ensure_months
from db.refresh import refresh

NORTHFIELD = 7
SPACE = UUID("0b2a64cc-5a7e-4e0b-9f6d-6b8c9a5c7d21")
TERMS = {"T1": date(2024, 1, 8), "T2": date(2024, 6, 3), "T3": date(2024, 10, 7)}
LENGTH = 100  # days of a term
TODAY = TERMS["T3"] + timedelta(days=42)
NOW = datetime(2024, 11, 18, 20, tzinfo=UTC)
PER_CLASS = 110
DUE = tuple(range(10, LENGTH, 10))


def of(*name: object) -> UUID:
    return uuid5(SPACE, "/".join(map(str, name)))


@pytest.fixture(scope="session")
def northfield(server: Server, template: str) -> Iterator[str]:
    """A database with a district of three terms, two courses each, in which trouble shows; its
    models are trained on the two terms that have ended."""
    superuser(server, f"CREATE DATABASE northfield TEMPLATE {template} OWNER chalkline_owner")
    jobs = engines.jobs(server.url("owner", "northfield"))
    with jobs.begin() as db:
        _fill(db)
    refresh(jobs, districts=[NORTHFIELD], now=NOW)
    risk.train(jobs, district=NORTHFIELD, today=TODAY)
    jobs.dispose()
    yield "northfield"
    superuser(server, "DROP DATABASE northfield WITH (FORCE)")


@pytest.fixture(name="jobs")
def northfield_jobs(server: Server, northfield: str) -> Iterator[Engine]:
    """A copy of Northfield of the test's own."""
    superuser(
        server, f"CREATE DATABASE northfield_copy TEMPLATE {northfield} OWNER chalkline_owner"
    )
    engine = engines.jobs(server.url("owner", "northfield_copy"))
    yield engine
    engine.dispose()
    superuser(server, "DROP DATABASE northfield_copy WITH (FORCE)")


def superuser(server: Server, statement: str) -> None:
    engine = create_engine(server.url("superuser", "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def _fill(db: Connection) -> None:
    ensure_months(db, date(2023, 12, 1), date(2025, 1, 31))
    everywhere = {"district_id": NORTHFIELD}
    district, school = of("district"), of("school")
    add(
        db,
        t.Institution,
        {**everywhere, "institution_id": district, "kind": "district", "name": "Northfield",
         "timezone": "UTC", "clock_on": TODAY, "generated": True, "parent_id": None},
        {**everywhere, "institution_id": school, "kind": "school", "name": "Northfield Middle",
         "timezone": "UTC", "clock_on": None, "generated": True, "parent_id": district},
    )  # fmt: skip
    for course in ("Ratios", "Algebra"):
        row = {"course_id": of(course), "code": course, "title": course, "subject": "mathematics"}
        add(db, t.Course, row)
    for number, (code, starts) in enumerate(TERMS.items()):
        add(
            db,
            t.AcademicTerm,
            {**everywhere, "term_id": of(code), "code": code, "name": code, "school_year": 2024,
             "starts_on": starts, "ends_on": starts + timedelta(days=LENGTH)},
        )  # fmt: skip
        for course in ("Ratios", "Algebra"):
            _class(db, np.random.default_rng(number * 2 + (course == "Algebra")), code, course)


def _class(db: Connection, rng: np.random.Generator, term: str, course: str) -> None:
    starts, here = TERMS[term], of(term, course)
    everywhere = {"district_id": NORTHFIELD}
    add(
        db,
        t.Class,
        {**everywhere, "class_id": here, "school_id": of("school"), "course_id": of(course),
         "term_id": of(term), "title": f"{course} {term}", "starts_on": starts,
         "ends_on": starts + timedelta(days=LENGTH)},
    )  # fmt: skip
    work = [(of(here, "work", due), due, 10.0) for due in DUE]
    work += [(of(here, "quiz", due), due, 0.0) for due in (12, 32)]  # counts for nothing
    for identifier, due, weight in work:
        add(
            db,
            t.Assessment,
            {**everywhere, "assessment_id": identifier, "course_id": of(course),
             "term_id": of(term), "title": f"Work {due}", "type": "formative", "format": "essay",
             "weight": weight},
        )  # fmt: skip
        row = {**everywhere, "class_id": here, "assessment_id": identifier,
               "due_on": starts + timedelta(days=due)}  # fmt: skip
        add(db, t.ClassAssessment, row)
    learners, enrolled, attempts, clicks, protected, absent = [], [], [], [], [], []
    last = min(LENGTH, (TODAY - starts).days)
    for number in range(PER_CLASS):
        learner = of(here, number)
        trouble = float(rng.normal())
        bad = bool(rng.random() < sigmoid(np.array([1.5 * trouble - 0.5]))[0])
        left = int(rng.integers(25, LENGTH)) if bad and rng.random() < 0.4 else None
        result = None if term == "T3" else ("withdrawn" if left else "fail" if bad else "pass")
        gone = left is not None and left <= last
        learners.append(
            {**everywhere, "learner_id": learner, "school_id": of("school"),
             "academic_level": "middle"}
        )  # fmt: skip
        enrolled.append(
            {**everywhere, "class_id": here, "learner_id": learner, "enrolled_on": starts,
             "status": "withdrawn" if gone else "enrolled" if result is None
             else "failed" if bad else "completed",
             "left_on": starts + timedelta(days=left) if gone and left else None,
             "final_result": result}
        )  # fmt: skip
        protected.append(
            {**everywhere, "learner_id": learner, "attribute": "gender",
             "value": "F" if number % 2 else "M"}
        )  # fmt: skip
        protected.append(
            {**everywhere, "learner_id": learner, "attribute": "learning_style",
             "value": "visual" if number % 3 else "auditory"}
        )  # fmt: skip
        until = min(last, left if left is not None and gone else last)
        p_miss, p_active, p_absent = sigmoid(np.array([trouble - 1.8, -trouble, trouble - 3]))
        for identifier, due, _ in work:
            if due <= until and rng.random() > p_miss:
                handed_in = noon(starts + timedelta(days=due - int(rng.integers(0, 4))))
                attempts.append(
                    {**everywhere, "attempt_id": of(identifier, learner), "class_id": here,
                     "learner_id": learner, "assessment_id": identifier, "submitted_at": handed_in,
                     "marked_at": handed_in + timedelta(days=3),
                     "percent": float(np.clip(65 - 12 * trouble + rng.normal(0, 8), 0, 100))}
                )  # fmt: skip
        for day in range(until + 1):
            on = starts + timedelta(days=day)
            if rng.random() < 0.5 * p_active:
                clicks.append(
                    {**everywhere, "class_id": here, "learner_id": learner,
                     "interaction_id": of(here, learner, day), "type": "content_view",
                     "outcome": "successful", "clicks": int(rng.integers(1, 9)),
                     "occurred_at": noon(on)}
                )  # fmt: skip
            if on.weekday() < 5 and day >= last - 20:
                absent.append(
                    {**everywhere, "learner_id": learner, "on_date": on, "school_id": of("school"),
                     "status": "absent" if rng.random() < p_absent else "present"}
                )  # fmt: skip
    for table, rows in (
        (t.Learner, learners), (t.Enrollment, enrolled), (t.ProtectedAttribute, protected),
        (t.AssessmentAttempt, attempts), (t.LearningInteraction, clicks), (t.Attendance, absent),
    ):  # fmt: skip
        add(db, table, *rows)


def noon(on: date) -> datetime:
    return datetime.combine(on, time(12), UTC)


def midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def add(db: Connection, table: type[t.Table], *rows: dict[str, Any]) -> None:
    db.execute(insert(table), list(rows))
