"""Makes a generated school district: invented people whose learning follows a causal model.

`load` writes a new district in one transaction, at both scales: whatever kills it, nothing stays.
`truth` says what was planted, so that tests can ask whether the pages find it.
"""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from time import perf_counter

import numpy as np
import orjson
from sqlalchemy import Connection, Engine, text

from db.demo.arrays import as_uuid, identifiers
from db.demo.roster import Scale, roster
from db.demo.school import live
from db.demo.skills import all_taught
from db.demo.staff import DISTRICT, StaffMember, staff
from db.demo.target import Counts, Target, add, space_of, tell_planner
from db.demo.terms import Year
from db.demo.truth import Truth, truth
from db.demo.writing.catalogue import write_catalogue
from db.demo.writing.learners import write_learners
from db.demo.writing.learning import write_learning
from db.demo.writing.organisation import write_organisation
from db.demo.writing.papers import write_papers
from db.demo.writing.plans import write_plans
from db.demo.writing.trail import write_trail
from db.partitions import ensure_months
from db.people import Progress, Sealer, SourceHash, quiet

__all__ = ["DemoReport", "Scale", "StaffMember", "Truth", "load", "truth"]

NUMBERING = 7_242_628  # advisory lock: two loads at once must not take the same district number


@dataclass(frozen=True)
class DemoReport:
    """What a load has written; `staff` are those who may be given accounts."""

    district_id: int
    name: str
    rows: Counts
    staff: tuple[StaffMember, ...] = field(repr=False)
    seconds: float


def load(
    engine: Engine,
    *,
    scale: Scale,
    seed: int,
    today: date,
    seal: Sealer,
    source_hash: SourceHash,
    progress: Progress = quiet,
) -> DemoReport:
    """Writes a new generated district around `today`; `engine` is of jobs.

    The same scale, seed and day give the same district but for its number and the sealed fields.
    """
    began = perf_counter()
    people = roster(scale, seed, Year(today))
    taught = all_taught(people)
    with engine.begin() as connection:  # apart: a new month locks the table, and harms nobody
        ensure_months(connection, people.year.starts_on, people.year.ends_on)
    with engine.begin() as connection:
        district = _next_district(connection)
        space = space_of(district, scale, seed)
        everybody = staff(people, space)
        target = Target(connection, district, space, people, taught, seal, source_hash)
        counts = _write_frame(target, everybody)
        _write_schools(target, everybody, counts, progress)
        _write_import(target, counts)
        write_trail(target, today=today)
    with engine.begin() as connection:
        tell_planner(connection, *counts)
    return DemoReport(district, DISTRICT, counts, tuple(everybody), perf_counter() - began)


def _next_district(connection: Connection) -> int:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": NUMBERING})
    latest = connection.scalar(text("SELECT max(district_id) FROM chalkline.institutions"))
    return int(latest or 0) + 1


def _write_frame(to: Target, everybody: list[StaffMember]) -> Counts:
    competency_ids = write_catalogue(to.connection)
    counts = write_organisation(to, everybody)
    tell_planner(to.connection, *counts)
    for each in to.taught:
        add(counts, write_papers(to, each, competency_ids))
    tell_planner(to.connection, "assessments", "assessment_items")
    return counts


def _write_schools(
    to: Target, everybody: list[StaffMember], counts: Counts, progress: Progress
) -> None:
    """Writes school after school; while one is written, the next is made."""
    total = to.people.schools
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(live, to.people, to.taught, to.space, 0)
        for number in range(total):
            progress("Making schools", number, total)
            school = coming.result()
            if number + 1 < total:
                coming = maker.submit(live, to.people, to.taught, to.space, number + 1)
            add(counts, write_learners(to, school, everybody))
            add(counts, write_learning(to, school))
            add(counts, write_plans(to, number, everybody))
        progress("Making schools", total, total)


def _write_import(to: Target, counts: Counts) -> None:
    people, rows = to.people, sum(counts.values())
    options = f"demo/{people.scale}/{people.seed}/{people.year.today}"
    to.connection.execute(
        text(
            "INSERT INTO chalkline.imports (district_id, import_id, source, fingerprint, state, "
            "rows_read, rows_written, report, finished_at) VALUES (:district, :id, :source, "
            ":fingerprint, 'done', :rows, :rows, CAST(:report AS jsonb), clock_timestamp())"
        ),
        {
            "district": to.district,
            "id": as_uuid(identifiers(to.space, "import", np.arange(1))[0]),
            "source": f"generated district, {people.scale}",
            "fingerprint": hashlib.sha256(options.encode()).hexdigest(),
            "rows": rows,
            "report": orjson.dumps(counts).decode(),
        },
    )
