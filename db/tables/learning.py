"""What learners do with content."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, BigInteger, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import BLOOM, DEFAULT, INTERACTION, OUTCOME, Table, to


class SectionProgress(Table):
    """One row per learner per section of her class; writers set ingest_xid again."""

    __tablename__ = "section_progress"
    __table_args__ = (
        to("enrollments", "district_id", "class_id", "learner_id", cascade=True),
        to("sections", "section_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    status: Mapped[str] = mapped_column(Text)
    completion_percentage: Mapped[float] = mapped_column(REAL, server_default=DEFAULT)
    first_opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_opened_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    completed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    seconds_spent: Mapped[int | None] = mapped_column(Integer)
    interactions: Mapped[int] = mapped_column(Integer, server_default=DEFAULT)
    help_requests: Mapped[int] = mapped_column(Integer, server_default=DEFAULT)
    comprehension: Mapped[float | None] = mapped_column(REAL)
    retention: Mapped[float | None] = mapped_column(REAL)
    application: Mapped[float | None] = mapped_column(REAL)
    ingest_xid: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)


class LearningInteraction(Table):
    """One row per interaction of a learner, or per learner, piece of content and day where the
    source counts clicks a day. Partitioned by month.
    """

    __tablename__ = "learning_interactions"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    interaction_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID] = mapped_column(Uuid)
    section_id: Mapped[UUID | None] = mapped_column(Uuid)
    content_id: Mapped[UUID | None] = mapped_column(Uuid)
    session_id: Mapped[UUID | None] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(INTERACTION)
    outcome: Mapped[str] = mapped_column(OUTCOME)
    bloom_level: Mapped[str | None] = mapped_column(BLOOM)
    clicks: Mapped[int] = mapped_column(Integer, server_default=DEFAULT)
    duration_seconds: Mapped[int | None] = mapped_column(Integer)
    device: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[Any | None] = mapped_column(JSONB)
    ingest_xid: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)


class LearningSession(Table):
    """One row per sitting of a learner in a class."""

    __tablename__ = "learning_sessions"
    __table_args__ = (to("enrollments", "district_id", "class_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    session_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID] = mapped_column(Uuid)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    active_seconds: Mapped[int | None] = mapped_column(Integer)
    interactions: Mapped[int] = mapped_column(Integer, server_default=DEFAULT)
    engagement: Mapped[str | None] = mapped_column(Text)
    device: Mapped[str | None] = mapped_column(Text)
