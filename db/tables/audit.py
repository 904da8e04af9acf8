"""Who did and saw what: uses of keys, the audit trail, unusual access, disclosures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


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
