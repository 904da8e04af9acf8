"""What is worked out at night, district by district: how content teaches, how cohorts learn, and
once a week the model behind mastery."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Connection, Engine, text

from db.content import measure
from db.knowledge.fitting import fit_weekly
from db.patterns import analyse
from db.people import Progress, quiet

JOB: Final = "night"
NIGHT_ENDS: Final = 6  # o'clock, where the schools are
REST: Final = timedelta(hours=20)  # at least, between two nights' work
LATEST: Final = timedelta(hours=44)  # from then on without waiting for night: it was missed


@dataclass(frozen=True)
class Night:
    """What one district's night's work came to, by job."""

    district_id: int
    content: dict[str, Any]
    cohorts: dict[str, Any]


def work_through(
    engine: Engine,
    *,
    district: int,
    now: datetime,
    full: bool = False,
    progress: Progress = quiet,
) -> Night:
    """A district's whole night's work; `full`: also what has not changed enough to matter."""
    content = asdict(measure(engine, district=district, now=now, full=full, progress=progress))
    cohorts = asdict(analyse(engine, district=district, now=now, full=full, progress=progress))
    fitted = fit_weekly(engine, district=district, now=now, progress=progress)
    with engine.begin() as connection:
        detail = orjson.dumps(
            {"content": content, "cohorts": cohorts, "mastery": fitted and fitted.version}
        ).decode()
        connection.execute(
            text(_DONE), {"district": district, "job": JOB, "detail": detail, "started": now}
        )
    return Night(district, content, cohorts)


def due(connection: Connection, *, now: datetime) -> Iterator[int]:
    """Districts whose night's work is due; at first at any hour."""
    for row in connection.execute(text(_DISTRICTS), {"job": JOB}).all():
        since = None if row.last is None else now - row.last
        if since is None or since >= LATEST or (since >= REST and _night(now, row.timezone)):
            yield row.district_id


def _night(now: datetime, zone: str) -> bool:
    return now.astimezone(ZoneInfo(zone)).hour < NIGHT_ENDS


def work_nights(engine: Engine, now: datetime) -> None:
    """The night's work of every district for which it is due.

    One district's failure keeps no other waiting; the first is raised when all have had their turn.
    """
    with engine.begin() as connection:
        waiting = list(due(connection, now=now))
    failed: list[Exception] = []
    for district in waiting:
        try:
            work_through(engine, district=district, now=now)
        except Exception as error:  # noted by the caller, who quotes no data
            failed.append(error)
    if failed:
        raise failed[0]


_DISTRICTS = """
SELECT i.district_id, max(r.started_at) AS last,
       i.timezone
FROM chalkline.institutions i
LEFT JOIN chalkline.job_runs r
  ON r.district_id = i.district_id AND r.job = :job AND r.state = 'done'
WHERE i.kind = 'district' GROUP BY i.district_id, i.timezone ORDER BY 1
"""
_DONE = """
INSERT INTO chalkline.job_runs (district_id, job, state, detail, started_at, finished_at)
VALUES (:district, :job, 'done', CAST(:detail AS jsonb), :started, clock_timestamp())
"""
