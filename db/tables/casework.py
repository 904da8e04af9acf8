"""Casework: capacity, cover and assignment; plans' templates and progress; whether it helped."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, Boolean, Date, DateTime, Integer, SmallInteger, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class StaffSetting(Table):
    """One row per member of staff who has set something for herself."""

    __tablename__ = "staff_settings"
    __table_args__ = (to("staff", "district_id", "staff_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    open_cases: Mapped[int | None] = mapped_column(SmallInteger)
    weekly_digest: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Cover(Table):
    """One row per absence of a counselor that a colleague covers: for those days she sees the
    caseload.
    """

    __tablename__ = "covers"
    __table_args__ = (
        to("staff", "district_id", "absent_id=staff_id"),
        to("staff", "district_id", "covering_id=staff_id"),
        to("staff", "district_id", "arranged_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    cover_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    absent_id: Mapped[UUID] = mapped_column(Uuid)
    covering_id: Mapped[UUID] = mapped_column(Uuid)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    arranged_by: Mapped[UUID] = mapped_column(Uuid)
    arranged_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class CaseloadRule(Table):
    """One row per rule that gives learners of a school (by grade, family name, programme) to a
    counselor. A job applies it to learners on nobody''s caseload.
    """

    __tablename__ = "caseload_rules"
    __table_args__ = (
        to("staff", "district_id", "staff_id"),
        to("institutions", "district_id", "school_id=institution_id"),
        to("staff", "district_id", "made_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    rule_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    grade_from: Mapped[int | None] = mapped_column(SmallInteger)
    grade_to: Mapped[int | None] = mapped_column(SmallInteger)
    name_from: Mapped[str | None] = mapped_column(Text)
    name_to: Mapped[str | None] = mapped_column(Text)
    programme: Mapped[str | None] = mapped_column(Text)
    made_by: Mapped[UUID] = mapped_column(Uuid)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PlanTemplate(Table):
    """One row per plan template of a school (or, at the district''s own row, of all schools)."""

    __tablename__ = "plan_templates"
    __table_args__ = (
        to("institutions", "district_id", "school_id=institution_id"),
        to("staff", "district_id", "made_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    template_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(Text)
    tier: Mapped[int] = mapped_column(SmallInteger)
    goal: Mapped[str] = mapped_column(Text)
    measure: Mapped[str | None] = mapped_column(Text)
    strategy: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    schedule: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    review_days: Mapped[int] = mapped_column(SmallInteger)
    made_by: Mapped[UUID] = mapped_column(Uuid)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)


class ProgressPoint(Table):
    """One row per plan and day on which somebody recorded how far the goal is reached, 0 to 100
    percent.
    """

    __tablename__ = "progress_points"
    __table_args__ = (
        to("interventions", "district_id", "intervention_id", cascade=True),
        to("staff", "district_id", "recorded_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    intervention_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    recorded_by: Mapped[UUID] = mapped_column(Uuid)
    value: Mapped[float] = mapped_column(REAL)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class PlanEffect(Table):
    """One row per plan: how its learner''s measure went before and after, beside learners alike.
    Rebuilt by a job.
    """

    __tablename__ = "plan_effects"
    __table_args__ = (to("interventions", "district_id", "intervention_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    intervention_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    measure: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text)
    picture: Mapped[Any] = mapped_column(JSONB)
    as_of: Mapped[date] = mapped_column(Date)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class TypeEffect(Table):
    """One row per type of plan, measure and method of a district: the estimated effect. Only
    where at least k learners and three owners stand behind it; made once a week.
    """

    __tablename__ = "type_effects"
    __table_args__ = ()

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    measure: Mapped[str] = mapped_column(Text, primary_key=True)
    method: Mapped[str] = mapped_column(Text, primary_key=True)
    plans: Mapped[int] = mapped_column(Integer)
    estimate: Mapped[float | None] = mapped_column(REAL)
    low: Mapped[float | None] = mapped_column(REAL)
    high: Mapped[float | None] = mapped_column(REAL)
    verdict: Mapped[str] = mapped_column(Text)
    why: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    week_of: Mapped[date] = mapped_column(Date)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
