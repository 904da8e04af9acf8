"""Times the work that nobody waits for: scores, content, cohorts, the mastery model, effects."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import perf_counter, process_time
from typing import Any, Final

from sqlalchemy import Engine, text

from bench.freshness import clone
from bench.home import Home, Say
from db import engine
from db.content import measure
from db.effects import measure_effects
from db.knowledge.fitting import fit_district
from db.patterns import analyse
from db.refresh import refresh
from db.risk.daily import bring_scores

SCORES_TO_REACH: Final = 60.0  # seconds, for 10,000 learners
_SIZE: Final = """
SELECT (SELECT count(*) FROM chalkline.learners WHERE district_id = :district) AS learners,
       (SELECT count(*) FROM chalkline.enrollments WHERE district_id = :district) AS enrolments,
       (SELECT count(*) FROM chalkline.learning_interactions WHERE district_id = :district)
           AS interactions,
       (SELECT count(*) FROM chalkline.item_responses WHERE district_id = :district) AS answers
"""
_DAY_ON: Final = """
UPDATE chalkline.institutions SET clock_on = chalkline.today(:district) + 1
WHERE district_id = :district AND kind = 'district'
"""


def run(home: Home, say: Say) -> dict[str, Any]:
    """Each job once, from nothing, on a copy of the district: seconds by the clock, and our own
    processor's share of them (the rest is PostgreSQL's, and waiting)."""
    district, now = home.district_id, datetime.now(UTC)
    with clone(home) as (_, owner_url):
        jobs = engine.jobs(owner_url)
        with jobs.begin() as connection:
            size = connection.execute(text(_SIZE), {"district": district}).one()
        work: dict[str, Callable[[Engine], Any]] = {
            "state of every class": lambda jobs: refresh(jobs, now=now, full=True),
            "state of a new day": lambda jobs: _next_day(jobs, district, now),
            "scores of every learner": lambda jobs: bring_scores(jobs, now=now, everything=True),
            "content and questions": lambda jobs: measure(
                jobs, district=district, now=now, full=True
            ),
            "patterns of cohorts": lambda jobs: analyse(
                jobs, district=district, now=now, full=True
            ),
            "the mastery model, fitted": lambda jobs: fit_district(
                jobs, district=district, now=now
            ),
            "state under the new model": lambda jobs: refresh(jobs, now=now),
            "what plans have done": lambda jobs: measure_effects(jobs, now=now),
        }
        took = [_timed(name, do, jobs, say) for name, do in work.items()]
        jobs.dispose()
    return {"size": size._asdict(), "jobs": took}


def _next_day(jobs: Engine, district: int, now: datetime) -> None:
    """What the first refresh after midnight does: of every class what depends on the day."""
    with jobs.begin() as connection:
        connection.execute(text(_DAY_ON), {"district": district})
    refresh(jobs, now=now)


def _timed(name: str, do: Callable[[Engine], Any], jobs: Engine, say: Say) -> dict[str, Any]:
    say(f"Timing {name} ...")
    began, spent = perf_counter(), process_time()
    do(jobs)
    return {"job": name, "seconds": perf_counter() - began, "own": process_time() - spent}
