"""The worker keeps the state fresh, whatever is killed beside it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError

from db.worker import keep_fresh
from tests import cast
from tests.conftest import District

ROOT = Path(__file__).parents[1]
IN_TIME = 8.0  # seconds from a row to the state, on a busy machine too; a page has ten
_WORK = (
    "import asyncio, logging, sys\n"
    "from db import worker\n"
    "worker.HEARTBEAT, worker.STALLED = 1.0, 4\n"  # a killed one is missed sooner
    "for name in ('procrastinate', 'psycopg.pool', 'asyncio'):\n"
    "    logging.getLogger(name).setLevel(logging.CRITICAL)\n"
    "asyncio.run(worker._run(lambda: sys.argv[1]))\n"
)
_HELD_UP = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted "
    "AND relation = 'chalkline.activity_days'::regclass"
)


@pytest.fixture
def db(district: District) -> Iterator[Connection]:
    engine = create_engine(district.super_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@contextmanager
def _worker(district: District) -> Iterator[subprocess.Popen[bytes]]:
    started = subprocess.Popen(
        [sys.executable, "-c", _WORK, district.owner_url],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


def _until(true: Callable[[], Any], seconds: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds, f"not within {seconds} s"
        time.sleep(0.1)
    return time.monotonic() - began


def _click(db: Connection) -> None:
    db.execute(
        text(
            "INSERT INTO chalkline.learning_interactions (district_id, occurred_at, "
            "interaction_id, learner_id, class_id, type, outcome) VALUES "
            "(1, :at, :id, :learner, :class_id, 'content_view', 'successful')"
        ),
        {
            "at": datetime(2026, 3, 20, 9, tzinfo=UTC),
            "id": uuid4(),
            "learner": cast.of("Ana Ruiz"),
            "class_id": cast.class_id("Maths 7A"),
        },
    )


def _clicks(db: Connection) -> int:
    return (
        db.scalar(
            text(
                "SELECT clicks FROM chalkline.activity_days WHERE district_id = 1 "
                "AND learner_id = :learner AND on_date = '2026-03-20'"
            ),
            {"learner": cast.of("Ana Ruiz")},
        )
        or 0
    )


def _made(db: Connection) -> bool:
    return db.scalar(text("SELECT count(*) FROM chalkline.watermarks WHERE name = 'state'")) == 2


def test_a_row_written_with_plain_sql_is_in_the_state_within_seconds(
    district: District, db: Connection
) -> None:
    with _worker(district) as worker:
        _until(lambda: _made(db), 30)
        for number in (1, 2):
            _click(db)
            _until(lambda n=number: _clicks(db) == n, IN_TIME)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=5) == 0
    runs = db.execute(text("SELECT district_id, job, state, detail FROM chalkline.job_runs")).all()
    assert {run.state for run in runs} == {"done"}
    assert {run.job for run in runs} >= {"refresh", "risk"}
    assert (
        sum(run.job == "refresh" for run in runs) == 4
    )  # two districts made whole, then one class twice
    # One that had been asked for at the moment of the signal waits for the next worker.
    done = (
        "SELECT status FROM procrastinate.procrastinate_jobs WHERE status NOT IN ('todo', 'doing')"
    )
    assert db.scalars(text(done)).all() == []


def test_a_killed_worker_is_followed_by_one_that_goes_on(
    district: District, db: Connection
) -> None:
    with _worker(district) as worker:
        _until(lambda: _made(db), 30)
        worker.kill()
        worker.wait()
    _click(db)
    with _worker(district):
        _until(lambda: _clicks(db) == 1, 60)  # a heartbeat must be missed first, if it had begun


def test_what_a_worker_was_killed_in_the_middle_of_is_done_by_one_that_starts_at_once(
    district: District, db: Connection
) -> None:
    """Its job still holds the lock of its kind, and a worker that looked only once would wait."""
    blocking = create_engine(district.super_url)
    with _worker(district) as worker:
        _until(lambda: _made(db), 30)
        with blocking.begin() as other:
            other.execute(text("LOCK TABLE chalkline.activity_days"))
            _click(db)
            _until(lambda: db.scalar(_HELD_UP), 20)
            worker.kill()
            worker.wait()
    blocking.dispose()
    assert _clicks(db) == 0
    assert (
        db.scalar(
            text(
                "SELECT count(*) FROM procrastinate.procrastinate_jobs WHERE "
                "task_name = 'refresh' AND status = 'doing'"
            )
        )
        == 1
    )
    with _worker(district):
        _until(lambda: _clicks(db) == 1, 60)


def test_a_job_whose_end_was_lost_with_a_connection_holds_up_no_other(
    district: District, db: Connection
) -> None:
    with _worker(district):
        _until(lambda: _made(db), 30)
        _until(lambda: _leave_one_behind(db), 20)
        _click(db)
        _until(lambda: _clicks(db) == 1, 30)


def _leave_one_behind(db: Connection) -> bool:
    """A refresh that the living worker has begun, as the database sees it, and knows nothing of."""
    try:
        return bool(
            db.execute(
                text(
                    "INSERT INTO procrastinate.procrastinate_jobs "
                    "(task_name, queue_name, lock, status, worker_id) "
                    "SELECT 'refresh', 'default', 'refresh', 'doing', id "
                    "FROM procrastinate.procrastinate_workers"
                )
            ).rowcount
        )
    except DBAPIError:  # one is at work just now, and there is one at a time
        return False


def test_the_worker_survives_the_loss_of_all_its_connections(
    district: District, db: Connection
) -> None:
    with _worker(district) as worker:
        _until(lambda: _made(db), 30)
        for _ in range(3):
            db.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            time.sleep(0.3)
        _click(db)
        _until(lambda: _clicks(db) == 1, 20)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=10) == 0


def test_a_worker_waits_for_a_database_that_is_not_there(district: District) -> None:
    missing = subprocess.Popen(
        [sys.executable, "-c", _WORK, district.owner_url.replace(district.name, "nowhere")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
    )
    assert missing.stderr
    first = missing.stderr.readline()
    assert missing.poll() is None
    missing.send_signal(signal.SIGTERM)
    _, said = missing.communicate(timeout=20)
    assert missing.returncode == 0
    assert b"lost its database (OperationalError)" in first
    assert b"Traceback" not in said


def test_a_worker_ends_with_the_process_that_started_it(
    district: District, db: Connection, tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2]])\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(60)\n",
            _WORK,
            district.owner_url,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    _until(lambda: _made(db), 30)
    parent.kill()
    parent.communicate()
    _until(lambda: _gone(child), 10)


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"
    except FileNotFoundError:
        return True


def test_two_workers_do_the_work_once(district: District, db: Connection) -> None:
    with _worker(district), _worker(district):
        _until(lambda: _made(db), 30)
        _click(db)
        _until(lambda: _clicks(db) == 1, IN_TIME)
        time.sleep(3)
    found = "SELECT version FROM chalkline.watermarks WHERE name = 'state' ORDER BY 1"
    versions = db.execute(text(found)).scalars()
    assert list(versions) == [1, 2]


def test_a_broken_district_is_noted_without_its_data_and_does_not_stop_the_others(
    district: District, db: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    keep_fresh(district.jobs)
    db.execute(
        text(
            "ALTER TABLE chalkline.activity_days ADD CONSTRAINT broken "
            "CHECK (district_id <> 1 OR clicks < 1) NOT VALID"
        )
    )
    _click(db)
    db.execute(
        text("UPDATE chalkline.section_progress SET seconds_spent = 60, ingest_xid = DEFAULT")
    )
    for _ in range(3):
        keep_fresh(district.jobs)
    failed = db.execute(
        text("SELECT district_id, detail FROM chalkline.job_runs WHERE state = 'failed'")
    ).all()
    assert [(run.district_id, run.detail) for run in failed] == [
        (1, {"error": "IntegrityError", "sqlstate": "23514"})
    ]
    done = (
        "SELECT count(*) FROM chalkline.job_runs "
        "WHERE job = 'refresh' AND state = 'done' AND district_id = 2"
    )
    assert db.scalar(text(done)) == 2
    assert str(cast.of("Ana Ruiz")) not in caplog.text
    with pytest.raises(DBAPIError, match=str(cast.of("Ana Ruiz"))):  # it would have quoted her
        db.execute(
            text("UPDATE chalkline.activity_days SET clicks = 1 WHERE learner_id = :learner"),
            {"learner": cast.of("Ana Ruiz")},
        )
