"""Runs a load from end to end: reads everything, then writes it step by step, each step whole."""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

import psycopg
from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from db.engine import step_up
from db.oulad import activity, catalogue, clock, journal, learners, roster
from db.oulad.assembling import assemble
from db.oulad.files import COLUMNS, Dataset, opened
from db.oulad.journal import Journal
from db.oulad.report import FileReport, LoadError, LoadReport, Tally
from db.oulad.roster import Ids
from db.oulad.source import VERSION, Source
from db.partitions import ensure_months
from db.people import Progress, Sealer, SourceHash, quiet
from db.tables import Institution

DISTRICT = "Open University (OULAD)"
ORGANISATION = "organisation"  # the step before the classes
ANALYSED = (
    "learners",
    "enrollments",
    "caseloads",
    "assessment_attempts",
    "section_progress",
    "learning_interactions",
)


@dataclass(frozen=True)
class Job:
    """How a load is to be done."""

    engine: Engine
    district: str
    as_of: date | None
    seal: Sealer
    source_hash: SourceHash
    progress: Progress
    seconds: Callable[[], float]  # since it began


def load(
    engine: Engine,
    path: Path,
    *,
    courses: Sequence[str] | None = None,
    district: str = DISTRICT,
    as_of: date | None = None,
    seal: Sealer,
    source_hash: SourceHash,
    progress: Progress = quiet,
) -> LoadReport:
    """Loads the zip or folder at `path` into the district of that name.

    `engine` is a job's. `courses` are codes such as AAA; None means all. `as_of` becomes the
    district's today; without it, it is day 84 of the latest presentation loaded. Raises LoadError:
    then either nothing was written, or the same call goes on where this one stopped.
    """
    began = time.monotonic()
    job = Job(
        engine, district, as_of, seal, source_hash, progress, lambda: time.monotonic() - began
    )
    try:
        with opened(path) as dataset, journal.alone(engine):
            progress("Looking at the files", 0, None)
            fingerprint = _fingerprint(dataset, courses, job)
            already = _already(job, fingerprint)
            if already is not None:
                return already
            source, tally, notes = assemble(dataset, courses, progress)
            return _write(job, source, tally, notes, fingerprint)
    except (DBAPIError, psycopg.Error) as error:
        raise LoadError(
            f"The database stopped the load: {_primary(error)}. When that is mended, run the "
            "same command again: it goes on where it stopped."
        ) from None


def _fingerprint(dataset: Dataset, courses: Sequence[str] | None, job: Job) -> str:
    """sha256 of the files, of what was asked for, and of this loader's version."""
    chosen = None if courses is None else sorted({course.strip().upper() for course in courses})
    options = repr((VERSION, chosen, job.district, job.as_of))
    return hashlib.sha256(f"{dataset.fingerprint()} {options}".encode()).hexdigest()


def _already(job: Job, fingerprint: str) -> LoadReport | None:
    """The report of the district's latest load, when it was this very one and it finished."""
    with job.engine.begin() as connection:
        district, clock_on = connection.execute(
            select(Institution.district_id, Institution.clock_on).where(
                Institution.kind == "district",
                Institution.name == job.district,
                Institution.source_id == roster.SOURCE,
            )
        ).one_or_none() or (None, None)
        if district is None or clock_on is None:
            return None
        last = journal.latest(connection, district)
        if last is None or last.state != "done" or last.fingerprint != fingerprint:
            return None
    return LoadReport(
        district,
        clock_on,
        unchanged=True,
        files=tuple(replace(FileReport(**one), written=0) for one in last.report[journal.FILES]),
        notes=tuple(last.report[journal.NOTES]),
        staff=roster.staff_of(Ids(district), last.report[journal.COURSES]),
        seconds=job.seconds(),
    )


def _write(
    job: Job, source: Source, tally: Tally, notes: list[str], fingerprint: str
) -> LoadReport:
    with job.engine.begin() as connection:
        ids = roster.district(connection, job.district)
        record = journal.begin(connection, ids.district, fingerprint)
    try:
        _prepare(job, ids, source, record)
        _classes(job, ids, source, record)
        return _finish(job, ids, source, record, tally, notes)
    except Exception:
        with suppress(DBAPIError), job.engine.begin() as connection:  # what stopped it matters more
            record.fail(connection)
        raise


def _prepare(job: Job, ids: Ids, source: Source, record: Journal) -> None:
    """Catalogue, organisation, and a partition for every month with clicks."""
    job.progress("Writing courses and classes", 0, None)
    with job.engine.begin() as connection:
        if len(source.clicks):
            by_start = sorted(source.presentations, key=lambda one: one.starts_on)
            first, last = int(source.clicks.day.min()), int(source.clicks.day.max())
            ensure_months(connection, by_start[0].day(first), by_start[-1].day(last))
    with job.engine.begin() as connection:
        _, sites = catalogue.write(connection, source)
        classes, assessments = roster.classes(connection, ids, source)
        roster.staff(connection, ids, source)
        if ORGANISATION not in record.steps:
            record.step(
                connection,
                ORGANISATION,
                {"courses.csv": classes, "assessments.csv": assessments, "vle.csv": sites},
            )


def _classes(job: Job, ids: Ids, source: Source, record: Journal) -> None:
    """Learners, then class by class what they did; a class that is there already is left."""
    known = learners.write(
        job.engine,
        ids,
        source,
        seal=job.seal,
        source_hash=job.source_hash,
        progress=job.progress,
    )
    places = [catalogue.place(site) for site in source.sites]
    with job.engine.begin() as connection:
        loaded = journal.loaded_classes(connection, ids.district)
    done = 0
    for content in source.classes():
        key, fingerprint = content.presentation.key, source.fingerprint(content)
        job.progress(f"Writing {content.presentation.title}", done, len(source.clicks))
        done += len(content.clicks)
        if loaded.get(key) == fingerprint:
            continue
        with job.engine.begin() as connection:
            writer = activity.Writer(connection, ids, content, known, places)
            written = activity.write(writer, again=key in loaded)
            record.step(connection, key, {journal.FINGERPRINT: fingerprint, **asdict(written)})
    job.progress("Writing classes", done, done)


def _finish(
    job: Job, ids: Ids, source: Source, record: Journal, tally: Tally, notes: list[str]
) -> LoadReport:
    """Clock and caseload, statistics for the planner, and the report."""
    job.progress("Finishing", 0, None)
    with job.engine.begin() as connection:
        today = clock.today(connection, ids, job.as_of)
        notes = [*notes, *clock.set_clock(connection, ids, today)]
        files = _files(tally, record)
        record.finish(connection, files, notes, source.courses, tally.rejections)
        with step_up(connection):
            connection.exec_driver_sql(
                "ANALYZE " + ", ".join(f"chalkline.{table}" for table in ANALYSED)
            )
    return LoadReport(
        ids.district,
        today,
        unchanged=False,
        files=files,
        notes=tuple(notes),
        staff=roster.staff_of(ids, source.courses),
        seconds=job.seconds(),
    )


def _files(tally: Tally, record: Journal) -> tuple[FileReport, ...]:
    """What became of each file's rows; steps that an earlier, killed run did count as ours."""
    steps = record.steps
    classes = [step for name, step in steps.items() if name != ORGANISATION]
    enrollments = sum(step["enrollments"] for step in classes)
    written = {
        **steps[ORGANISATION],
        "studentInfo.csv": enrollments,
        "studentRegistration.csv": enrollments,
        "studentAssessment.csv": sum(step["results"] for step in classes),
        "studentVle.csv": sum(step["interactions"] for step in classes),
    }
    return tuple(
        FileReport(
            name,
            read=tally.read[name],
            written=written[name],
            rejected=tally.rejections.of(name),
            left_out=tally.left_out[name],
            merged=tally.merged[name],
            reasons=tally.rejections.reasons(name),
        )
        for name in COLUMNS
    )


def _primary(error: DBAPIError | psycopg.Error) -> str:
    """The first line of what the database said: its details may quote a row."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    return said or "the connection was lost"
