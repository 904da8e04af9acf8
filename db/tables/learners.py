"""Learners, without a plain name anywhere."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
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


class LearnerGroup(Table):
    """One row per k-anonymous cohort of a district."""

    __tablename__ = "learner_groups"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    group_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    generalisation: Mapped[Any] = mapped_column(JSONB)
    size: Mapped[int] = mapped_column(Integer)
    formed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class Learner(Table):
    """One row per learner of a district; no plain name, e-mail or birth date."""

    __tablename__ = "learners"
    __table_args__ = (
        to("learner_groups", "district_id", "group_id"),
        to("institutions", "district_id", "school_id=institution_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    anonymous_id: Mapped[UUID] = mapped_column(Uuid, server_default=DEFAULT)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    group_id: Mapped[UUID | None] = mapped_column(Uuid)
    age_group: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    grade_level: Mapped[int | None] = mapped_column(SmallInteger)
    academic_level: Mapped[str] = mapped_column(Text)
    accessibility_needs: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=DEFAULT)
    programmes: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=DEFAULT)
    home_language: Mapped[str | None] = mapped_column(Text)
    preferred_difficulty: Mapped[str | None] = mapped_column(Text)
    learning_pace: Mapped[str | None] = mapped_column(Text)
    consent_state: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    ferpa_level: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    directory_opt_out: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    retention_state: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    retain_until: Mapped[date | None] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)
    last_active_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    source_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    collected: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class ProtectedAttribute(Table):
    """One row per learner and protected attribute. Read by jobs that audit for fairness and by
    nothing else: no page, no model.
    """

    __tablename__ = "protected_attributes"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    attribute: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class DataKey(Table):
    """One row per learner: her data key, wrapped by a key-encrypting key that is not in the
    database.
    """

    __tablename__ = "data_keys"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kek_id: Mapped[str] = mapped_column(Text)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    rewrapped_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class LearnerPii(Table):
    """One row per learner: personal fields, each AES-256-GCM encrypted under the learner's data
    key.
    """

    __tablename__ = "learner_pii"
    __table_args__ = (to("learners", "district_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    given_name: Mapped[bytes] = mapped_column(LargeBinary)
    family_name: Mapped[bytes] = mapped_column(LargeBinary)
    email: Mapped[bytes | None] = mapped_column(LargeBinary)
    birth_date: Mapped[bytes | None] = mapped_column(LargeBinary)
    contacts: Mapped[bytes | None] = mapped_column(LargeBinary)
    name_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
