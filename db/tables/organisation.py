"""Who and where: districts, schools, terms, staff and their roles."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Institution(Table):
    """One row per district or school; a school names its district as parent."""

    __tablename__ = "institutions"
    __table_args__ = (to("institutions", "district_id", "parent_id=institution_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    institution_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[UUID | None] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    timezone: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    clock_on: Mapped[date | None] = mapped_column(Date)
    generated: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    least_group: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    alert_capacity: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    case_capacity: Mapped[int] = mapped_column(SmallInteger, server_default=DEFAULT)
    settings: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    source_id: Mapped[str | None] = mapped_column(Text)


class AcademicTerm(Table):
    """One row per term (semester, presentation, school year) of a district."""

    __tablename__ = "academic_terms"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    term_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    school_year: Mapped[int] = mapped_column(Integer)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)


class Staff(Table):
    """One row per member of staff; directory information, not a learner's record."""

    __tablename__ = "staff"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    display_name: Mapped[str] = mapped_column(Text)
    email: Mapped[str | None] = mapped_column(Text)
    source_id: Mapped[str | None] = mapped_column(Text)


class StaffRole(Table):
    """One row per role a member of staff holds at an institution, from a day on. The roster is its
    only source.
    """

    __tablename__ = "staff_roles"
    __table_args__ = (
        to("institutions", "district_id", "school_id=institution_id"),
        to("staff", "district_id", "staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    starts_on: Mapped[date] = mapped_column(Date, primary_key=True)
    ends_on: Mapped[date | None] = mapped_column(Date)
