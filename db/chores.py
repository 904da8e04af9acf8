"""What the worker does now and then, each once and never raising: the next time tries again.

Logs and job_runs say what kind of error there was and never quote the database, since its messages
hold rows.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, ClassVar, Final, Protocol

import orjson
from sqlalchemy import Connection, Engine, text

from db.partitions import ensure_months
from db.refresh import RefreshError, refresh
from db.refresh.due import waiting
from db.refresh.upkeep import summarise

AHEAD: Final = timedelta(days=93)
RUNS_KEPT_DAYS: Final = 14
_log = logging.getLogger("chalkline.worker")


class Recorded(Protocol):
    """What a job says of a district: a dataclass whose fields become the run's detail."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def district_id(self) -> int: ...


@dataclass(frozen=True)
class Chore:
    """Work of a layer above that the worker does now and then: what it is called, when (cron), and
    the work, which says what it did (for job_runs) or None for nothing.
    """

    name: str
    cron: str
    work: Callable[[Engine, datetime], dict[str, Any] | None]


def do(engine: Engine, chore: Chore) -> None:
    """Does a chore once and notes what it did. Never raises: the next time tries again."""
    started = datetime.now(UTC)
    try:
        detail = chore.work(engine, started)
        if detail is not None:
            with engine.begin() as connection:
                _note(connection, chore.name, None, detail, started)
    except Exception as error:
        _failed(engine, chore.name, None, error, started)


def keep_fresh(engine: Engine) -> float:
    """One look for what is new, and its refresh; returns the seconds spent on finding nothing.

    Never raises: what went wrong is noted, and the next look tries again.
    """
    began = monotonic()
    started = datetime.now(UTC)
    try:
        done = refresh(engine, now=started).districts
    except RefreshError as error:
        done = error.done
        for district, why in error.failed.items():
            _failed(engine, "refresh", district, why, started)
    except Exception as error:
        done = ()
        _failed(engine, "refresh", None, error, started)
    changed = [refreshed for refreshed in done if refreshed.rows]
    with suppress(Exception), engine.begin() as connection:
        for refreshed in changed:
            _record(connection, "refresh", refreshed, started)
    return 0.0 if changed else monotonic() - began


def keep_scored(engine: Engine) -> None:
    """One look for classes that wait to be scored, and their scoring. Never raises."""
    started = datetime.now(UTC)
    try:
        with engine.begin() as connection:
            districts = waiting(connection)
        if not districts:
            return
        from db.risk.daily import bring_scores  # here: most looks find nothing and load no model

        done = bring_scores(engine, now=started, districts=districts)
        with engine.begin() as connection:
            for brought in done:
                _record(connection, "risk", brought, started)
    except Exception as error:
        _failed(engine, "risk", None, error, started)


def keep_models(engine: Engine) -> None:
    """Trains, replays and measures what is due."""
    started = datetime.now(UTC)
    try:
        from db.risk.termly import (
            keep_models as keep,  # here: a worker's start need not wait for it
        )

        done = keep(engine, now=started)
        with engine.begin() as connection:
            for kept in done:
                _record(connection, "models", kept, started)
    except Exception as error:
        _failed(engine, "models", None, error, started)


def tidy(engine: Engine) -> None:
    started = datetime.now(UTC)
    try:
        with engine.begin() as connection:
            _months_ahead(connection)
        with engine.begin() as connection:
            summarise(connection)
            connection.execute(text(_FORGET_RUNS), {"days": RUNS_KEPT_DAYS})
    except Exception as error:
        _failed(engine, "upkeep", None, error, started)


def _months_ahead(connection: Connection) -> None:
    """Months for new rows, at each district's today; a fixed day in the past has its own.

    A new month locks out every reader for a moment: behind a loader it would wait, and they behind
    it, so it gives up and tries again in an hour.
    """
    connection.execute(text("SET LOCAL lock_timeout = '2s'"))
    days = {row.today for row in connection.execute(text(_TODAYS))} | {datetime.now(UTC).date()}
    for day in sorted(days):
        ensure_months(connection, day, day + AHEAD)


def _record(connection: Connection, job: str, district: Recorded, started: datetime) -> None:
    detail = {key: value for key, value in asdict(district).items() if key != "district_id"}
    _note(connection, job, district.district_id, detail, started)


def _note(
    connection: Connection,
    job: str,
    district: int | None,
    detail: dict[str, Any],
    started: datetime,
) -> None:
    connection.execute(
        text(_DONE),
        {
            "district": district,
            "job": job,
            "detail": _json(detail),
            "started": started,
            "finished": datetime.now(UTC),
        },
    )


def _failed(
    engine: Engine, job: str, district: int | None, error: Exception, started: datetime
) -> None:
    """Notes a failure, once in ten minutes while it goes on."""
    kind = type(error).__name__
    state = getattr(getattr(error, "orig", error), "sqlstate", None)
    _log.warning("%s of district %s failed (%s %s).", job, district or "any", kind, state or "")
    with suppress(Exception), engine.begin() as connection:
        connection.execute(
            text(_FAILED),
            {
                "district": district,
                "job": job,
                "detail": _json({"error": kind, "sqlstate": state}),
                "started": started,
                "finished": datetime.now(UTC),
            },
        )


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_TODAYS = (
    "SELECT DISTINCT chalkline.today(district_id) AS today FROM chalkline.institutions "
    "WHERE kind = 'district'"
)
_FORGET_RUNS = (
    "DELETE FROM chalkline.job_runs WHERE started_at < now() - make_interval(days => :days)"
)
_DONE = """
INSERT INTO chalkline.job_runs (district_id, job, state, detail, started_at, finished_at)
VALUES (:district, :job, 'done', CAST(:detail AS jsonb), :started, :finished)
"""
_FAILED = """
INSERT INTO chalkline.job_runs (district_id, job, state, detail, started_at, finished_at)
SELECT :district, :job, 'failed', CAST(:detail AS jsonb), :started, :finished
WHERE NOT EXISTS (
    SELECT FROM chalkline.job_runs r
    WHERE r.job = :job AND r.state = 'failed' AND r.district_id IS NOT DISTINCT FROM :district
      AND r.detail = CAST(:detail AS jsonb)
      AND r.started_at > CAST(:started AS timestamptz) - interval '10 minutes')
"""
