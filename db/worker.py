"""The process that keeps the state fresh: procrastinate on the same PostgreSQL, until stopped.

Every two seconds a job looks for new rows and refreshes what they are about, and another scores
it; every five minutes one sees whether a term has ended, so that the risk model learns from it;
every hour another makes months ahead and tidies up. The worker may be killed at any time (a refresh
is one transaction a district), waits for a database that is away, and ends with the process it was
started by. Logs and job_runs say what kind of error there was and never quote the database, since
its messages hold rows.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, ClassVar, Final, Protocol

import orjson
import procrastinate
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, text

from db.engine import jobs, step_up, urls
from db.partitions import ensure_months
from db.refresh import RefreshError, refresh
from db.refresh.due import waiting
from db.refresh.upkeep import summarise
from db.settings import Settings

TICK: Final = "* * * * * */2"  # cron with seconds
HOURLY: Final = "7 * * * *"
TERMLY: Final = "*/5 * * * *"  # whether a term has ended: a look that costs milliseconds
REST: Final = 4  # a look that found nothing in a second is followed by four seconds of rest
AHEAD: Final = timedelta(days=93)
RUNS_KEPT_DAYS: Final = 14
LONGEST_PAUSE: Final = 15.0  # seconds between attempts to reach a database that is away
LAST_SECONDS: Final = 2.0  # from the wish to stop to the end
STALLED_SECONDS: Final = 60  # a job whose worker has not been heard of for so long was killed

SCHEMA: Final = "procrastinate"
_LOCK: Final = 7_242_618  # advisory lock: two workers that start at once make the schema once
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


def run(settings: Settings, *, beside: int | None = None, chores: Sequence[Chore] = ()) -> None:
    """Works until it gets SIGTERM or SIGINT, or its parent process `beside` is gone.

    Whoever starts a worker should name itself: it may be gone before the worker can look.
    """
    # Both libraries write exceptions in full, and the database's messages quote rows.
    for name in ("procrastinate", "psycopg.pool", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    asyncio.run(_run(lambda: urls(settings)[1], beside=beside, chores=chores))


async def _run(
    owner_url: Callable[[], str], *, beside: int | None = None, chores: Sequence[Chore] = ()
) -> None:
    beside = beside or os.getppid()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, stop)
    orphaned = asyncio.create_task(_stop_with_parent(stop, beside))
    pause = 1.0
    while not stop.is_set():
        began = monotonic()
        try:
            await _work(owner_url(), stop, chores)
        except Exception as error:  # whatever it was, the next attempt starts from nothing
            _log.warning("The worker lost its database (%s).", type(error).__name__)
        if stop.is_set():
            break
        pause = 1.0 if monotonic() - began > LONGEST_PAUSE else min(2 * pause, LONGEST_PAUSE)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
    orphaned.cancel()


def _stop(stop: asyncio.Event) -> None:
    """Ends in good order, or in LAST_SECONDS: a training in its thread can not be interrupted and
    need not be waited for, since it is a transaction that the next worker does again."""
    stop.set()
    last = threading.Timer(LAST_SECONDS, os._exit, [0])
    last.daemon = True
    last.start()


async def _stop_with_parent(stop: asyncio.Event, parent: int) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(1)
    _stop(stop)


async def _work(owner_url: str, stop: asyncio.Event, chores: Sequence[Chore]) -> None:
    """Works with one database server until stopped; returns or raises when that is lost."""
    engine = jobs(owner_url)
    try:
        await asyncio.to_thread(_prepare, engine)
        app = _app(engine, chores)
        async with app.open_async():
            await _forget_killed(app)
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=3,  # pages must not wait for a scoring, nor both for a training
                    delete_jobs="successful",
                    install_signal_handlers=False,
                )
            )
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
            if stop.is_set():
                working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    finally:
        engine.dispose()


def _app(engine: Engine, chores: Sequence[Chore] = ()) -> procrastinate.App:
    _, arguments = engine.dialect.create_connect_args(engine.url)
    plain = {name: str(v) for name, v in arguments.items() if isinstance(v, str | int)}
    conninfo = make_conninfo(**{**plain, "options": f"-c search_path={SCHEMA}"})
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=5, timeout=5.0, reconnect_timeout=1.0
        )
    )
    rest_until = 0.0

    @app.periodic(cron=TICK)
    @app.task(name="refresh", queueing_lock="refresh", lock="refresh")
    def tick(timestamp: int) -> None:
        # While a loader writes, its rows are looked at and not yet seen: do not compete with it.
        nonlocal rest_until
        if monotonic() >= rest_until:
            rest_until = monotonic() + REST * keep_fresh(engine)

    @app.periodic(cron=TICK)
    @app.task(name="scores", queueing_lock="scores", lock="scores")
    def scores(timestamp: int) -> None:
        keep_scored(engine)

    @app.periodic(cron=TERMLY)
    @app.task(name="models", queueing_lock="models", lock="models")
    def models(timestamp: int) -> None:
        _keep_models(engine)

    @app.periodic(cron=HOURLY)
    @app.task(name="upkeep", queueing_lock="upkeep", lock="upkeep")
    def hourly(timestamp: int) -> None:
        _tidy(engine)

    for chore in chores:
        _add(app, engine, chore)
    return app


def _add(app: procrastinate.App, engine: Engine, chore: Chore) -> None:
    @app.periodic(cron=chore.cron)
    @app.task(name=chore.name, queueing_lock=chore.name)
    def task(timestamp: int) -> None:
        do(engine, chore)


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


def _keep_models(engine: Engine) -> None:
    """Trains, replays and measures what is due."""
    started = datetime.now(UTC)
    try:
        from db.risk.termly import keep_models  # here: a worker's start need not wait for it

        done = keep_models(engine, now=started)
        with engine.begin() as connection:
            for kept in done:
                _record(connection, "models", kept, started)
    except Exception as error:
        _failed(engine, "models", None, error, started)


def _tidy(engine: Engine) -> None:
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


async def _forget_killed(app: procrastinate.App) -> None:
    """Removes jobs left half-done by a worker that was killed; the next tick does their work."""
    manager = app.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        if job.id is not None:
            await manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)


def _prepare(engine: Engine) -> None:
    """Makes procrastinate's own tables, in their own schema that no role of a person may use."""
    with engine.begin() as connection, step_up(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if (
            connection.scalar(text("SELECT to_regclass('procrastinate.procrastinate_jobs')"))
            is None
        ):
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            connection.exec_driver_sql(f"SET LOCAL search_path = {SCHEMA}")
            connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
            connection.exec_driver_sql("SET LOCAL search_path TO DEFAULT")
    _tidy(engine)


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
