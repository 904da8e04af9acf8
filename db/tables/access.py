"""Accounts, signed-in browsers and the secret that signs a viewer's context."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Account(Table):
    """One row per account with which a member of staff signs in."""

    __tablename__ = "accounts"
    __table_args__ = (to("staff", "district_id", "staff_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    sign_in_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str | None] = mapped_column(Text)
    must_change_password: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    first_password_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    disabled_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    failed_attempts: Mapped[int] = mapped_column(Integer, server_default=DEFAULT)
    locked_until: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_failed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_sign_in_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    password_changed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    oidc_issuer: Mapped[str | None] = mapped_column(Text)
    oidc_subject: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class WebSession(Table):
    """One row per signed-in browser; deleting it signs the browser out."""

    __tablename__ = "web_sessions"
    __table_args__ = (to("accounts", "district_id", "account_id", cascade=True),)

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[int] = mapped_column(Integer)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    last_seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    absolute_expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    client: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    method: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class RoleRequest(Table):
    """One row per change of a powerful person's access that one asks for and another agrees to or
    not.
    """

    __tablename__ = "role_requests"
    __table_args__ = (
        to("staff", "district_id", "staff_id"),
        to("institutions", "district_id", "school_id=institution_id"),
        to("staff", "district_id", "asked_by=staff_id"),
        to("staff", "district_id", "decided_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    request_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[str | None] = mapped_column(Text)
    school_id: Mapped[UUID | None] = mapped_column(Uuid)
    asked_by: Mapped[UUID] = mapped_column(Uuid)
    asked_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    agreed: Mapped[bool | None] = mapped_column(Boolean)


class SecondFactor(Table):
    """One row per account with an authenticator app (RFC 6238), from when its code is shown."""

    __tablename__ = "second_factors"
    __table_args__ = (to("accounts", "district_id", "account_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    confirmed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_step: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)


class RecoveryCode(Table):
    """One row per code that replaces the authenticator app once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (to("accounts", "district_id", "account_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    account_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class SignInTicket(Table):
    """One row per correct password, traded once within a minute for a session cookie."""

    __tablename__ = "sign_in_tickets"
    __table_args__ = (to("accounts", "district_id", "account_id", cascade=True),)

    ticket_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    district_id: Mapped[int] = mapped_column(Integer)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[str] = mapped_column(Text)
    browser_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    method: Mapped[str] = mapped_column(Text, server_default=DEFAULT)


class SignInAttempt(Table):
    """One row per sign-in attempt, for known and unknown names alike, so that both lock out the
    same way.
    """

    __tablename__ = "sign_in_attempts"

    attempt_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    name_hash: Mapped[bytes] = mapped_column(LargeBinary)
    succeeded: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class ContextSecret(Table):
    """One row: the padded HMAC keys with which the application signs a viewer's context. Read only
    by the policies' own functions.
    """

    __tablename__ = "context_secrets"

    secret_id: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    inner_pad: Mapped[bytes] = mapped_column(LargeBinary)
    outer_pad: Mapped[bytes] = mapped_column(LargeBinary)
    row_pad: Mapped[bytes] = mapped_column(LargeBinary, server_default=DEFAULT)


class SavedView(Table):
    """One row per page that a member of staff kept with its filters, under a name of her own."""

    __tablename__ = "saved_views"
    __table_args__ = (
        to("staff", "district_id", "staff_id"),
        UniqueConstraint("district_id", "staff_id", "role", "name"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    view_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    query: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
