"""Classes, who teaches and attends them, and attendance."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, BigInteger, Date, DateTime, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Class(Table):
    """One row per class: a course taught to a group of learners in a term."""

    __tablename__ = "classes"
    __table_args__ = (
        to("courses", "course_id"),
        to("institutions", "district_id", "school_id=institution_id"),
        to("academic_terms", "district_id", "term_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    term_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(Text)
    period: Mapped[str | None] = mapped_column(Text)
    grade_level: Mapped[int | None] = mapped_column(SmallInteger)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    source_id: Mapped[str | None] = mapped_column(Text)


class ClassStaff(Table):
    """One row per teacher of a class, from a day on."""

    __tablename__ = "class_staff"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    duty: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date | None] = mapped_column(Date)


class Enrollment(Table):
    """One row per learner per class."""

    __tablename__ = "enrollments"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("learners", "district_id", "learner_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    status: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    enrolled_on: Mapped[date] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)
    prior_attempts: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    studied_credits: Mapped[int | None] = mapped_column(SmallInteger)
    final_result: Mapped[str | None] = mapped_column(Text)
    final_grade: Mapped[float | None] = mapped_column(REAL)
    learning_goals: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)


class Caseload(Table):
    """One row per learner on a counselor's caseload, from a day on."""

    __tablename__ = "caseloads"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date | None] = mapped_column(Date)
    rule: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class Attendance(Table):
    """One row per learner per school day."""

    __tablename__ = "attendance"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("institutions", "district_id", "school_id=institution_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    status: Mapped[str] = mapped_column(Text)
    ingest_xid: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)


class BehaviourEvent(Table):
    """One row per reported event of behaviour, good or bad."""

    __tablename__ = "behaviour_events"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kind: Mapped[str] = mapped_column(Text)
    severity: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    reported_by: Mapped[UUID | None] = mapped_column(Uuid)
