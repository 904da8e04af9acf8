"""The catalogue: courses down to content, and the competencies they teach."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, REAL, Integer, Numeric, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import BLOOM, DEFAULT, Table, to


class Course(Table):
    """One row per course of the catalogue (reference data, shared by districts)."""

    __tablename__ = "courses"

    course_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    grade_level: Mapped[int | None] = mapped_column(SmallInteger)
    description: Mapped[str | None] = mapped_column(Text)
    learning_objectives: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    difficulty_level: Mapped[str | None] = mapped_column(Text)
    estimated_hours: Mapped[float | None] = mapped_column(REAL)
    academic_credits: Mapped[Decimal | None] = mapped_column(Numeric(4, 1))
    content_format: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    delivery_method: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    status: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class Module(Table):
    """One row per module (unit) of a course."""

    __tablename__ = "modules"
    __table_args__ = (to("courses", "course_id"),)

    module_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    position: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    bloom_level: Mapped[str | None] = mapped_column(BLOOM)
    estimated_minutes: Mapped[int | None] = mapped_column(Integer)
    prerequisite_modules: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=DEFAULT)
    unlock_criteria: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    minimum_passing_score: Mapped[float | None] = mapped_column(REAL)
    learning_objectives: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)


class Section(Table):
    """One row per section of a module."""

    __tablename__ = "sections"
    __table_args__ = (
        to("courses", "course_id"),
        to("modules", "module_id"),
    )

    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    module_id: Mapped[UUID] = mapped_column(Uuid)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    position: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str] = mapped_column(Text)
    estimated_minutes: Mapped[float | None] = mapped_column(REAL)
    opens_week: Mapped[int | None] = mapped_column(SmallInteger)
    accessibility_adaptations: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=DEFAULT
    )
    unlock_conditions: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    completion_criteria: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)


class ContentItem(Table):
    """One row per piece of content (page, video, site) in a section."""

    __tablename__ = "content_items"
    __table_args__ = (
        to("courses", "course_id"),
        to("sections", "section_id"),
    )

    content_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    section_id: Mapped[UUID] = mapped_column(Uuid)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    target_age_group: Mapped[str | None] = mapped_column(Text)
    difficulty_level: Mapped[str | None] = mapped_column(Text)
    accessibility_features: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=DEFAULT)
    source_id: Mapped[str | None] = mapped_column(Text)


class Competency(Table):
    """One row per competency or curriculum standard of a framework."""

    __tablename__ = "competencies"

    competency_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    framework: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    statement: Mapped[str | None] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    domain: Mapped[str | None] = mapped_column(Text)
    grade_level: Mapped[int | None] = mapped_column(SmallInteger)
    bloom_level: Mapped[str | None] = mapped_column(BLOOM)


class CompetencyEdge(Table):
    """One row per 'must come before' between two competencies; acyclic (loaders check)."""

    __tablename__ = "competency_edges"
    __table_args__ = (
        to("competencies", "competency_id"),
        to("competencies", "prerequisite_id=competency_id"),
    )

    prerequisite_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    competency_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class ContentCompetency(Table):
    """One row per section and competency it teaches."""

    __tablename__ = "content_competencies"
    __table_args__ = (
        to("competencies", "competency_id"),
        to("sections", "section_id"),
    )

    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    competency_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
