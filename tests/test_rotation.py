"""Keys through their life: rotated with people at work, killed in the middle, and logged."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, insert, select, text, update

import privacy
from db import keys as stored
from db.audit.keyuse import DESTROYED, MADE
from db.people import PlainPerson, write_sealed
from db.tables import (
    AuditEntry,
    DataKey,
    InterventionNote,
    KeyUsage,
    Learner,
    LearnerPii,
    Message,
)
from privacy import fields, people, reencryption
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore
from privacy.local_keystore import LocalKeyStore
from privacy.people import sealer
from privacy.rotation import ACTOR, Rotated, RotationError, is_due, key_ages, rotate, tell, verify
from tests import cast
from tests.conftest import District

LATER = cast.NOW + timedelta(days=91)
ROOT = Path(__file__).parents[1]
KILLED = """
import os, sys
from datetime import datetime
from pathlib import Path
from db import engine, keys
from privacy import rotation
from privacy.local_keystore import LocalKeyStore
rotation._AT_ONCE = 3
moment, store = int(sys.argv[3]), LocalKeyStore(Path(sys.argv[2]))
steps = 0
def progress(what, done, of):
    global steps
    steps += 1
    if steps == moment:
        print(what, flush=True)
        sys.stdin.read()
work = engine.jobs(sys.argv[1])
if moment == 0:
    store.rotate(now=datetime.fromisoformat(sys.argv[4]))
    print("rotated", flush=True)
    sys.stdin.read()
rotation.rotate(work, store, now=datetime.fromisoformat(sys.argv[4]), progress=progress)
print("ended", flush=True)
"""


@pytest.fixture
def keystore(district: District, tmp_path: Path) -> LocalKeyStore:
    """The cast's own keys, in a file that this test alone rotates."""
    path = tmp_path / "kek.json"
    shutil.copy(district.settings.key_file, path)
    privacy.open_door(replace(district.settings, key_file=path), app_url=district.app_url)
    return LocalKeyStore(path)


def active(keystore: KeyStore) -> list[str]:
    every = keystore.keys()
    return [key.kek_id for key in every if key.retired_at is None]


def names_seen() -> set[str]:
    with privacy.session(cast.viewer("Tess Moran")) as db:
        found = people.names(
            db, cast.viewer("Tess Moran"), [cast.of("Ana Ruiz"), cast.of("Dev Patel")]
        )
    return {str(name) for name in found.values()}


def test_a_rotation_rewraps_every_key_and_destroys_the_old_one(
    district: District, keystore: LocalKeyStore
) -> None:
    old = keystore.current().kek_id
    done = rotate(district.jobs, keystore, now=LATER)
    assert (done.rewrapped, done.verified, done.retired) == (8, 8, (old,))
    assert active(keystore) == [done.kek_id]
    assert names_seen() == {"Ana Ruiz", "Dev Patel"}


def test_the_old_key_file_no_longer_opens_a_rotated_database(
    district: District, keystore: LocalKeyStore
) -> None:
    """Control: before the rotation it did."""
    before = LocalKeyStore(district.settings.key_file)
    with district.jobs.begin() as db:
        assert data_keys(db, before, cast.LAKESIDE, [cast.of("Ana Ruiz")])
    rotate(district.jobs, keystore, now=LATER)
    with pytest.raises(LookupError, match="does not hold key"), district.jobs.begin() as db:
        data_keys(db, before, cast.LAKESIDE, [cast.of("Ana Ruiz")])


def test_no_read_or_write_fails_while_keys_rotate(
    district: District, keystore: LocalKeyStore
) -> None:
    seal, stop, failed, counted = sealer(keystore), threading.Event(), [], [0, 0]

    def read() -> None:
        while not stop.is_set():
            try:
                assert names_seen() == {"Ana Ruiz", "Dev Patel"}
                counted[0] += 1
            except Exception as problem:
                failed.append(problem)

    def write() -> None:
        while not stop.is_set():
            try:
                _new_learner(district, seal)
                counted[1] += 1
            except Exception as problem:
                failed.append(problem)

    crowd = [threading.Thread(target=work) for work in (read, read, write)]
    for one in crowd:
        one.start()
    rotations = [rotate(district.jobs, keystore, now=LATER + timedelta(days=n)) for n in range(3)]
    stop.set()
    for one in crowd:
        one.join()
    assert failed == []
    assert min(counted) > 0
    assert all(len(done.retired) == 1 for done in rotations)
    assert verify(district.jobs, keystore).opened == 8 + counted[1]


def test_a_key_is_not_destroyed_between_sealing_a_name_and_storing_it(
    district: District, keystore: LocalKeyStore
) -> None:
    """The control is the second half: without the lock the sealed name would be lost."""
    seal, old = sealer(keystore), keystore.current().kek_id
    with district.jobs.begin() as db:
        stored.hold_keys(db)
        person = _person()
        sealed = seal(cast.LAKESIDE, [person])
        done = rotate(district.jobs, keystore, now=LATER, patience=0)
        assert (done.retired, done.waiting) == ((), (old,))
        _row(db, person)
        write_sealed(db, cast.LAKESIDE, sealed)
    done = rotate(district.jobs, keystore, now=LATER)
    assert (done.resumed, done.rewrapped, done.retired) == (True, 1, (old,))
    assert verify(district.jobs, keystore).shut == ()
    person = _person()
    unheld = seal(cast.LAKESIDE, [person])
    rotate(district.jobs, keystore, now=LATER + timedelta(days=1))
    with district.jobs.begin() as db:
        _row(db, person)
        write_sealed(db, cast.LAKESIDE, unheld)
    assert verify(district.jobs, keystore).shut == ((cast.LAKESIDE, person.learner_id),)


@pytest.mark.parametrize("moment", [0, 2, 4])
def test_a_killed_rotation_is_finished_by_the_next(
    district: District, keystore: LocalKeyStore, tmp_path: Path, moment: int
) -> None:
    arguments = [district.owner_url, str(tmp_path / "kek.json"), str(moment), LATER.isoformat()]
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() not in (b"", b"ended")
        process.send_signal(signal.SIGKILL)
    assert names_seen() == {"Ana Ruiz", "Dev Patel"}
    done = _when_free(district, keystore)
    assert done.resumed
    assert done.verified == 8
    assert active(keystore) == [done.kek_id]
    assert len(keystore.keys()) == 2


def test_a_damaged_key_keeps_the_old_kek_and_is_named(
    district: District, keystore: LocalKeyStore
) -> None:
    ana = cast.of("Ana Ruiz")
    with district.jobs.begin() as db:
        db.execute(update(DataKey).where(DataKey.learner_id == ana).values(wrapped=b"\x01" * 61))
    with pytest.raises(RotationError, match=f"learner {ana}"):
        rotate(district.jobs, keystore, now=LATER)
    assert len(active(keystore)) == 2
    assert verify(district.jobs, keystore).opened == 7


def test_two_rotations_do_not_run_at_once(district: District, keystore: LocalKeyStore) -> None:
    with district.jobs.connect() as other:
        assert stored.start_rotating(other)
        with pytest.raises(RotationError, match="Another rotation"):
            rotate(district.jobs, keystore, now=LATER)


def test_a_rotation_is_due_after_90_days_and_when_one_was_left(keystore: KeyStore) -> None:
    assert not is_due(keystore, now=cast.NOW + timedelta(days=89))
    assert is_due(keystore, now=cast.NOW + timedelta(days=90))
    keystore.rotate(now=LATER)
    assert is_due(keystore, now=LATER)


def test_the_ages_say_what_is_overdue_and_what_is_missing(
    district: District, keystore: LocalKeyStore
) -> None:
    with district.jobs.begin() as db:
        (age,) = key_ages(db, keystore, now=LATER)
        assert (age.age_days, age.learners, age.overdue) == (91, 8, True)
        db.execute(
            update(DataKey)
            .where(DataKey.learner_id == cast.of("Yan Zhou"))
            .values(kek_id="elsewhere")
        )
        found = {a.kek_id: a.state for a in key_ages(db, keystore, now=cast.NOW)}
    assert found == {"elsewhere": "missing", keystore.current().kek_id: "current"}


def test_fields_of_an_old_format_are_renewed_while_they_are_read(
    district: District, keystore: LocalKeyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = cast.of("Ana Ruiz")
    with district.jobs.begin() as db:
        _without_texts(db)
        key = data_keys(db, keystore, cast.LAKESIDE, [ana])[ana]
        place = {"table": "learner_pii", "row": ana, "district": str(cast.LAKESIDE)}
        old = fields.encrypt(key, "Ana", column="given_name", form=fields.CHACHA, **place)
        db.execute(update(LearnerPii).where(LearnerPii.learner_id == ana).values(given_name=old))
    with pytest.raises(fields.FieldError, match=r"has format 1\.2"):
        names_seen()
    monkeypatch.setattr(fields, "RETIRING", (fields.CHACHA,))
    assert names_seen() == {"Ana Ruiz", "Dev Patel"}
    assert reencryption.renew_fields(district.jobs, keystore) == 1
    assert reencryption.renew_fields(district.jobs, keystore) == 0
    monkeypatch.setattr(fields, "RETIRING", ())
    assert names_seen() == {"Ana Ruiz", "Dev Patel"}
    assert reencryption.verify_fields(district.jobs, keystore).shut == ()


def test_every_field_that_does_not_open_is_found(
    district: District, keystore: LocalKeyStore
) -> None:
    with district.jobs.begin() as db:
        _without_texts(db)
        name = db.scalar(
            select(LearnerPii.given_name).where(LearnerPii.learner_id == cast.of("Ben Cole"))
        )
        altered = bytes([*name[:-1], name[-1] ^ 1])
        db.execute(
            update(LearnerPii)
            .where(LearnerPii.learner_id == cast.of("Ben Cole"))
            .values(given_name=altered)
        )
    found = reencryption.verify_fields(district.jobs, keystore)
    assert (found.opened, found.shut) == (7, ((cast.LAKESIDE, cast.of("Ben Cole")),))


def _without_texts(db: Connection) -> None:
    """Notes and messages of the cast are no ciphertext at all."""
    for table in (InterventionNote, Message):
        db.execute(table.__table__.delete())


# What is logged


def test_every_use_of_a_key_is_logged_by_who_and_for_what(
    district: District, keystore: LocalKeyStore
) -> None:
    for _ in range(3):
        names_seen()
    privacy.door().ledger.flush()
    tess = f"teacher {cast.of('Tess Moran')}"
    with privacy.session(cast.viewer("Sam Shah")) as db:
        rows = db.execute(
            select(KeyUsage.district_id, KeyUsage.kek_id, KeyUsage.purpose, KeyUsage.uses).where(
                KeyUsage.actor == tess
            )
        ).all()
    assert rows == [(cast.LAKESIDE, keystore.current().kek_id, "showing a page", 6)]


def test_a_rotation_logs_its_uses(district: District, keystore: LocalKeyStore) -> None:
    old = keystore.current().kek_id
    new = rotate(district.jobs, keystore, now=LATER).kek_id
    with district.jobs.begin() as db:
        rows = db.execute(
            select(KeyUsage.kek_id, KeyUsage.purpose, KeyUsage.uses)
            .where(KeyUsage.actor == ACTOR, KeyUsage.district_id.is_distinct_from(cast.HILLCREST))
            .order_by(KeyUsage.purpose)
        ).all()
    assert rows == [
        (old, "destroyed", 1),
        (new, "rewrapping", 7),
        (old, "unwrapping", 7),
        (new, "verifying", 7),
    ]


def test_key_uses_are_for_the_security_officer_of_the_district(district: District) -> None:
    with district.jobs.begin() as db:
        stored.note_uses(
            db, [stored.Use(place, "x", "k", "p", 1) for place in (cast.LAKESIDE, cast.HILLCREST)]
        )
    with privacy.session(cast.viewer("Sam Shah")) as db:
        mine = db.scalars(select(KeyUsage.district_id).where(KeyUsage.actor == "x")).all()
    assert mine == [cast.LAKESIDE]
    for name in ("Tess Moran", "Carla Weiss", "Adam Price", "Rita Sol"):
        with (
            pytest.raises(Exception, match="permission denied"),
            privacy.session(cast.viewer(name)) as db,
        ):
            db.execute(select(KeyUsage.uses))


def test_a_key_made_and_destroyed_stands_in_the_trail_once(
    district: District, keystore: LocalKeyStore
) -> None:
    old = keystore.current().kek_id
    new = rotate(district.jobs, keystore, now=LATER).kek_id
    with district.jobs.begin() as db:
        assert tell(db, keystore) == 0
        rows = db.execute(
            select(AuditEntry.action, AuditEntry.detail["key"].astext).where(
                AuditEntry.role == "job", AuditEntry.action.in_([MADE, DESTROYED])
            )
        ).all()
    assert sorted(map(tuple, rows)) == sorted([(MADE, old), (MADE, new), (DESTROYED, old)])


def test_uses_are_kept_while_the_database_is_away(district: District) -> None:
    written: list[stored.Use] = []
    broken = [True]

    def write(uses: list[stored.Use]) -> None:
        if broken:
            raise ConnectionError
        written.extend(uses)

    ledger = privacy.usage.Ledger(write)
    with privacy.usage.used_by(1, "somebody", "a test"):
        ledger.note("k")
        ledger.flush()
        broken.clear()
        ledger.note("k")
        ledger.flush()
    assert written == [stored.Use(1, "somebody", "k", "a test", 2)]


def _person() -> PlainPerson:
    return PlainPerson(uuid4(), "Kim", "Late")


def _row(db: stored.Connection, person: PlainPerson) -> None:
    db.execute(
        insert(Learner).values(
            district_id=cast.LAKESIDE,
            learner_id=person.learner_id,
            school_id=cast.of("Elm Middle School"),
            academic_level="middle",
        )
    )


def _new_learner(district: District, seal: people.Sealer) -> None:
    with district.jobs.begin() as db:
        stored.hold_keys(db)
        person = _person()
        _row(db, person)
        write_sealed(db, cast.LAKESIDE, seal(cast.LAKESIDE, [person]))


def _when_free(district: District, keystore: LocalKeyStore) -> Rotated:
    """The server gives a killed process's lock back as soon as it sees that it is gone."""
    for _ in range(200):
        try:
            return rotate(district.jobs, keystore, now=LATER)
        except RotationError:
            time.sleep(0.05)
    raise AssertionError("the lock of a killed rotation is still held")


def test_the_key_usage_table_names_no_learner(district: District) -> None:
    with district.jobs.begin() as db:
        columns = set(
            db.scalars(
                text(
                    "SELECT attname FROM pg_attribute WHERE attnum > 0"
                    " AND attrelid = 'chalkline.key_usage'::regclass"
                )
            )
        )
    assert columns == {
        "usage_id", "district_id", "kek_id", "actor", "purpose", "uses", "at", "told_in"
    }  # fmt: skip
