"""Trains when outcomes have become known, replays past weeks, and keeps alert quality measured.

For a worker that looks in every few minutes: what is due is found by a count, and mostly nothing
is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any, Final

from sqlalchemy import Engine, text

from analytics.risk.boosted import FORMAT
from db.people import Progress, quiet
from db.risk.alerts_now import measure_now
from db.risk.scoring import score
from db.risk.training import train

TRAINED, MEASURED = "risk training", "alert quality"  # watermarks
WAIT: Final = timedelta(hours=20)  # between trainings: results come in over days
OUTDATED: Final = timedelta(hours=6)  # figures on who acted on flags
WEEKS_BACK: Final = 8  # Mondays replayed, so that a learner's chance has a past from the first day


@dataclass(frozen=True)
class Kept:
    """What was done for one district; `why_not` says why there is no new model."""

    district_id: int
    model_version: str
    why_not: str
    days_replayed: int
    measured: bool
    seconds: float

    @property
    def something(self) -> bool:
        """Whether anything was due."""
        return bool(self.model_version or self.why_not or self.days_replayed or self.measured)


def keep_models(
    engine: Engine,
    *,
    now: datetime,
    districts: Sequence[int] | None = None,
    progress: Progress = quiet,
) -> list[Kept]:
    """Does what is due in each district that has a state."""
    with engine.begin() as connection:
        given = {"districts": None if districts is None else list(districts)}
        places = connection.execute(text(_PLACES), given).all()
    done = []
    for place in places:
        began = monotonic()
        version, why_not = _trained(engine, place.district_id, place.as_of, now, progress)
        replayed = _replayed(engine, place.district_id, place.as_of)
        measured = _measured(engine, place.district_id, place.as_of, now)
        took = round(monotonic() - began, 3)
        kept = Kept(place.district_id, version, why_not, replayed, measured, took)
        done += [kept] if kept.something else []
    return done


def _trained(
    engine: Engine, district: int, today: date, now: datetime, progress: Progress
) -> tuple[str, str]:
    """Trains when more outcomes are known than the last time; (version, why there is none)."""
    given = {"district": district, "today": today, "name": TRAINED, "now": now}
    with engine.begin() as connection:
        known = connection.execute(text(_OUTCOMES), given).one()
        last = connection.execute(text(_LAST), given).one_or_none()
        seen = f"{known.classes}/{known.outcomes}/{FORMAT}"
        if not known.outcomes or (last and (last.seen == seen or now - last.updated_at < WAIT)):
            return "", ""
        connection.execute(text(_SEEN), given | {"seen": seen})
    done = train(engine, district=district, today=today, progress=progress)
    return done.in_use or "", done.why_not


def _replayed(engine: Engine, district: int, today: date) -> int:
    """Scores past Mondays that nobody has scored, by what was known then."""
    with engine.begin() as connection:
        found = set(connection.scalars(text(_SCORED_DAYS), {"district": district}))
    if not found:
        return 0  # the worker's own scoring comes first
    monday = today - timedelta(days=today.weekday())
    days = [monday - timedelta(weeks=back) for back in range(WEEKS_BACK, -1, -1)]
    return sum(
        score(engine, district=district, as_of=day).learners > 0
        for day in days
        if day not in found and day < today
    )


def _measured(engine: Engine, district: int, today: date, now: datetime) -> bool:
    given: dict[str, Any] = {"district": district, "today": today, "name": MEASURED, "now": now}
    with engine.begin() as connection:
        seen = connection.scalar(text(_SCORES), given) or ""
        last = connection.execute(text(_LAST), given).one_or_none()
        if last and (last.seen, last.as_of) == (seen, today) and now - last.updated_at < OUTDATED:
            return False
        measure_now(connection, district, now=now)
        connection.execute(text(_SEEN), given | {"seen": seen})
    return True


_PLACES = """
SELECT district_id, as_of FROM chalkline.watermarks WHERE name = 'state'
  AND (CAST(:districts AS integer[]) IS NULL OR district_id = ANY (CAST(:districts AS integer[])))
ORDER BY district_id
"""
_OUTCOMES = """
SELECT count(DISTINCT c.class_id) AS classes, count(*) AS outcomes
FROM chalkline.classes c
JOIN chalkline.enrollments e ON e.district_id = :district AND e.class_id = c.class_id
WHERE c.district_id = :district AND c.ends_on <= :today
  AND (e.final_result IS NOT NULL OR e.status <> 'enrolled')
"""
_LAST = """
SELECT seen, as_of, updated_at FROM chalkline.watermarks
WHERE district_id = :district AND name = :name
"""
_SEEN = """
INSERT INTO chalkline.watermarks AS w
    (district_id, name, seen_xid, seen, as_of, version, updated_at)
VALUES (:district, :name, 0, :seen, :today, 1, :now)
ON CONFLICT (district_id, name) DO UPDATE
SET seen = excluded.seen, as_of = excluded.as_of, version = w.version + 1,
    updated_at = excluded.updated_at
"""
_SCORES = "SELECT seen FROM chalkline.watermarks WHERE district_id = :district AND name = 'risk'"
_SCORED_DAYS = "SELECT DISTINCT as_of FROM chalkline.risk_scores WHERE district_id = :district"
