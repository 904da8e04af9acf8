"""Keeps the district that is measured: an embedded server of its own, loaded once, reused."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Final

from sqlalchemy import Engine, create_engine, text, update

import privacy
from db import demo, embedded, engine
from db.demo import Scale
from db.embedded import Server
from db.migrate import migrate
from db.refresh import refresh
from db.settings import Settings, secret_file
from db.status import is_empty
from db.tables import Institution
from privacy.keystore import KeyStore, open_keystore
from privacy.people import sealer, source_hash

FOLDER: Final = "/tmp/chalkline-bench"  # CHALKLINE_BENCH_HOME names another
SEED: Final = 20_260_101
GUIDE: Final = Path(__file__).parent / "raw" / "guide.sql"
LOADED: Final = "bench.json"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Home:
    """A loaded district with its state, and the raw tables' copy beside it."""

    settings: Settings
    server: Server
    district_id: int
    jobs: Engine
    raw: Engine
    loading: dict[str, float]


@contextmanager
def opened(scale: Scale, say: Say) -> Iterator[Home]:
    """The district of this scale; made when it is not there, which takes minutes at `district`."""
    folder = Path(os.environ.get("CHALKLINE_BENCH_HOME", FOLDER)) / scale
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings.load({"CHALKLINE_HOME": str(folder)})
    server = embedded.start(settings, say=say)
    jobs = engine.jobs(server.url("owner"))
    raw = create_engine(server.url("superuser"), pool_size=16)
    try:
        _migrate(settings, server)
        with jobs.begin() as connection:
            empty = is_empty(connection)
        keys = open_keystore(settings.keys_at, create_at=datetime.now(UTC) if empty else None)
        record = folder / LOADED
        if empty or not record.exists():
            record.write_text(json.dumps(_make(jobs, raw, keys, scale, say, empty)))
        loading = json.loads(record.read_text())
        privacy.open_door(settings, app_url=server.url("app"))
        yield Home(settings, server, int(loading.pop("district")), jobs, raw, loading)
    finally:
        privacy.close_door()
        jobs.dispose()
        raw.dispose()
        embedded.leave(server)


def _migrate(settings: Settings, server: Server) -> None:
    owner = engine.owner(server.url("owner"))
    migrate(owner, context_secret=secret_file(settings.context_secret_file))
    owner.dispose()


def _make(
    jobs: Engine, raw: Engine, keys: KeyStore, scale: Scale, say: Say, empty: bool
) -> dict[str, float]:
    """Loads, refreshes and copies; the seconds that each took."""
    took: dict[str, float] = {"district": 1}
    if empty:
        say(f"Generating a district ({scale}) ...")
        report = demo.load(
            jobs,
            scale=scale,
            seed=SEED,
            today=datetime.now(UTC).date(),
            seal=sealer(keys),
            source_hash=source_hash(keys),
        )
        took |= {"district": report.district_id, "load": report.seconds}
        took |= {f"rows {table}": rows for table, rows in report.rows.items()}
    with jobs.begin() as connection:  # the bench of tomorrow asks the same questions
        connection.execute(
            update(Institution)
            .where(Institution.kind == "district", Institution.clock_on.is_(None))
            .values(clock_on=datetime.now(UTC).date())
        )
    say("Making the pages' state ...")
    began = perf_counter()
    refresh(jobs, now=datetime.now(UTC), full=True)
    took["refresh"] = perf_counter() - began
    say("Copying the history into the tables of lms-database-guide.md ...")
    began = perf_counter()
    with raw.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        for statement in GUIDE.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                connection.execute(text(statement), {"district": took["district"]})
        connection.execute(text("VACUUM ANALYZE"))
    took["copy"] = perf_counter() - began
    return took
