"""Times the audit trail: what a row costs a page, and how long a million rows take to verify.

`python -m bench.audit` runs on a server of its own and prints medians; nothing is left behind.
"""

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Annotated, Final
from uuid import uuid4

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, text

import privacy
from db import engine as engines
from db.audit import Notary, verify
from db.audit.work import chain_all, sign
from db.embedded import start, stop
from db.migrate import migrate
from db.settings import secret_file
from privacy import people, trail
from privacy.keystore import open_keystore
from tests import cast
from tests.pg import new_home

TIMES: Final = 200
_FILL: Final = """
INSERT INTO chalkline.audit_log (district_id, at, actor, role, action, subject, detail)
SELECT 1, timestamptz '2026-01-01' + n * interval '10 seconds', gen_random_uuid(), 'teacher',
       'viewed learner', gen_random_uuid(), jsonb_build_object('what', 'learner', 'number', n)
FROM generate_series(1, :rows) n
"""


def bench(rows: Annotated[int, typer.Option(help="Rows of the trail")] = 1_000_000) -> None:
    """Measure; print."""
    with new_home() as settings, tempfile.TemporaryDirectory() as folder:
        server = start(settings)
        migrate(
            engines.owner(server.url("owner")),
            context_secret=secret_file(settings.context_secret_file),
        )
        keystore = open_keystore(settings.key_file, create_at=cast.NOW)
        jobs = engines.jobs(server.url("owner"))
        cast.load(jobs, people.sealer(keystore))
        privacy.open_door(settings, app_url=server.url("app"))
        print(f"a row, in a transaction of a page: {_cost():.2f} ms more, median of {TIMES}")
        _whole(jobs, Notary(Path(folder), Ed25519PrivateKey.generate()), rows)
        privacy.close_door()
        jobs.dispose()
        stop(server)


def _cost() -> float:
    """Milliseconds that one row adds to a transaction that reads a learner, median."""
    tess = cast.viewer("Tess Moran")
    spent: dict[bool, list[float]] = {True: [], False: []}
    for number in range(2 * TIMES):
        began = perf_counter()
        with privacy.session(tess) as db:
            db.execute(text("SELECT count(*) FROM chalkline.learners"))
            if number % 2:
                trail.record(db, tess, "viewed learner", learner=cast.of("Ana Ruiz"))
        spent[bool(number % 2)].append((perf_counter() - began) * 1000)
    return median(spent[True]) - median(spent[False])


def _whole(jobs: Engine, notary: Notary, rows: int) -> None:
    with jobs.begin() as db:
        db.execute(text(_FILL), {"rows": rows})
    began = perf_counter()
    chain_all(jobs, now=datetime.now(UTC))
    print(f"chained: {rows / (perf_counter() - began):,.0f} rows a second")
    began = perf_counter()
    sign(jobs, notary, now=datetime.now(UTC))
    print(f"first checkpoint of {rows:,} rows: {perf_counter() - began:.1f} s")
    times, ours = [], []
    for _ in range(3):
        began, busy = perf_counter(), process_time()
        with jobs.begin() as db:
            verdict = verify(db, notary)
        times.append(perf_counter() - began)
        ours.append(process_time() - busy)
        assert verdict.fault is None, verdict
    print(
        f"verified {verdict.rows:,} rows: {median(times):.1f} s on the clock, "
        f"{median(ours):.1f} s of this process's CPU"
    )
    _name_the_first(jobs, notary, rows // 2)


def _name_the_first(jobs: Engine, notary: Notary, row: int) -> None:
    with jobs.begin() as db:
        db.execute(
            text("UPDATE chalkline.audit_log SET previous = :x WHERE position = :row"),
            {"x": uuid4().bytes * 2, "row": row},
        )
        began = perf_counter()
        verdict = verify(db, notary)
        print(f"first bad row {verdict.bad_row:,} named in {perf_counter() - began:.1f} s")
        assert verdict.bad_row == row


if __name__ == "__main__":
    typer.run(bench)
