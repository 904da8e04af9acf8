"""What lms-database-guide.md computes, beside the truth and beside what Chalkline computes.

The document's views and functions are quoted as they stand. Repaired, only so that they run at
all: inline ENUMs became types, `engagement_level::int` (which PostgreSQL refuses) a place in the
enumeration, and the tables are views over Maths 7B of the cast. Its course is our class.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DataError

from db.refresh import refresh
from tests import cast
from tests.conftest import District

CLASS, ANA = cast.class_id("Maths 7B"), cast.of("Ana Ruiz")
MORE_SECTIONS = 10  # so many more, finished on one day, and the document's velocity overflows

TABLES = """
CREATE SCHEMA guide;
SET search_path = guide;
CREATE TYPE engagement AS ENUM ('low', 'medium', 'high', 'very_high');
CREATE VIEW learners AS SELECT learner_id AS id, NULL::text AS learning_style, academic_level,
    preferred_difficulty FROM chalkline.learners WHERE district_id = 1;
CREATE VIEW educational_courses AS SELECT class_id AS id, title, NULL::text AS difficulty_level
    FROM chalkline.classes WHERE district_id = 1;
CREATE VIEW course_enrollments AS SELECT e.learner_id, e.class_id AS course_id,
    e.status AS completion_status, NULL::numeric AS overall_progress,
    NULL::numeric AS engagement_score, (SELECT sum(i.duration_seconds) / 60
        FROM chalkline.learning_interactions i WHERE i.district_id = 1
        AND i.class_id = e.class_id AND i.learner_id = e.learner_id) AS total_time_spent
    FROM chalkline.enrollments e WHERE e.district_id = 1;
CREATE VIEW section_progress AS SELECT learner_id, class_id AS course_id, section_id,
    completion_percentage::numeric, comprehension::numeric AS comprehension_score,
    retention::numeric AS retention_score, application::numeric AS application_score,
    interactions AS interaction_count, interactions AS meaningful_interactions,
    now() - (timestamptz '2026-03-20 12:00Z' - last_opened_at) AS updated_at
    FROM chalkline.section_progress WHERE district_id = 1;
CREATE VIEW educational_assessments AS
    SELECT md5(class_id::text || assessment_id)::uuid AS id, class_id AS course_id
    FROM chalkline.class_assessments WHERE district_id = 1;
CREATE VIEW assessment_attempts AS SELECT attempt_id AS id, learner_id,
    md5(class_id::text || assessment_id)::uuid AS assessment_id, percent AS percentage_score, passed
    FROM chalkline.assessment_attempts WHERE district_id = 1;
CREATE VIEW learning_sessions AS SELECT session_id AS id, learner_id,
    active_seconds / 60 AS duration_minutes, engagement::guide.engagement AS engagement_level,
    NULL::numeric AS focus_score, NULL::numeric AS productivity_score
    FROM chalkline.learning_sessions WHERE district_id = 1;
CREATE VIEW learning_interactions AS SELECT learner_id, type AS interaction_type,
    NULL::numeric AS learning_effectiveness
    FROM chalkline.learning_interactions WHERE district_id = 1;
"""

# What its materialized view learning_analytics_dashboard joins.
DASHBOARD = """
FROM educational_courses c
LEFT JOIN course_enrollments e ON c.id = e.course_id
LEFT JOIN section_progress sp ON c.id = sp.course_id
LEFT JOIN educational_assessments ea ON c.id = ea.course_id
LEFT JOIN assessment_attempts aa ON ea.id = aa.assessment_id
"""

LEARNER_VIEW = """
CREATE MATERIALIZED VIEW learner_progress_analytics AS
SELECT
    l.id as learner_id,
    l.learning_style,
    l.academic_level,
    l.preferred_difficulty,
    COUNT(DISTINCT e.course_id) as courses_enrolled,
    COUNT(DISTINCT CASE WHEN e.completion_status = 'completed' THEN e.course_id END)
        as courses_completed,
    AVG(e.overall_progress) as average_course_progress,
    SUM(e.total_time_spent) as total_learning_time_minutes,
    AVG(ls.duration_minutes) as average_session_duration,
    COUNT(DISTINCT ls.id) as total_learning_sessions,
    AVG(sp.comprehension_score) as overall_comprehension,
    AVG(sp.retention_score) as overall_retention,
    AVG(sp.application_score) as overall_application,
    AVG(array_position(enum_range(NULL::engagement), ls.engagement_level))
        as average_engagement_level,
    AVG(ls.focus_score) as average_focus_score,
    AVG(ls.productivity_score) as average_productivity_score,
    AVG(aa.percentage_score) as average_assessment_performance,
    COUNT(DISTINCT aa.id) as total_assessments_taken,
    MODE() WITHIN GROUP (ORDER BY li.interaction_type) as preferred_interaction_type,
    AVG(li.learning_effectiveness) as interaction_learning_effectiveness,
    NOW() as last_updated
FROM learners l
LEFT JOIN course_enrollments e ON l.id = e.learner_id
LEFT JOIN section_progress sp ON l.id = sp.learner_id
LEFT JOIN learning_sessions ls ON l.id = ls.learner_id
LEFT JOIN learning_interactions li ON l.id = li.learner_id
LEFT JOIN assessment_attempts aa ON l.id = aa.learner_id
GROUP BY l.id, l.learning_style, l.academic_level, l.preferred_difficulty
"""

VELOCITY = """
CREATE OR REPLACE FUNCTION calculate_learning_velocity(
    p_learner_id UUID,
    p_course_id UUID,
    p_timeframe_days INTEGER DEFAULT 30
)
RETURNS DECIMAL(5,2) AS $$
DECLARE
    velocity DECIMAL(5,2);
BEGIN
    -- Calculate learning velocity as progress per unit time
    SELECT
        COALESCE(
            SUM(
                CASE
                    WHEN sp.updated_at >= NOW() - INTERVAL '1 day' * p_timeframe_days
                    THEN sp.completion_percentage
                    ELSE 0
                END
            ) / GREATEST(p_timeframe_days, 1),
            0
        )
    INTO velocity
    FROM section_progress sp
    WHERE sp.learner_id = p_learner_id
    AND sp.course_id = p_course_id;

    RETURN velocity;
END;
$$ LANGUAGE plpgsql
"""

EFFECTIVENESS = """
CREATE OR REPLACE FUNCTION calculate_course_effectiveness(
    p_course_id UUID
)
RETURNS JSONB AS $$
DECLARE
    effectiveness JSONB;
BEGIN
    SELECT jsonb_build_object(
        'completion_rate',
        ROUND(
            COUNT(CASE WHEN e.completion_status = 'completed' THEN 1 END)::DECIMAL
            / NULLIF(COUNT(*), 0) * 100,
            2
        ),
        'average_learning_time_hours',
        ROUND(AVG(e.total_time_spent) / 60.0, 2),
        'average_comprehension_score',
        ROUND(AVG(sp.comprehension_score), 2),
        'average_retention_score',
        ROUND(AVG(sp.retention_score), 2),
        'average_engagement_score',
        ROUND(AVG(e.engagement_score), 2),
        'total_learners',
        COUNT(DISTINCT e.learner_id),
        'assessment_pass_rate',
        ROUND(
            COUNT(CASE WHEN aa.passed = true THEN 1 END)::DECIMAL
            / NULLIF(COUNT(aa.id), 0) * 100,
            2
        )
    )
    INTO effectiveness
    FROM course_enrollments e
    LEFT JOIN section_progress sp ON e.learner_id = sp.learner_id AND e.course_id = sp.course_id
    LEFT JOIN educational_assessments ea ON e.course_id = ea.course_id
    LEFT JOIN assessment_attempts aa ON ea.id = aa.assessment_id AND e.learner_id = aa.learner_id
    WHERE e.course_id = p_course_id;

    RETURN effectiveness;
END;
$$ LANGUAGE plpgsql
"""

# Maths 7B is Ana and Dev. Ana completes the course, with two sections and a passed quiz; Dev has
# one section and fails. Both sections of the course have been opened to the class.
MEANWHILE = """
UPDATE chalkline.sections SET opens_week = 0;
UPDATE chalkline.enrollments SET status = 'completed' WHERE class_id = :class AND learner_id = :ana;
UPDATE chalkline.assessment_attempts SET passed = false, percent = 25
    WHERE class_id = :class AND learner_id <> :ana;
INSERT INTO chalkline.section_progress
    (district_id, class_id, learner_id, section_id, status, completion_percentage, comprehension,
     first_opened_at, last_opened_at, completed_at)
    SELECT 1, :class, :ana, section_id, 'completed', 100, 0.9, :at, :at, :at
    FROM chalkline.sections WHERE title = 'Unit rates';
"""
AT_ONCE = """
INSERT INTO chalkline.sections
    (section_id, module_id, course_id, position, title, content_type, opens_week)
    SELECT gen_random_uuid(), :unit, :course, 50 + n, 'Section ' || n, 'text', 0
    FROM generate_series(1, :more) n;
INSERT INTO chalkline.section_progress
    (district_id, class_id, learner_id, section_id, status, completion_percentage,
     first_opened_at, last_opened_at, completed_at)
    SELECT 1, :class, :ana, section_id, 'completed', 100, :at, :at, :at
    FROM chalkline.sections WHERE position > 50;
"""


@pytest.fixture
def db(district: District) -> Iterator[Connection]:
    """A superuser's connection to the document's tables over the cast, our state made beside."""
    engine = create_engine(district.super_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        _several(connection, TABLES)
        _several(connection, MEANWHILE)
        for statement in (LEARNER_VIEW, VELOCITY, EFFECTIVENESS):
            connection.execute(text(statement))
        refresh(district.jobs, full=True, now=cast.NOW)
        yield connection
    engine.dispose()


def _several(db: Connection, statements: str) -> None:
    given = {
        "class": CLASS,
        "ana": ANA,
        "at": datetime(2026, 3, 20, 9, tzinfo=UTC),
        "unit": cast.UNIT,
        "course": cast.COURSE,
        "more": MORE_SECTIONS,
    }
    for statement in filter(str.strip, statements.split(";\n")):
        db.execute(text(statement), given)


def _one(db: Connection, statement: str) -> float:
    return float(db.execute(text(statement), {"class": CLASS, "ana": ANA}).scalar_one())


def _effectiveness(db: Connection, figure: str) -> float:
    return _one(db, f"SELECT calculate_course_effectiveness(:class) ->> '{figure}'")


def test_the_dashboard_view_multiplies_what_it_should_add(db: Connection) -> None:
    joined = _one(db, f"SELECT count(*) {DASHBOARD} WHERE c.id = :class")
    enrolled, sections, attempts = (
        _one(
            db,
            f"SELECT count(*) FROM chalkline.{table} WHERE district_id = 1 AND class_id = :class",
        )
        for table in ("enrollments", "section_progress", "assessment_attempts")
    )
    assert (enrolled, sections, attempts) == (2, 3, 2)
    assert joined == enrolled * sections * attempts
    # Ours: a row per section, made from each learner's row once.
    assert _one(db, "SELECT sum(started) FROM chalkline.section_state WHERE class_id = :class") == 3


def test_the_learner_view_counts_time_once_for_every_other_row(db: Connection) -> None:
    wrong = _one(
        db,
        "SELECT total_learning_time_minutes FROM learner_progress_analytics"
        " WHERE learner_id = :ana",
    )
    right = _one(
        db,
        "SELECT sum(duration_seconds) / 60 FROM chalkline.learning_interactions "
        "WHERE district_id = 1 AND learner_id = :ana",
    )
    ours = _one(
        db,
        "SELECT sum(seconds) / 60 FROM chalkline.activity_days "
        "WHERE district_id = 1 AND learner_id = :ana",
    )
    assert right == 60
    sections, sittings, interactions, attempts = 3, 2, 6, 2
    assert wrong == right * sections * sittings * interactions * attempts
    assert ours == right


def test_course_effectiveness_weighs_learners_by_their_rows(db: Connection) -> None:
    assert _effectiveness(db, "completion_rate") == pytest.approx(66.67)
    assert _effectiveness(db, "assessment_pass_rate") == pytest.approx(66.67)
    # One of the two learners has completed the course, one of the two has passed.
    completed = (
        "SELECT 100.0 * count(*) FILTER (WHERE status = 'completed') / count(*) "
        "FROM chalkline.enrollments WHERE district_id = 1 AND class_id = :class"
    )
    passed = (
        "SELECT 100.0 * passed / marked FROM chalkline.assessment_state WHERE class_id = :class"
    )
    assert _one(db, completed) == 50
    assert _one(db, passed) == 50


def test_learning_velocity_adds_whole_percentages_of_sections(db: Connection) -> None:
    days = 30
    wrong = _one(db, f"SELECT calculate_learning_velocity(:ana, :class, {days})") * days
    ours = _progress(db)
    assert wrong == pytest.approx(200, abs=1)  # per cent of a course of two sections
    assert ours == 1.0  # all of it


def test_learning_velocity_overflows_after_a_good_day(district: District, db: Connection) -> None:
    _several(db, AT_ONCE)
    with pytest.raises(DataError, match="numeric field overflow"):
        _one(db, "SELECT calculate_learning_velocity(:ana, :class, 1)")
    refresh(district.jobs, full=True, now=cast.NOW)
    assert _progress(db) == 1.0


def _progress(db: Connection) -> float:
    return _one(
        db,
        "SELECT progress FROM chalkline.enrollment_state "
        "WHERE district_id = 1 AND class_id = :class AND learner_id = :ana",
    )
