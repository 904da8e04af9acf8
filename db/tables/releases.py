"""Privacy budgets, released answers, and the weekly rows they are made of."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, Numeric, SmallInteger, Text, Uuid
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


class ReleaseVersion(Table):
    """One row per district and week of which figures are released: the week's data, fixed."""

    __tablename__ = "release_versions"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    data_version: Mapped[date] = mapped_column(Date, primary_key=True)
    school_year: Mapped[int] = mapped_column(Integer)
    as_of: Mapped[date] = mapped_column(Date)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


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
