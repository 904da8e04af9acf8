"""The fault drill: a school at work, something killed at a random moment, and what must still hold.

`Drill.once` starts a process that rotates keys, erases, runs retention, imports or refreshes over
and over, and one that reads names as the app does; kills one of them or the database server with
SIGKILL; starts again what must run; lets the work be finished as the worker would; and checks that
nothing is lost, nobody half-erased, and no plain name anywhere.
"""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from db import embedded
from db import engine as engines
from db.erasing import rows_of, tables_of_learners
from db.keys import hold_keys
from db.migrate import migrate
from db.people import PlainPerson, write_sealed
from db.refresh import refresh
from db.settings import Settings, secret_file
from db.tables import (
    ErasureRequest,
    Learner,
    LearnerPii,
    LearningInteraction,
    RetentionBatch,
    RetentionRule,
)
from privacy import fields, people, retention
from privacy.datakeys import data_keys
from privacy.erasure import Custody
from privacy.keystore import KeyStore, open_keystore
from privacy.requests import run_requests
from privacy.rotation import RotationError, rotate, verify
from tests import cast
from tests.pg import new_home

ROOT = Path(__file__).parents[1]
WORK = ("rotation", "retention", "erasure", "import", "refresh")
VICTIMS = ("worker", "app", "server")
GIVEN, FAMILY = "Drillgiven", "Drillfamily"  # every imported learner's name begins so
CLICKS = 3
LONGEST = 1.2  # seconds of work before the blow


@dataclass
class Drill:
    """A district of its own on a server of its own."""

    settings: Settings
    random: random.Random
    done: list[str] = field(default_factory=list)

    def once(self, work: str, victim: str) -> None:
        """One blow, and everything checked."""
        with self.jobs() as engine:
            prepare(engine, work)
        crowd = {"worker": self._start(work), "app": self._start("reading")}
        time.sleep(self.random.uniform(0.0, LONGEST))
        if victim == "server":
            server = embedded.running(self.settings)
            assert server is not None
            os.kill(server.pid, signal.SIGKILL)
        else:
            crowd[victim].send_signal(signal.SIGKILL)
        for one in crowd.values():
            one.kill()
            one.communicate()
        embedded.start(self.settings)
        with self.jobs() as engine:
            finish(engine, self.custody())
            check(engine, self.custody().keystore)
        self.done.append(f"{victim} killed during {work}")

    def custody(self) -> Custody:
        return Custody(open_keystore(self.settings.key_file), self.settings.erased_file)

    @contextmanager
    def jobs(self) -> Iterator[Engine]:
        server = embedded.running(self.settings)
        assert server is not None
        engine = engines.jobs(server.url("owner"))
        try:
            yield engine
        finally:
            engine.dispose()

    def plain_names(self) -> list[str]:
        """Files under the home, data files and logs included, in which a name stands."""
        server = embedded.running(self.settings)
        assert server is not None
        name = re.compile(rf"{GIVEN}|{FAMILY}|Ana Ruiz|ana@learners".encode())
        return [
            str(path)
            for folder in (self.settings.home, server.data)
            for path in folder.rglob("*")
            if path.is_file() and name.search(path.read_bytes())
        ]

    def _start(self, work: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.drill", work, str(self.random.random())],
            cwd=ROOT,
            env={**os.environ, "CHALKLINE_HOME": str(self.settings.home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"at work\n"
        return process


@contextmanager
def drill(seed: int) -> Iterator[Drill]:
    """A drill with the cast and its keys, gone at the end."""
    with new_home() as settings:
        server = embedded.start(settings)
        try:
            owner = engines.owner(server.url("owner"))
            migrate(owner, context_secret=secret_file(settings.context_secret_file))
            owner.dispose()
            keystore = open_keystore(settings.key_file, create_at=datetime.now(UTC))
            jobs = engines.jobs(server.url("owner"))
            cast.load(jobs, people.sealer(keystore))
            with jobs.begin() as db:
                db.execute(text("DELETE FROM chalkline.intervention_notes"))
                db.execute(insert(RetentionRule).values(**_RULE))
            jobs.dispose()
            yield Drill(settings, random.Random(seed))
        finally:
            embedded.stop(embedded.start(settings))


def prepare(engine: Engine, work: str) -> None:
    """Something for the work to do."""
    with engine.begin() as db:
        here = db.execute(
            select(Learner.learner_id, Learner.anonymous_id)
            .where(Learner.district_id == 1, Learner.source_hash.is_not(None))
            .order_by(Learner.created_at)
            .limit(6)
        ).all()
        match work:
            case "erasure":
                for one in here:
                    db.execute(insert(ErasureRequest).values(**_asked(one)))
            case "retention":
                db.execute(
                    update(Learner)
                    .where(Learner.learner_id.in_([one.learner_id for one in here]))
                    .values(left_on=cast.TODAY - timedelta(days=400))
                )


def finish(engine: Engine, custody: Custody) -> None:
    """What the worker does when it runs again."""
    for _ in range(100):
        try:
            rotate(engine, custody.keystore, now=datetime.now(UTC))
            break
        except RotationError:  # the server still finds out that the other rotation is dead
            time.sleep(0.1)
    run_requests(engine, custody, now=datetime.now(UTC))
    retention.run_approved(engine, custody, now=datetime.now(UTC))
    refresh(engine, now=cast.NOW)


def check(engine: Engine, keystore: KeyStore) -> None:
    """AssertionError when something is lost, half there, or does not open."""
    every = keystore.keys()
    assert sum(key.retired_at is None for key in every) == 1
    assert verify(engine, keystore).shut == ()
    with engine.begin() as db:
        learners = db.execute(
            select(Learner.learner_id, Learner.source_hash).where(Learner.district_id == 1)
        ).all()
        _names_open(db, keystore, [one.learner_id for one in learners])
        imported = [one.learner_id for one in learners if one.source_hash is not None]
        _whole_or_gone(db, imported)
        waiting = db.scalars(
            select(ErasureRequest.learner_id).where(
                ErasureRequest.approved_by.is_not(None), ErasureRequest.done_at.is_(None)
            )
        ).all()
        assert waiting == [], "an approved erasure was forgotten"
        open_batches = db.scalars(
            select(RetentionBatch.batch_id).where(
                RetentionBatch.approved_by.is_not(None), RetentionBatch.finished_at.is_(None)
            )
        ).all()
        assert open_batches == [], "an approved batch was forgotten"
        erased = db.scalars(text(_ERASED)).all()
        for learner in erased:
            left = [t.name for t in tables_of_learners() if rows_of(db, t, 1, learner)]
            assert left == [], f"half-erased: {left}"


def _names_open(db: Connection, keystore: KeyStore, learners: list[UUID]) -> None:
    keys = data_keys(db, keystore, 1, learners)
    assert set(keys) == set(learners), "a learner lost her key"
    rows = db.execute(select(LearnerPii).where(LearnerPii.district_id == 1)).all()
    assert {row.learner_id for row in rows} == set(learners), "a learner lost her name"
    for row in rows:
        fields.decrypt(
            keys[row.learner_id],
            row.given_name,
            table="learner_pii",
            column="given_name",
            row=row.learner_id,
            district="1",
        )


def _whole_or_gone(db: Connection, learners: list[UUID]) -> None:
    clicks = db.execute(
        text(
            "SELECT l.learner_id, count(i.interaction_id) AS clicks FROM chalkline.learners l"
            " LEFT JOIN chalkline.learning_interactions i USING (district_id, learner_id)"
            " WHERE district_id = 1 AND learner_id = ANY (CAST(:who AS uuid[])) GROUP BY 1"
        ),
        {"who": learners},
    ).all()
    assert {row.clicks for row in clicks} <= {CLICKS}, "an imported learner is not whole"


_RULE: dict[str, Any] = {
    "district_id": 1,
    "rule_id": uuid4(),
    "category": "whole record",
    "source": "any",
    "legal_basis": "drill",
    "trigger": "left",
    "delay_days": 365,
    "action": "delete",
    "citation": "drill",
}
_ERASED = (
    "SELECT i.learner_id FROM chalkline.retention_items i WHERE i.state = 'done'"
    " AND i.district_id = 1"
)


def _asked(one: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        "district_id": 1,
        "request_id": uuid4(),
        "kind": "erasure",
        "anonymous_id": one.anonymous_id,
        "learner_id": one.learner_id,
        "requested_by": "parent",
        "received_on": cast.TODAY,
        "due_on": cast.TODAY + timedelta(days=30),
        "registered_by": cast.of("Rita Sol"),
        "verified_by": cast.of("Rita Sol"),
        "verified_at": now,
        "identity_check": "known to the school in person",
        "approved_by": cast.of("Adam Price"),
    }


# What the processes do that are killed.


def import_some(engine: Engine, seal: Any, number: int = 4) -> None:
    """A loader: learners with names, classes and clicks, in one transaction."""
    ids = [uuid4() for _ in range(number)]
    with engine.begin() as db:
        hold_keys(db)
        for one in ids:
            db.execute(
                insert(Learner).values(
                    district_id=1,
                    learner_id=one,
                    school_id=cast.of("Elm Middle School"),
                    academic_level="middle",
                    source_hash=one.bytes * 2,
                )
            )
        write_sealed(db, 1, seal(1, [PlainPerson(one, GIVEN, FAMILY) for one in ids]))
        for one in ids:
            db.execute(
                text(
                    "INSERT INTO chalkline.enrollments"
                    " (district_id, class_id, learner_id, enrolled_on) VALUES (1, :c, :l, :d)"
                ),
                {"c": cast.class_id("Maths 7C"), "l": one, "d": cast.STARTED},
            )
            for n in range(CLICKS):
                db.execute(
                    insert(LearningInteraction).values(
                        district_id=1,
                        class_id=cast.class_id("Maths 7C"),
                        learner_id=one,
                        occurred_at=cast.NOW - timedelta(days=n + 1),
                        interaction_id=uuid4(),
                        section_id=cast.SECTIONS["Ratios"],
                        type="content_view",
                        outcome="successful",
                        duration_seconds=60,
                    )
                )


def _at_work(work: str) -> None:
    settings = Settings.load()
    if work == "reading":
        _read(settings)
    engine = engines.jobs(engines.urls(settings)[1])
    keystore = open_keystore(settings.key_file)
    custody = Custody(keystore, settings.erased_file)
    seal = people.sealer(keystore)
    print("at work", flush=True)  # noqa: T201 - read by whoever kills us
    while True:
        now = datetime.now(UTC)
        match work:
            case "rotation":
                rotate(engine, keystore, now=now)
            case "erasure":
                run_requests(engine, custody, now=now)
            case "retention":
                with engine.begin() as db:
                    retention.prepare(db, keystore, 1, today=cast.TODAY, now=now)
                with engine.begin() as db:
                    db.execute(
                        update(RetentionBatch)
                        .where(RetentionBatch.approved_by.is_(None))
                        .values(
                            proposed_by=cast.of("Rita Sol"),
                            proposed_at=now,
                            approved_by=cast.of("Adam Price"),
                            approved_at=now,
                        )
                    )
                retention.run_approved(engine, custody, now=now)
            case "refresh":
                refresh(engine, full=True, now=cast.NOW)
        import_some(engine, seal)


def _read(settings: Settings) -> None:
    privacy.open_door(settings)
    print("at work", flush=True)  # noqa: T201
    tess = cast.viewer("Tess Moran")
    while True:
        with suppress(DBAPIError), privacy.session(tess) as db:
            assert len(people.names(db, tess, [cast.of("Ana Ruiz"), cast.of("Dev Patel")])) == 2


if __name__ == "__main__":
    _at_work(sys.argv[1])
