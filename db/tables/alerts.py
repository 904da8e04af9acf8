"""What an administrator decides about the risk model, and how well alerts do."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import REAL, Boolean, Date, DateTime, Integer, SmallInteger, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class RiskDue(Table):
    """One row per class with news since its learners were last scored."""

    __tablename__ = "risk_due"
    __table_args__ = (to("classes", "district_id", "class_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)


class RiskDecision(Table):
    """One row per decision of an administrator about the risk model; the latest holds."""

    __tablename__ = "risk_decisions"
    __table_args__ = (to("staff", "district_id", "decided_by=staff_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    decision_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    kind: Mapped[str] = mapped_column(Text)
    line: Mapped[float] = mapped_column(REAL)
    decided_by: Mapped[UUID] = mapped_column(Uuid)
    decided_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)


class AlertQuality(Table):
    """One row per alert and basis: how its flags fared against known outcomes."""

    __tablename__ = "alert_quality"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    alert: Mapped[str] = mapped_column(Text, primary_key=True)
    basis: Mapped[str] = mapped_column(Text, primary_key=True)
    window_from: Mapped[date | None] = mapped_column(Date)
    window_to: Mapped[date | None] = mapped_column(Date)
    learners: Mapped[int | None] = mapped_column(Integer)
    went_wrong: Mapped[int | None] = mapped_column(Integer)
    flagged: Mapped[int | None] = mapped_column(Integer)
    flagged_right: Mapped[int | None] = mapped_column(Integer)
    lead_days: Mapped[float | None] = mapped_column(REAL)
    raised: Mapped[int | None] = mapped_column(Integer)
    acted_on: Mapped[int | None] = mapped_column(Integer)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AlertGroup(Table):
    """One row per alert, protected attribute and group: its errors, or that they are withheld."""

    __tablename__ = "alert_groups"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    alert: Mapped[str] = mapped_column(Text, primary_key=True)
    attribute: Mapped[str] = mapped_column(Text, primary_key=True)
    group_value: Mapped[str] = mapped_column(Text, primary_key=True)
    shown: Mapped[bool] = mapped_column(Boolean)
    passed: Mapped[int | None] = mapped_column(Integer)
    passed_flagged: Mapped[int | None] = mapped_column(Integer)
    failed: Mapped[int | None] = mapped_column(Integer)
    failed_flagged: Mapped[int | None] = mapped_column(Integer)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AlertLine(Table):
    """One row per kind of model and line (percent): what flagging from there on means."""

    __tablename__ = "alert_lines"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    learners: Mapped[int | None] = mapped_column(Integer)
    went_wrong: Mapped[int | None] = mapped_column(Integer)
    flagged: Mapped[int | None] = mapped_column(Integer)
    flagged_right: Mapped[int | None] = mapped_column(Integer)
    teacher_weeks: Mapped[float | None] = mapped_column(REAL)
    busiest_week: Mapped[int | None] = mapped_column(Integer)
    lead_days: Mapped[float | None] = mapped_column(REAL)
    now_scored: Mapped[int] = mapped_column(Integer)
    now_flagged: Mapped[int] = mapped_column(Integer)
    now_false: Mapped[float] = mapped_column(REAL)
    now_teachers: Mapped[int] = mapped_column(Integer)
    measured_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
