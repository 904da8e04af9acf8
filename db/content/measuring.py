"""Measures every course of a district that has changed enough, and stores what may be shown.

A course is measured again when at least k learners have rows that its last measurement had not
seen: two measurements never differ by fewer, so comparing yesterday's figure with today's tells
nothing about one child.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from analytics.content.lessons import Outcomes, outcomes
from analytics.content.measuring import measures
from db.content import item_rows, people, reading, section_rows
from db.locks import Work, alone
from db.people import Progress, quiet
from db.refresh.upkeep import prepare
from db.refresh.watermark import places

LEAST_SPLIT: Final = 20  # learners with and without accommodations, each
_SETTLES_AFTER: Final = timedelta(days=7)  # with nothing new, time alone completes a figure
_SETTLED_AFTER: Final = timedelta(days=30)  # after the term's end


@dataclass(frozen=True)
class Measured:
    """What became of one district's courses; `waiting` had news of fewer than k learners."""

    district_id: int
    courses: int
    waiting: int
    sections: int
    items: int
    seconds: float


def measure(
    engine: Engine,
    *,
    district: int,
    now: datetime,
    full: bool = False,
    progress: Progress = quiet,
) -> Measured:
    """Measures the courses of a district with enough news (`full`: all of them) as of its today.

    One transaction a course: what is killed in the middle is measured again. `engine` is of jobs.
    """
    began = monotonic()
    with engine.begin() as connection:
        given = _given(connection, district, now)
        found = people.courses(connection, given)
    done = waiting = sections = items = 0
    for number, course in enumerate(found):
        progress("Measuring courses", number, len(found))
        with engine.begin() as connection:
            alone(connection, Work.CONTENT, district)
            prepare(connection, whole=True)
            news = None if full else _news(connection, given, course)
            if news is not None and not _due(news, given):
                waiting += 0 < news.learners < given["k"]
                continue
            written = _measure(connection, given, course)
            sections, items, done = sections + written[0], items + written[1], done + 1
    progress("Measuring courses", len(found), len(found))
    seconds = round(monotonic() - began, 3)
    return Measured(district, done, waiting, sections, items, seconds)


@dataclass(frozen=True)
class _News:
    """Since the last measurement: learners with new rows (k at most), its day, the term's end."""

    learners: int
    as_of: date
    ends_on: date


def _given(connection: Connection, district: int, now: datetime) -> dict[str, Any]:
    given = places(connection, [district])[0].parameters(now)
    return {**given, "k": connection.scalar(text(_K), given)}


def _news(connection: Connection, given: dict[str, Any], course: people.Course) -> _News | None:
    """What is new of a course; None if it was never measured, or in another cluster's time."""
    where = {
        **given,
        "course": course.course_id,
        "term": course.term_id,
        "classes": list(course.classes),
    }
    last = connection.execute(text(_LAST), where).one_or_none()
    if last is None or last.ahead:
        return None
    where |= {"seen": last.seen, "xmin": last.xmin}
    count = connection.scalar(text(_NEW_LEARNERS), where)
    return _News(int(count or 0), last.as_of, last.ends_on)


def _due(news: _News, given: dict[str, Any]) -> bool:
    if news.learners:
        return news.learners >= int(given["k"])
    settled = news.as_of >= news.ends_on + _SETTLED_AFTER
    return not settled and bool(given["as_of"] - news.as_of >= _SETTLES_AFTER)


def _measure(
    connection: Connection, given: dict[str, Any], course: people.Course
) -> tuple[int, int]:
    """One course; returns how many sections and questions have figures that may be shown."""
    who = people.people(connection, given, course)
    content = reading.content(connection, given, course)
    asked = reading.answers(connection, given, who, content.questions)
    lessons = reading.lessons(connection, given, who, content.sections)
    after: Outcomes = outcomes(lessons, asked.answers, content.taught)
    found = measures(
        lessons,
        after,
        sections=len(content.sections),
        group=who.group,
        holder=who.holder,
        needs=who.needs,
        today=(given["as_of"] - date.fromisoformat(reading.EPOCH)).days,
        k=given["k"],
        least_split=LEAST_SPLIT,
    )
    items = item_rows.write_items(connection, given, who, content, asked)
    sections = section_rows.write_sections(connection, given, course, content, found, items)
    connection.execute(
        text(_MEASURED), {**given, "course": course.course_id, "term": course.term_id}
    )
    return sections, len(items)


_K = """
SELECT least_group FROM chalkline.institutions WHERE district_id = :district AND kind = 'district'
"""
_LAST = """
SELECT m.seen, m.as_of, t.ends_on,
       pg_snapshot_xmin(CAST(m.seen AS pg_snapshot))::text::bigint AS xmin,
       pg_snapshot_xmax(CAST(m.seen AS pg_snapshot))::text::bigint
           > pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS ahead
FROM chalkline.content_measured m
JOIN chalkline.academic_terms t ON t.district_id = :district AND t.term_id = m.term_id
WHERE m.district_id = :district AND m.course_id = :course AND m.term_id = :term
"""
_NEW_LEARNERS = """
SELECT count(*) FROM (
    SELECT learner_id FROM chalkline.item_responses
    WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
      AND ingest_xid >= :xmin
      AND NOT pg_visible_in_snapshot(ingest_xid::text::xid8, CAST(:seen AS pg_snapshot))
    UNION
    SELECT learner_id FROM chalkline.section_progress
    WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
      AND ingest_xid >= :xmin
      AND NOT pg_visible_in_snapshot(ingest_xid::text::xid8, CAST(:seen AS pg_snapshot))
    LIMIT :k) AS news
"""
_MEASURED = """
INSERT INTO chalkline.content_measured (district_id, course_id, term_id, seen, as_of, measured_at)
VALUES (:district, :course, :term, pg_current_snapshot()::text, :as_of, :now)
ON CONFLICT (district_id, course_id, term_id) DO UPDATE
SET seen = excluded.seen, as_of = excluded.as_of, measured_at = excluded.measured_at
"""
