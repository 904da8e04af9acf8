"""The process that keeps the state fresh: procrastinate on the same PostgreSQL, until stopped.

Every two seconds a job looks for new rows and refreshes what they are about, and another scores
it; every five minutes one sees whether a term has ended, so that the risk model learns from it;
every hour another makes months ahead and tidies up. The worker may be killed at any time (a refresh
is one transaction a district), waits for a database that is away, and ends with the process it was
started by. A job that a killed worker left half-done, or that was lost with a connection, is taken
back within seconds by whichever worker lives. The jobs themselves are in db/chores.py.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Final

import procrastinate
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status
from procrastinate.schema import SchemaManager
from psycopg.conninfo import make_conninfo
from sqlalchemy import Engine, text

from db.chores import Chore, do, keep_fresh, keep_models, keep_scored, tidy
from db.engine import jobs, step_up, urls
from db.settings import Settings

TICK: Final = "* * * * * */2"  # cron with seconds
HOURLY: Final = "7 * * * *"
TERMLY: Final = "*/5 * * * *"  # whether a term has ended: a look that costs milliseconds
REST: Final = 4  # a look that found nothing in a second is followed by four seconds of rest
LONGEST_PAUSE: Final = 15.0  # seconds between attempts to reach a database that is away
LAST_SECONDS: Final = 2.0  # from the wish to stop to the end
HEARTBEAT: Final = 2.0  # seconds between a worker's signs of life
STALLED: Final = 12  # seconds without one: the worker was killed, and holds its jobs' locks no more

SCHEMA: Final = "procrastinate"
_LOCK: Final = 7_242_618  # advisory lock: two workers that start at once make the schema once
_log = logging.getLogger("chalkline.worker")


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
        at_work = AtWork()
        app = _app(engine, at_work, chores)
        async with app.open_async():
            forgetting = asyncio.create_task(_forget_lost(app, at_work))
            working = asyncio.create_task(
                app.run_worker_async(
                    concurrency=3,  # pages must not wait for a scoring, nor both for a training
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    update_heartbeat_interval=HEARTBEAT,
                    stalled_worker_timeout=STALLED,
                )
            )
            stopping = asyncio.create_task(stop.wait())
            tasks = (working, stopping, forgetting)
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()
            with suppress(asyncio.CancelledError):
                await working
    finally:
        engine.dispose()


@dataclass(frozen=True)
class AtWork:
    """The jobs that this process has in hand, and the numbers that its worker has had."""

    jobs: set[int | None] = field(default_factory=set)
    workers: set[int | None] = field(default_factory=set)

    @contextmanager
    def having(self, job: procrastinate.jobs.Job) -> Iterator[None]:
        """From a job's beginning to its end."""
        self.workers.add(job.worker_id)
        self.jobs.add(job.id)
        try:
            yield
        finally:
            self.jobs.discard(job.id)


def _app(engine: Engine, at_work: AtWork, chores: Sequence[Chore] = ()) -> procrastinate.App:
    _, arguments = engine.dialect.create_connect_args(engine.url)
    plain = {name: str(v) for name, v in arguments.items() if isinstance(v, str | int)}
    conninfo = make_conninfo(**{**plain, "options": f"-c search_path={SCHEMA}"})
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=conninfo, min_size=1, max_size=5, timeout=5.0, reconnect_timeout=1.0
        )
    )

    def every(cron: str, name: str, work: Callable[[], object]) -> None:
        @app.periodic(cron=cron)
        @app.task(name=name, queueing_lock=name, lock=name, pass_context=True)
        def task(context: JobContext, timestamp: int) -> None:
            with at_work.having(context.job):
                work()

    rest_until = 0.0

    def look() -> None:
        # While a loader writes, its rows are looked at and not yet seen: do not compete with it.
        nonlocal rest_until
        if monotonic() >= rest_until:
            rest_until = monotonic() + REST * keep_fresh(engine)

    every(TICK, "refresh", look)
    every(TICK, "scores", partial(keep_scored, engine))
    every(TERMLY, "models", partial(keep_models, engine))
    every(HOURLY, "upkeep", partial(tidy, engine))
    for chore in chores:
        every(chore.cron, chore.name, partial(do, engine, chore))
    return app


async def _forget_lost(app: procrastinate.App, at_work: AtWork) -> None:
    """Removes jobs that nobody does, for as long as this worker works; the next tick does it all.

    Each holds the lock of its kind, and nothing of that kind would run again: those of killed
    workers, and those of our own whose beginning or end was lost with a connection.
    """
    manager = app.job_manager
    missed: set[int | None] = set()
    while True:
        gone = await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED)
        ours = [one for one in await manager.list_jobs_async(status=Status.DOING.value)
                if one.worker_id in at_work.workers and one.id not in at_work.jobs]  # fmt: skip
        for job in {one.id: one for one in (*gone, *(o for o in ours if o.id in missed))}.values():
            # One that has ended since it was listed is no longer there to be removed.
            with suppress(ConnectorException):
                assert job.id is not None  # it has been given to a worker
                await manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=True)
        missed = {one.id for one in ours}  # twice in a row, or it is only just beginning or ending
        await asyncio.sleep(HEARTBEAT)


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
    tidy(engine)
