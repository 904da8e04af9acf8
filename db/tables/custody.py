"""Consent, retention, keys, and the audit trail."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
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


class KeyUsage(Table):
    """One row per batch of uses of a key: who, which key, what for, how often."""

    __tablename__ = "key_usage"

    usage_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    district_id: Mapped[int | None] = mapped_column(Integer)
    kek_id: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    uses: Mapped[int] = mapped_column(Integer)
    told_in: Mapped[UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class AuditEntry(Table):
    """One row per thing somebody did or saw. Append only."""

    __tablename__ = "audit_log"

    district_id: Mapped[int | None] = mapped_column(Integer)
    audit_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    actor: Mapped[UUID | None] = mapped_column(Uuid)
    role: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)
    subject: Mapped[UUID | None] = mapped_column(Uuid)
    detail: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    position: Mapped[int | None] = mapped_column(BigInteger)
    previous: Mapped[bytes | None] = mapped_column(LargeBinary)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)


class AuditCheckpoint(Table):
    """One row per signed Merkle root of the audit log; copies are kept outside the database."""

    __tablename__ = "audit_checkpoints"

    checkpoint_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    tree_size: Mapped[int] = mapped_column(BigInteger)
    root_hash: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    key_id: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class AuditCheck(Table):
    """One row per verification of the whole audit trail against its chain and checkpoints."""

    __tablename__ = "audit_checks"

    check_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    rows: Mapped[int] = mapped_column(BigInteger)
    waiting: Mapped[int] = mapped_column(BigInteger)
    checkpoints: Mapped[int] = mapped_column(Integer)
    fault: Mapped[str | None] = mapped_column(Text)
    bad_row: Mapped[int | None] = mapped_column(BigInteger)


class AccessAlert(Table):
    """One row per span of unusual access by one member of staff, found in the audit trail."""

    __tablename__ = "access_alerts"
    __table_args__ = (
        to("staff", "district_id", "actor=staff_id"),
        to("staff", "district_id", "reviewed_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    alert_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    actor: Mapped[UUID] = mapped_column(Uuid)
    starts_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ends_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    count: Mapped[int] = mapped_column(Integer)
    found_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    reviewed_by: Mapped[UUID | None] = mapped_column(Uuid)
    reviewed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Disclosure(Table):
    """One row per disclosure of a learner's record to somebody not responsible for her."""

    __tablename__ = "disclosures"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    disclosure_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    disclosed_to: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    what: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class BreakGlass(Table):
    """One row per emergency view of one learner by an administrator."""

    __tablename__ = "break_glass"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    grant_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    reason: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
