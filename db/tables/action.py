"""From a flag to a person helped."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    REAL,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Flag(Table):
    """One row per intervention flag: a learner, a rule (or model, or colleague) and its evidence,
    from raised to closed.
    """

    __tablename__ = "flags"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "referred_to=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    flag_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID | None] = mapped_column(Uuid)
    origin: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    severity: Mapped[float] = mapped_column(REAL)
    evidence: Mapped[Any] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    raised_on: Mapped[date] = mapped_column(Date)
    seen_on: Mapped[date] = mapped_column(Date)
    snoozed_until: Mapped[date | None] = mapped_column(Date)
    referred_to: Mapped[UUID | None] = mapped_column(Uuid)
    closed_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class ClassNotice(Table):
    """One row per competency that a third of a class struggles with: reteach, not a flag each."""

    __tablename__ = "class_notices"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("competencies", "competency_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    notice_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid)
    competency_id: Mapped[UUID] = mapped_column(Uuid)
    learners: Mapped[int] = mapped_column(SmallInteger)
    struggling: Mapped[int] = mapped_column(SmallInteger)
    raised_on: Mapped[date] = mapped_column(Date)
    seen_on: Mapped[date] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class FlagEvent(Table):
    """One row per change of a flag; staff is null where data made the change."""

    __tablename__ = "flag_events"
    __table_args__ = (
        to("flags", "district_id", "flag_id", cascade=True),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    flag_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID | None] = mapped_column(Uuid)
    staff_id: Mapped[UUID | None] = mapped_column(Uuid)
    action: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    until: Mapped[date | None] = mapped_column(Date)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class Intervention(Table):
    """One row per plan to help a learner."""

    __tablename__ = "interventions"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "owner_id=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    intervention_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID | None] = mapped_column(Uuid)
    owner_id: Mapped[UUID] = mapped_column(Uuid)
    type: Mapped[str] = mapped_column(Text)
    tier: Mapped[int] = mapped_column(SmallInteger)
    goal: Mapped[str] = mapped_column(Text)
    strategy: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    schedule: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    informed: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=DEFAULT)
    measure: Mapped[str | None] = mapped_column(Text)
    goal_from: Mapped[float | None] = mapped_column(REAL)
    goal_to: Mapped[float | None] = mapped_column(REAL)
    flags: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=DEFAULT)
    starts_on: Mapped[date] = mapped_column(Date)
    review_on: Mapped[date] = mapped_column(Date)
    ended_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class InterventionNote(Table):
    """One row per revision of a note; the text is encrypted under the learner's data key."""

    __tablename__ = "intervention_notes"
    __table_args__ = (
        to("staff", "district_id", "author_id=staff_id"),
        to("learners", "district_id", "learner_id", cascade=True),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    note_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    revision: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default=DEFAULT)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    intervention_id: Mapped[UUID | None] = mapped_column(Uuid)
    flag_id: Mapped[UUID | None] = mapped_column(Uuid)
    author_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    restricted: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    decision: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class Recommendation(Table):
    """One row per next step proposed for a learner."""

    __tablename__ = "recommendations"
    __table_args__ = (
        to("competencies", "competency_id"),
        to("learners", "district_id", "learner_id", cascade=True),
        to("sections", "section_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    recommendation_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    class_id: Mapped[UUID | None] = mapped_column(Uuid)
    competency_id: Mapped[UUID | None] = mapped_column(Uuid)
    section_id: Mapped[UUID | None] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    reasons: Mapped[Any] = mapped_column(JSONB)
    made_on: Mapped[date] = mapped_column(Date)
    followed_on: Mapped[date | None] = mapped_column(Date)
