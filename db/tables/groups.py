"""Groups of learners that a teacher keeps to teach something again."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, DateTime, Integer, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class KeptGroup(Table):
    """One row per group of a class that its teacher keeps to teach a competency again."""

    __tablename__ = "kept_groups"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("competencies", "competency_id"),
        to("staff", "district_id", "changed_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    group_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    competency_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    meets: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    made_on: Mapped[date] = mapped_column(Date)
    done_on: Mapped[date | None] = mapped_column(Date)
    changed_by: Mapped[UUID] = mapped_column(Uuid)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class KeptGroupLearner(Table):
    """One row per learner of a kept group; `left_on` is the day she was taken out of it."""

    __tablename__ = "kept_group_learners"
    __table_args__ = (
        to("kept_groups", "district_id", "class_id", "group_id", cascade=True),
        to("enrollments", "district_id", "class_id", "learner_id", cascade=True),
        to("staff", "district_id", "changed_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    group_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    joined_on: Mapped[date] = mapped_column(Date)
    left_on: Mapped[date | None] = mapped_column(Date)
    changed_by: Mapped[UUID] = mapped_column(Uuid)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
