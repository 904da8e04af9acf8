"""Assessments, their items, attempts and answers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, BigInteger, Boolean, Date, DateTime, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import BLOOM, DEFAULT, Table, to


class Assessment(Table):
    """One row per assessment of a course in a term."""

    __tablename__ = "assessments"
    __table_args__ = (
        to("courses", "course_id"),
        to("academic_terms", "district_id", "term_id"),
        to("sections", "section_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    term_id: Mapped[UUID] = mapped_column(Uuid)
    section_id: Mapped[UUID | None] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    format: Mapped[str] = mapped_column(Text)
    total_points: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    passing_percent: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    weight: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    time_limit_minutes: Mapped[int | None] = mapped_column(Integer)
    attempts_allowed: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    source_id: Mapped[str | None] = mapped_column(Text)


class ClassAssessment(Table):
    """One row per assessment set for a class, with the day it is due."""

    __tablename__ = "class_assessments"
    __table_args__ = (
        to("assessments", "district_id", "assessment_id"),
        to("classes", "district_id", "class_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    opens_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)


class AssessmentItem(Table):
    """One row per item (question) of an assessment."""

    __tablename__ = "assessment_items"
    __table_args__ = (to("assessments", "district_id", "assessment_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(Uuid)
    position: Mapped[int] = mapped_column(SmallInteger)
    stem: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    points: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    options: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    answer_key: Mapped[str | None] = mapped_column(Text)
    bloom_level: Mapped[str | None] = mapped_column(BLOOM)


class ItemCompetency(Table):
    """One row per item and competency it measures."""

    __tablename__ = "item_competencies"
    __table_args__ = (
        to("competencies", "competency_id"),
        to("assessment_items", "district_id", "item_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    competency_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class AssessmentAttempt(Table):
    """One row per attempt of a learner at an assessment."""

    __tablename__ = "assessment_attempts"
    __table_args__ = (
        to("assessments", "district_id", "assessment_id"),
        to("enrollments", "district_id", "class_id", "learner_id", cascade=True),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    assessment_id: Mapped[UUID] = mapped_column(Uuid)
    attempt_number: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    marked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seconds_spent: Mapped[int | None] = mapped_column(Integer)
    percent: Mapped[float | None] = mapped_column(REAL)
    passed: Mapped[bool | None] = mapped_column(Boolean)
    banked: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    status: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    ingest_xid: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)


class ItemResponse(Table):
    """One row per answer of a learner to an item in an attempt."""

    __tablename__ = "item_responses"
    __table_args__ = (
        to("assessment_attempts", "district_id", "attempt_id", cascade=True),
        to("assessment_items", "district_id", "item_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    attempt_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    answered_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    answer: Mapped[str | None] = mapped_column(Text)
    credit: Mapped[float] = mapped_column(REAL)
    seconds: Mapped[float | None] = mapped_column(REAL)
    ingest_xid: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)
