"""Finds what is new since a district's watermark, and so what of its state must be made again."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from db.refresh.watermark import Place

MOST: Final = 20_000  # more new learner-days than this: making everything again is quicker

Day = tuple[UUID, UUID, date]
"""(class, learner, day)"""
Paper = tuple[UUID, UUID]
"""(class, assessment)"""


@dataclass(frozen=True)
class Dirty:
    """What new rows are about. Everything derived from these is made again, wholly."""

    days: frozenset[Day]
    papers: frozenset[Paper]
    classes: frozenset[UUID]
    answered: frozenset[UUID]
    attended: frozenset[UUID]

    @property
    def something(self) -> bool:
        return bool(self.days or self.papers or self.classes or self.answered or self.attended)


def districts_with_news(connection: Connection, known: Sequence[Place]) -> set[int]:
    """Districts with a row that their state has not seen; a few milliseconds when there is none."""
    if not known:
        return set()
    with _by_index(connection, planned_once=True):
        found = connection.scalars(
            text(_NEWS),
            {
                "districts": [place.district_id for place in known],
                "snapshots": [place.snapshot for place in known],
                "running": sorted({xid for place in known for xid in place.running}),
                "next": min(place.next_xid for place in known),
                "most": max(place.now_xmax for place in known),
            },
        )
        return set(found)


def dirty(connection: Connection, place: Place, given: Mapping[str, Any]) -> Dirty | None:
    """What is to be made again; None when that is so much that all of it should be."""
    days: set[Day] = set()
    papers: set[Paper] = set()
    classes: set[UUID] = set()
    answered: set[UUID] = set()
    attended: set[UUID] = set()
    with _by_index(connection):
        for when in (_NEW, _BECAME_KNOWN) if place.rolled else (_NEW,):
            for row in connection.execute(text(_DAYS.format(**when)), given):
                days.add((row.class_id, row.learner_id, row.on_date))
            for row in connection.execute(text(_ANSWERS.format(**when)), given):
                days.add((row.class_id, row.learner_id, row.on_date))
                papers.add((row.class_id, row.assessment_id))
                answered.add(row.learner_id)
            if len(days) > MOST:
                return None
            for row in connection.execute(text(_ATTEMPTS.format(**when)), given):
                papers.add((row.class_id, row.assessment_id))
            classes.update(connection.scalars(text(_PROGRESS.format(**when)), given))
            attended.update(connection.scalars(text(_ATTENDANCE.format(**when)), given))
    classes.update(day[0] for day in days)
    classes.update(paper[0] for paper in papers)
    return Dirty(
        frozenset(days),
        frozenset(papers),
        frozenset(classes),
        frozenset(answered),
        frozenset(attended),
    )


@contextmanager
def _by_index(connection: Connection, *, planned_once: bool = False) -> Iterator[None]:
    """Keeps the planner, without statistics of what was just written, from reading whole tables.

    `planned_once` suits the look that is repeated every two seconds: two years of months take
    longer to plan (20 ms) than to look through. For the rest only a plan that knows the district
    and the day finds the right index.
    """
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    if planned_once:
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
    yield
    connection.execute(text("SET LOCAL enable_seqscan TO DEFAULT"))


_SOURCES = (
    "learning_interactions",
    "item_responses",
    "assessment_attempts",
    "section_progress",
    "attendance",
)
# The first line is what the index can find: what ran at the time of the snapshot, or came after.
_UNSEEN = """
(t.ingest_xid = ANY (CAST(:running AS bigint[])) OR t.ingest_xid >= :next AND t.ingest_xid < :most)
AND NOT pg_visible_in_snapshot(t.ingest_xid::text::xid8, CAST({snapshot} AS pg_snapshot))
"""
_NEWS = "\nUNION\n".join(
    f"SELECT t.district_id FROM chalkline.{source} t "
    "JOIN unnest(CAST(:districts AS integer[]), CAST(:snapshots AS text[])) "
    "AS k(district_id, seen) ON k.district_id = t.district_id "
    f"WHERE {_UNSEEN.format(snapshot='k.seen')}"
    for source in _SOURCES
)

# Each question is asked of rows written since the watermark and, when a day has passed, of rows
# that lay in the future until then (historical data that is replayed).
UNSEEN_HERE = _UNSEEN.format(snapshot=":snapshot")
_WINDOW = "{0} >= :was_cut AND {0} < :cut"
_NEW = dict.fromkeys(("happened", "answered", "attempted", "progressed", "on_date"), UNSEEN_HERE)
_BECAME_KNOWN = {
    "happened": _WINDOW.format("t.occurred_at"),
    "answered": _WINDOW.format("t.answered_at"),
    "attempted": " OR ".join(
        f"({_WINDOW.format(f't.{column}')})"
        for column in ("started_at", "submitted_at", "marked_at")
    ),
    "progressed": " OR ".join(
        f"({_WINDOW.format(f't.{column}')})"
        for column in ("first_opened_at", "last_opened_at", "completed_at")
    ),
    "on_date": "t.on_date > :was AND t.on_date <= :as_of",
}

_DAYS = f"""
SELECT DISTINCT t.class_id, t.learner_id, (t.occurred_at AT TIME ZONE :tz)::date AS on_date
FROM chalkline.learning_interactions t
WHERE t.district_id = :district AND t.occurred_at < :cut AND ({{happened}}) LIMIT {MOST + 1}
"""
_ANSWERS = f"""
SELECT DISTINCT t.class_id, t.learner_id, (t.answered_at AT TIME ZONE :tz)::date AS on_date,
       i.assessment_id
FROM chalkline.item_responses t
JOIN chalkline.assessment_items i ON i.district_id = t.district_id AND i.item_id = t.item_id
WHERE t.district_id = :district AND t.answered_at < :cut AND ({{answered}}) LIMIT {MOST + 1}
"""
_ATTEMPTS = """
SELECT DISTINCT t.class_id, t.assessment_id FROM chalkline.assessment_attempts t
WHERE t.district_id = :district AND ({attempted})
"""
_PROGRESS = """
SELECT DISTINCT t.class_id FROM chalkline.section_progress t
WHERE t.district_id = :district AND ({progressed})
"""
_ATTENDANCE = """
SELECT DISTINCT t.learner_id FROM chalkline.attendance t
WHERE t.district_id = :district AND ({on_date})
"""
