"""What is believed about learners and content."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, Boolean, Date, DateTime, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import BLOOM, DEFAULT, Table, to


class Mastery(Table):
    """One row per learner per competency with at least one answer."""

    __tablename__ = "mastery"
    __table_args__ = (
        to("competencies", "competency_id"),
        to("learners", "district_id", "learner_id", cascade=True),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    competency_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    probability: Mapped[float] = mapped_column(REAL)
    low: Mapped[float] = mapped_column(REAL)
    high: Mapped[float] = mapped_column(REAL)
    next_right: Mapped[float] = mapped_column(REAL)
    label: Mapped[str] = mapped_column(Text)
    evidence: Mapped[int] = mapped_column(Integer)
    credit: Mapped[float] = mapped_column(REAL)
    bloom_level: Mapped[str | None] = mapped_column(BLOOM)
    first_answer_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_answer_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    mastered_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    minutes_to_mastery: Mapped[float | None] = mapped_column(REAL)
    model_state: Mapped[Any | None] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class KnowledgeModel(Table):
    """One row per version of a district's knowledge model."""

    __tablename__ = "knowledge_models"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_version: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    parameters: Mapped[Any] = mapped_column(JSONB)
    trained_from: Mapped[date | None] = mapped_column(Date)
    trained_to: Mapped[date | None] = mapped_column(Date)
    metrics: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    in_use: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LearnerKnowledge(Table):
    """One row per learner with an answer: what the model remembers of all her answers together."""

    __tablename__ = "learner_knowledge"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("knowledge_models", "district_id", "model_version"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    model_version: Mapped[str] = mapped_column(Text)
    overall: Mapped[Any] = mapped_column(JSONB)
    last_answer_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SectionEvidence(Table):
    """One row per class and section that worked on at least k learners of other teachers."""

    __tablename__ = "section_evidence"
    __table_args__ = (to("sections", "section_id"), to("classes", "district_id", "class_id"))

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    share: Mapped[float] = mapped_column(REAL)
    gained: Mapped[bool] = mapped_column(Boolean)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class RiskModel(Table):
    """One row per version of a risk model of a district."""

    __tablename__ = "risk_models"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    model_version: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    features: Mapped[Any] = mapped_column(JSONB)
    parameters: Mapped[Any] = mapped_column(JSONB)
    trained_from: Mapped[date | None] = mapped_column(Date)
    trained_to: Mapped[date | None] = mapped_column(Date)
    metrics: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    in_use: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class RiskScore(Table):
    """One row per enrolment and day on which it was scored, as known on that day."""

    __tablename__ = "risk_scores"
    __table_args__ = (
        to("enrollments", "district_id", "class_id", "learner_id", cascade=True),
        to("risk_models", "district_id", "model_version"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    as_of: Mapped[date] = mapped_column(Date, primary_key=True)
    model_version: Mapped[str] = mapped_column(Text)
    probability: Mapped[float] = mapped_column(REAL)
    low: Mapped[float] = mapped_column(REAL)
    high: Mapped[float] = mapped_column(REAL)
    reasons: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    clears_when: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    base_rate: Mapped[float | None] = mapped_column(REAL)


class ContentEffectiveness(Table):
    """One row per section and term of a district: how well it taught, over all its classes."""

    __tablename__ = "content_effectiveness"
    __table_args__ = (
        to("courses", "course_id"),
        to("sections", "section_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    term_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    completion: Mapped[float | None] = mapped_column(REAL)
    minutes: Mapped[float | None] = mapped_column(REAL)
    comprehension: Mapped[float | None] = mapped_column(REAL)
    retention: Mapped[float | None] = mapped_column(REAL)
    transfer: Mapped[float | None] = mapped_column(REAL)
    gain: Mapped[float | None] = mapped_column(REAL)
    gain_low: Mapped[float | None] = mapped_column(REAL)
    gain_high: Mapped[float | None] = mapped_column(REAL)
    accessibility: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    alignment: Mapped[float | None] = mapped_column(REAL)
    suggestions: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    measures: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    worth: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ItemStatistics(Table):
    """One row per item of a district, over all its classes."""

    __tablename__ = "item_statistics"
    __table_args__ = (to("assessment_items", "district_id", "item_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    item_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    difficulty: Mapped[float | None] = mapped_column(REAL)
    point_biserial: Mapped[float | None] = mapped_column(REAL)
    d_index: Mapped[float | None] = mapped_column(REAL)
    options: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    dif: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AssessmentStatistics(Table):
    """One row per assessment of a district: its reliability over all its classes."""

    __tablename__ = "assessment_statistics"
    __table_args__ = (to("assessments", "district_id", "assessment_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    items: Mapped[int] = mapped_column(SmallInteger)
    alpha: Mapped[float | None] = mapped_column(REAL)
    alpha_low: Mapped[float | None] = mapped_column(REAL)
    alpha_high: Mapped[float | None] = mapped_column(REAL)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ContentMeasured(Table):
    """One row per course and term of a district: up to which snapshot its content was measured."""

    __tablename__ = "content_measured"
    __table_args__ = (
        to("courses", "course_id"),
        to("academic_terms", "district_id", "term_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    course_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    term_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    seen: Mapped[str] = mapped_column(Text)
    as_of: Mapped[date] = mapped_column(Date)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LearningPattern(Table):
    """One row per cohort and dimension; never about one learner."""

    __tablename__ = "learning_patterns"
    __table_args__ = (to("learner_groups", "district_id", "group_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    pattern_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    group_id: Mapped[UUID] = mapped_column(Uuid)
    dimension: Mapped[str] = mapped_column(Text)
    figures: Mapped[Any] = mapped_column(JSONB)
    learners: Mapped[int] = mapped_column(Integer)
    analysed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
