"""Times how new answers reach the state: what a refresh costs, and how long a teacher waits."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter, sleep
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, text

import privacy
from bench.home import Home, Say
from bench.measuring import spread
from db import engine
from db.refresh import refresh

CLONE: Final = "chalkline_bench"
BATCHES: Final = (1, 10, 100)  # new answers at once
TIMES: Final = 5
ANSWERS_SEEN: Final = 20  # one by one, with the worker running
PATIENCE: Final = 60.0  # seconds until an answer must have been seen
MANAGE: Final = Path(__file__).parent.parent / "manage.py"
WITHIN: Final = 10.0  # seconds, to reach

# An answer more to work that a learner has handed in before, in the morning of the district's day.
_ANSWER = """
WITH picked AS (
    SELECT t.district_id, t.class_id, t.learner_id, t.assessment_id,
           gen_random_uuid() AS attempt_id, clock_on + time '10:00' AS at
    FROM (SELECT * FROM chalkline.assessment_attempts TABLESAMPLE SYSTEM (5) REPEATABLE (:seed)
          WHERE district_id = :district AND attempt_number = 1
          ORDER BY md5(attempt_id::text || :seed) LIMIT :many) t
    JOIN chalkline.classes c USING (district_id, class_id)
    JOIN chalkline.institutions d ON d.district_id = t.district_id AND d.kind = 'district'
    WHERE d.clock_on BETWEEN c.starts_on AND c.ends_on),
attempts AS (
    INSERT INTO chalkline.assessment_attempts
        (district_id, attempt_id, class_id, learner_id, assessment_id, attempt_number,
         submitted_at, marked_at, percent, passed)
    SELECT district_id, attempt_id, class_id, learner_id, assessment_id, 100 + :number, at, at, 50,
           true
    FROM picked RETURNING attempt_id)
INSERT INTO chalkline.item_responses
    (district_id, class_id, learner_id, item_id, attempt_id, answered_at, answer, credit)
SELECT p.district_id, p.class_id, p.learner_id, i.item_id, p.attempt_id, p.at, 'A', 1
FROM picked p
JOIN LATERAL (SELECT item_id FROM chalkline.assessment_items i
              WHERE i.district_id = p.district_id AND i.assessment_id = p.assessment_id
              ORDER BY position LIMIT 1) i ON true
RETURNING class_id, learner_id, (answered_at)::date AS on_date
"""
_SEEN = """
SELECT answers FROM chalkline.activity_days
WHERE district_id = :district AND class_id = :class_id AND learner_id = :learner_id
  AND on_date = :on_date
"""


def run(home: Home, say: Say) -> dict[str, Any]:
    """Measures on a copy of the home's database, which goes away afterwards."""
    say("Copying the database, so that the answers of this part stay out of the others ...")
    with clone(home) as (app_url, owner_url):
        jobs = engine.jobs(owner_url)
        refresh(jobs, now=datetime.now(UTC))
        say("New answers, refreshed by hand ...")
        numbers = count()
        costs = [_cost(jobs, home.district_id, many, numbers) for many in BATCHES]
        say("New answers, with the worker running ...")
        waits = _waits(home, jobs, app_url, owner_url, numbers)
        jobs.dispose()
    return {"refresh": costs, "worker": waits}


def _cost(jobs: Engine, district: int, many: int, numbers: Iterator[int]) -> dict[str, Any]:
    times, written, classes = [], 0, 0
    for _ in range(TIMES):
        with jobs.begin() as connection:
            answers = _answer(connection, district, many, number=next(numbers))
        began = perf_counter()
        report = refresh(jobs, now=datetime.now(UTC))
        times.append((perf_counter() - began) * 1000)
        written += len(answers)
        classes += sum(one.classes for one in report.districts)
        if any(one.whole for one in report.districts):
            raise AssertionError("the refresh made everything again: this is not its cost")
    return {
        "answers": written / TIMES,
        "classes": classes / TIMES,
        "milliseconds": asdict(spread(times)),
        "milliseconds an answer": spread(times).p50 * TIMES / written,
    }


def _waits(
    home: Home, jobs: Engine, app_url: str, owner_url: str, numbers: Iterator[int]
) -> dict[str, Any]:
    """Seconds from an answer's commit until the state says so, by the worker alone."""
    random, waits = Random(1), []
    with _worker(home, app_url, owner_url):
        for _ in range(ANSWERS_SEEN):
            with jobs.begin() as connection:
                [answer] = _answer(connection, home.district_id, 1, number=next(numbers))
                before = _seen(connection, home.district_id, answer)
            committed = perf_counter()
            while _now(jobs, home.district_id, answer) == before:
                if perf_counter() - committed > PATIENCE:
                    raise AssertionError(f"the worker has not seen an answer in {PATIENCE} s")
                sleep(0.02)
            waits.append(perf_counter() - committed)
            sleep(random.uniform(0, 3))
    return {"seconds": asdict(spread(waits)), "longest": max(waits)}


def _answer(connection: Connection, district: int, many: int, *, number: int) -> list[Any]:
    """Writes them; no two calls may be given the same number."""
    given = {"district": district, "many": many, "seed": number, "number": number}
    for _ in range(20):
        rows = connection.execute(text(_ANSWER), given).all()
        if rows:
            return list(rows)
        given["seed"] += 1_000_000  # the sample held no work of a class that runs
    raise AssertionError("there is no work to answer")


def _now(jobs: Engine, district: int, answer: Any) -> int:
    with jobs.begin() as connection:
        return _seen(connection, district, answer)


def _seen(connection: Connection, district: int, answer: Any) -> int:
    return connection.scalar(text(_SEEN), {"district": district, **answer._mapping}) or 0


@contextmanager
def _worker(home: Home, app_url: str, owner_url: str) -> Iterator[None]:
    """`manage.py worker` on the copy."""
    log = home.settings.home / "logs" / "worker.log"
    log.parent.mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "CHALKLINE_HOME": str(home.settings.home),
        "DATABASE_URL": app_url,
        "DATABASE_OWNER_URL": owner_url,
    }
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, str(MANAGE), "worker"],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        sleep(5)  # it begins with a look at everything
        yield
    finally:
        process.terminate()
        process.wait(15)


@contextmanager
def clone(home: Home) -> Iterator[tuple[str, str]]:
    """A copy of the database, as (application URL, owner URL)."""
    home.jobs.dispose()
    home.raw.dispose()
    privacy.door().engine.dispose()  # a database is copied only while nobody uses it
    owner = create_engine(
        home.server.url("superuser", "postgres"), isolation_level="AUTOCOMMIT", pool_size=1
    )
    with owner.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {CLONE} WITH (FORCE)"))
        connection.execute(
            text(
                f"CREATE DATABASE {CLONE} TEMPLATE chalkline OWNER chalkline_owner "
                "STRATEGY file_copy"
            )
        )
        connection.execute(text(f"GRANT TEMPORARY ON DATABASE {CLONE} TO chalkline_job"))
        connection.execute(text(f"GRANT CONNECT ON DATABASE {CLONE} TO chalkline_app"))
        try:
            yield home.server.url("app", CLONE), home.server.url("owner", CLONE)
        finally:
            connection.execute(text(f"DROP DATABASE {CLONE} WITH (FORCE)"))
    owner.dispose()
