"""Consent, retention, holds, and what people ask about a learner's record."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Consent(Table):
    """One row per consent given for a learner, kept after withdrawal."""

    __tablename__ = "consents"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    consent_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    law: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    basis: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_on: Mapped[date | None] = mapped_column(Date)
    withdrawn_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    recorded_by: Mapped[UUID | None] = mapped_column(Uuid)
    method: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class RetentionRule(Table):
    """One row per rule of how long a category of data is kept and what happens then."""

    __tablename__ = "retention_rules"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    category: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    trigger: Mapped[str] = mapped_column(Text)
    delay_days: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    policy: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    citation: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    why: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class RetentionBatch(Table):
    """One row per batch of learners for whom a retention rule fell due: prepared by the job,
    proposed by one person, approved by another.
    """

    __tablename__ = "retention_batches"
    __table_args__ = (to("retention_rules", "district_id", "rule_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    rule_id: Mapped[UUID] = mapped_column(Uuid)
    prepared_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    proposed_by: Mapped[UUID | None] = mapped_column(Uuid)
    proposed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[UUID | None] = mapped_column(Uuid)
    approved_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    refused_by: Mapped[UUID | None] = mapped_column(Uuid)
    refused_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RetentionItem(Table):
    """One row per learner in a retention batch; outlives her as a tombstone."""

    __tablename__ = "retention_items"
    __table_args__ = (to("retention_batches", "district_id", "batch_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    anonymous_id: Mapped[UUID] = mapped_column(Uuid)
    since: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LegalHold(Table):
    """One row per order to keep data; null learner holds the whole district."""

    __tablename__ = "legal_holds"
    __table_args__ = (to("staff", "district_id", "placed_by=staff_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    hold_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID | None] = mapped_column(Uuid)
    reason: Mapped[str] = mapped_column(Text)
    placed_by: Mapped[UUID] = mapped_column(Uuid)
    placed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    lifted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ErasureRequest(Table):
    """One row per request for access, correction or erasure; outlives the learner by her anonymous
    identifier.
    """

    __tablename__ = "erasure_requests"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    anonymous_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID | None] = mapped_column(Uuid)
    requested_by: Mapped[str] = mapped_column(Text)
    received_on: Mapped[date] = mapped_column(Date)
    due_on: Mapped[date] = mapped_column(Date)
    verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    approved_by: Mapped[UUID | None] = mapped_column(Uuid)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    outcome: Mapped[str | None] = mapped_column(Text)
    law: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    registered_by: Mapped[UUID | None] = mapped_column(Uuid)
    verified_by: Mapped[UUID | None] = mapped_column(Uuid)
    identity_check: Mapped[str | None] = mapped_column(Text)
    keep_history: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)


class SealedExport(Table):
    """One row per copy of a learner's record, sealed under her data key: made for a request, or
    archived.
    """

    __tablename__ = "sealed_exports"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    export_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    request_id: Mapped[UUID | None] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_on: Mapped[date | None] = mapped_column(Date)


class Correction(Table):
    """One row per request for correction that was decided: what was corrected by name of the field,
    or the statement that stays with the record.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("erasure_requests", "district_id", "request_id"),
        to("staff", "district_id", "decided_by=staff_id"),
        to("staff", "district_id", "stated_by=staff_id"),
        UniqueConstraint("district_id", "request_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    correction_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    outcome: Mapped[str] = mapped_column(Text)
    parts: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=DEFAULT)
    asked: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[bytes | None] = mapped_column(LargeBinary)
    statement: Mapped[bytes | None] = mapped_column(LargeBinary)
    decided_by: Mapped[UUID] = mapped_column(Uuid)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    stated_by: Mapped[UUID | None] = mapped_column(Uuid)
    done_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RecordOpening(Table):
    """One row per learner's file that a clerk opened by her full name, and what for."""

    __tablename__ = "record_openings"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    opening_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    purpose: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class AnonymousHistory(Table):
    """One row per course of a learner who was erased, in bands that at least k such rows share."""

    __tablename__ = "anonymous_history"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    entry_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    school_year: Mapped[int] = mapped_column(Integer)
    course_id: Mapped[UUID] = mapped_column(Uuid)
    marks: Mapped[str | None] = mapped_column(Text)
    work: Mapped[str | None] = mapped_column(Text)
    activity: Mapped[str | None] = mapped_column(Text)
