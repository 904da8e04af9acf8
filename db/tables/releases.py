"""Privacy budgets, released answers, and the weekly rows they are made of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, DateTime, Integer, Numeric, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class ReleaseBudget(Table):
    """One row per district and school year: privacy budget in zCDP (rho), and its use."""

    __tablename__ = "release_budgets"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    school_year: Mapped[int] = mapped_column(Integer, primary_key=True)
    rho_cap: Mapped[Decimal] = mapped_column(Numeric)
    rho_spent: Mapped[Decimal] = mapped_column(Numeric, server_default=DEFAULT)
    delta: Mapped[Decimal] = mapped_column(Numeric)
    set_by: Mapped[UUID | None] = mapped_column(Uuid)
    approved_by: Mapped[UUID | None] = mapped_column(Uuid)
    rho_each: Mapped[Decimal] = mapped_column(Numeric, server_default=DEFAULT)
    rho_spent_changed: Mapped[Decimal] = mapped_column(Numeric, server_default=DEFAULT)


class BudgetProposal(Table):
    """One row per proposal of other caps, and what a second administrator decided."""

    __tablename__ = "budget_proposals"
    __table_args__ = (
        to("staff", "district_id", "proposed_by=staff_id"),
        to("staff", "district_id", "decided_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    proposal_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    school_year: Mapped[int] = mapped_column(Integer)
    rho_cap: Mapped[Decimal] = mapped_column(Numeric)
    rho_each: Mapped[Decimal] = mapped_column(Numeric)
    reason: Mapped[str] = mapped_column(Text)
    proposed_by: Mapped[UUID] = mapped_column(Uuid)
    proposed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    decided_by: Mapped[UUID | None] = mapped_column(Uuid)
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    decision: Mapped[str | None] = mapped_column(Text)


class Release(Table):
    """One row per released answer; the same question on the same data is always answered from
    here.
    """

    __tablename__ = "releases"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    release_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    school_year: Mapped[int] = mapped_column(Integer)
    metric: Mapped[str] = mapped_column(Text)
    grain: Mapped[str] = mapped_column(Text)
    regime: Mapped[str] = mapped_column(Text)
    data_version: Mapped[date] = mapped_column(Date)
    parameters: Mapped[Any] = mapped_column(JSONB)
    rho: Mapped[Decimal] = mapped_column(Numeric, server_default=DEFAULT)
    answer: Mapped[Any] = mapped_column(JSONB)
    asked_by: Mapped[UUID | None] = mapped_column(Uuid)
    released_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    rho_changed: Mapped[Decimal] = mapped_column(Numeric, server_default=DEFAULT)


class ReleaseVersion(Table):
    """One row per district and week of which figures are released: the week's data, fixed."""

    __tablename__ = "release_versions"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    data_version: Mapped[date] = mapped_column(Date, primary_key=True)
    school_year: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    kept: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)


class ReleaseRow(Table):
    """One row per learner, week and slice, without her identifier; read by no role of a person."""

    __tablename__ = "release_rows"
    __table_args__ = (to("release_versions", "district_id", "data_version", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    data_version: Mapped[date] = mapped_column(Date, primary_key=True)
    slice: Mapped[str] = mapped_column(Text, primary_key=True)
    row_key: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    slice_key: Mapped[str] = mapped_column(Text, primary_key=True, server_default=DEFAULT)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    grade_level: Mapped[int] = mapped_column(SmallInteger)
    traits: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    figures: Mapped[Any] = mapped_column(JSONB)
    erased: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
