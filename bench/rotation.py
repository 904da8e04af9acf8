"""Measures a rotation of 100,000 learners' keys with readers at work: `python -m bench.rotation`.

Makes a server, a key file (with `--token ADDRESS`: a PKCS#11 token) and 100,000 learners with
keys, rotates once, and removes all of it.
"""

import shutil
import statistics
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Annotated, Final
from uuid import UUID, uuid4

import typer
from sqlalchemy import Engine, text

from db import embedded, engine
from db.copying import copy_rows
from db.migrate import migrate
from db.settings import Settings, secret_file
from privacy.datakeys import data_keys
from privacy.fields import new_data_key
from privacy.keystore import KeyStore, learner_context, open_keystore
from privacy.rotation import rotate

NOW: Final = datetime(2026, 11, 25, tzinfo=UTC)
READERS: Final = 2
BETWEEN: Final = 0.02  # seconds: a page of 30 names by each reader some 35 times a second


def bench(
    learners: Annotated[int, typer.Option(help="How many.")] = 100_000,
    token: Annotated[str, typer.Option(help="Address of a PKCS#11 token; none: a file.")] = "",
) -> None:
    """Print seconds of the rotation, and what readers noticed of it."""
    folder = Path(tempfile.mkdtemp(prefix="chalkline-rotation-", dir="/tmp"))
    folder.chmod(0o711)
    settings = Settings.load({"CHALKLINE_HOME": str(folder / "home")})
    server = embedded.start(settings)
    try:
        owner = engine.owner(server.url("owner"))
        migrate(owner, context_secret=secret_file(settings.context_secret_file))
        owner.dispose()
        jobs = engine.jobs(server.url("owner"))
        keystore = open_keystore(token or settings.key_file, create_at=NOW)
        ids = _make(jobs, keystore, learners)
        stop, took, failed = threading.Event(), [], []
        crowd = [
            threading.Thread(target=_read, args=(jobs, keystore, ids, stop, took, failed))
            for _ in range(READERS)
        ]
        for one in crowd:
            one.start()
        began = perf_counter()
        done = rotate(jobs, keystore, now=NOW + timedelta(days=90))
        seconds = perf_counter() - began
        stop.set()
        for one in crowd:
            one.join()
        print(
            f"{done.rewrapped:,} rewrapped, {done.verified:,} verified, {len(done.retired)} "
            f"destroyed in {seconds:.1f} s; meanwhile {len(took):,} reads of 30 learners, "
            f"{len(failed)} failed, median {statistics.median(took) * 1000:.1f} ms"
        )
        jobs.dispose()
    finally:
        embedded.stop(server)
        shutil.rmtree(folder)


def _make(jobs: Engine, keystore: KeyStore, learners: int) -> list[UUID]:
    ids = [uuid4() for _ in range(learners)]
    school = uuid4()
    with jobs.begin() as db:
        for kind, place, parent in (("district", uuid4(), None), ("school", school, None)):
            found = db.scalar(text("SELECT institution_id FROM chalkline.institutions LIMIT 1"))
            copy_rows(
                db,
                "institutions",
                ["district_id", "institution_id", "kind", "parent_id", "name"],
                [(1, place, kind, parent or (found if kind == "school" else None), kind)],
            )
        columns = ["district_id", "learner_id", "school_id", "academic_level"]
        copy_rows(db, "learners", columns, ((1, one, school, "middle") for one in ids))
        rows = []
        for one in ids:
            wrapped = keystore.wrap(new_data_key(), context=learner_context("1", one))
            rows.append((1, one, wrapped.kek_id, wrapped.blob))
        copy_rows(db, "data_keys", ["district_id", "learner_id", "kek_id", "wrapped"], rows)
    return ids


def _read(
    jobs: Engine,
    keystore: KeyStore,
    ids: list[UUID],
    stop: threading.Event,
    took: list[float],
    failed: list[Exception],
) -> None:
    at = 0
    while not stop.is_set():
        began = perf_counter()
        try:
            with jobs.begin() as db:
                assert len(data_keys(db, keystore, 1, ids[at : at + 30])) == 30
        except Exception as problem:
            failed.append(problem)
        took.append(perf_counter() - began)
        at = (at + 30) % (len(ids) - 30)
        stop.wait(BETWEEN)


if __name__ == "__main__":
    typer.run(bench)
