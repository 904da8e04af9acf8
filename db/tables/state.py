"""What pages read instead of history; rebuilt by refresh."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class EnrollmentState(Table):
    """One row per enrolment: what a page needs to know of it as of a day. Rebuilt by refresh."""

    __tablename__ = "enrollment_state"
    __table_args__ = (to("enrollments", "district_id", "class_id", "learner_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    as_of: Mapped[date] = mapped_column(Date)
    enrolled: Mapped[bool] = mapped_column(Boolean)
    last_active_on: Mapped[date | None] = mapped_column(Date)
    active_days_28: Mapped[int] = mapped_column(SmallInteger)
    active_days_before: Mapped[int] = mapped_column(SmallInteger)
    clicks_28: Mapped[int] = mapped_column(Integer)
    clicks_before: Mapped[int] = mapped_column(Integer)
    minutes_28: Mapped[float | None] = mapped_column(REAL)
    help_requests_28: Mapped[int] = mapped_column(Integer)
    weekly_clicks: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    class_activity: Mapped[float | None] = mapped_column(REAL)
    work_due: Mapped[int] = mapped_column(SmallInteger)
    work_missing: Mapped[int] = mapped_column(SmallInteger)
    missing_since: Mapped[date | None] = mapped_column(Date)
    work_late: Mapped[int] = mapped_column(SmallInteger)
    score_mean: Mapped[float | None] = mapped_column(REAL)
    score_recent: Mapped[float | None] = mapped_column(REAL)
    score_percentile: Mapped[float | None] = mapped_column(REAL)
    days_enrolled_28: Mapped[int] = mapped_column(SmallInteger)
    days_absent_28: Mapped[int] = mapped_column(SmallInteger)
    last_absent_on: Mapped[date | None] = mapped_column(Date)
    low_competencies: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    mastered: Mapped[int] = mapped_column(SmallInteger)
    assessed: Mapped[int] = mapped_column(SmallInteger)
    progress: Mapped[float | None] = mapped_column(REAL)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class ActivityDay(Table):
    """One row per learner, class and day with activity. Rebuilt by refresh from
    learning_interactions.
    """

    __tablename__ = "activity_days"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    on_date: Mapped[date] = mapped_column(Date, primary_key=True)
    clicks: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[int | None] = mapped_column(Integer)
    help_requests: Mapped[int] = mapped_column(Integer)
    answers: Mapped[int] = mapped_column(Integer)
    right_answers: Mapped[int] = mapped_column(Integer)


class SectionState(Table):
    """One row per class and section: sufficient statistics of section_progress. Rebuilt by
    refresh.
    """

    __tablename__ = "section_state"
    __table_args__ = (
        to("classes", "district_id", "class_id"),
        to("sections", "section_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    section_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    started: Mapped[int] = mapped_column(Integer)
    completed: Mapped[int] = mapped_column(Integer)
    timed: Mapped[int] = mapped_column(Integer)
    sum_minutes: Mapped[float] = mapped_column(Double)
    sum_minutes_squared: Mapped[float] = mapped_column(Double)
    median_minutes: Mapped[float | None] = mapped_column(REAL)
    checked: Mapped[int] = mapped_column(Integer)
    sum_comprehension: Mapped[float] = mapped_column(Double)
    sum_comprehension_squared: Mapped[float] = mapped_column(Double)
    help_requests: Mapped[int] = mapped_column(Integer)
    learners_helped: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class AssessmentState(Table):
    """One row per class and assessment: sufficient statistics of first attempts, so that
    difficulty, discrimination and KR-20 need no scan. Rebuilt by refresh.
    """

    __tablename__ = "assessment_state"
    __table_args__ = (to("class_assessments", "district_id", "class_id", "assessment_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    class_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    assessment_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    submitted: Mapped[int] = mapped_column(Integer)
    marked: Mapped[int] = mapped_column(Integer)
    late: Mapped[int] = mapped_column(Integer)
    sum_percent: Mapped[float] = mapped_column(Double)
    sum_percent_squared: Mapped[float] = mapped_column(Double)
    median_percent: Mapped[float | None] = mapped_column(REAL)
    passed: Mapped[int] = mapped_column(Integer)
    complete: Mapped[int] = mapped_column(Integer)
    sum_total: Mapped[float] = mapped_column(Double)
    sum_total_squared: Mapped[float] = mapped_column(Double)
    items: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    item_n: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    item_sum: Mapped[list[float]] = mapped_column(ARRAY(Double))
    item_sum_squared: Mapped[list[float]] = mapped_column(ARRAY(Double))
    item_sum_product: Mapped[list[float]] = mapped_column(ARRAY(Double))
    item_upper: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    item_upper_right: Mapped[list[float]] = mapped_column(ARRAY(Double))
    item_lower: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    item_lower_right: Mapped[list[float]] = mapped_column(ARRAY(Double))
    item_options: Mapped[Any] = mapped_column(JSONB)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SchoolGradeState(Table):
    """One row per school, grade and day of snapshot; exact, so read only by the releaser."""

    __tablename__ = "school_grade_state"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    grade_level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    as_of: Mapped[date] = mapped_column(Date, primary_key=True)
    learners: Mapped[int] = mapped_column(Integer)
    active_28: Mapped[int] = mapped_column(Integer)
    sum_progress: Mapped[float] = mapped_column(Double)
    sum_score: Mapped[float] = mapped_column(Double)
    scored: Mapped[int] = mapped_column(Integer)
    chronically_absent: Mapped[int] = mapped_column(Integer)
    flagged: Mapped[int] = mapped_column(Integer)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Watermark(Table):
    """One row per kind of state and district: everything written by transactions before seen_xid
    is in the state.
    """

    __tablename__ = "watermarks"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    seen_xid: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[str] = mapped_column(Text, server_default=DEFAULT)
    as_of: Mapped[date] = mapped_column(Date)
    version: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
