"""How fresh the district's data is, and how its imports and background jobs went."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import func, select

import privacy
from db.tables import Import, ImportError, Institution, JobRun, Watermark
from privacy import Viewer

LATEST = 12


@dataclass(frozen=True)
class Operations:
    """Figures about data, never about people.

    `imports` has source, state, started, minutes, read, written, rejected; `jobs` has job, state,
    started, seconds; `rejected` has file, line, column, reason of the latest import's rejects.
    """

    as_of: datetime | None
    schools: int
    imports: pd.DataFrame
    rejected: pd.DataFrame
    jobs: pd.DataFrame


def data_freshness(viewer: Viewer) -> Operations:
    """The latest imports and jobs, times in the district's own zone."""
    with privacy.session(viewer) as db:
        zone = ZoneInfo(
            db.scalars(
                select(Institution.timezone).where(
                    Institution.district_id == viewer.district_id, Institution.kind == "district"
                )
            ).one()
        )
        schools = db.scalars(
            select(func.count())
            .select_from(Institution)
            .where(Institution.district_id == viewer.district_id, Institution.kind == "school")
        ).one()
        as_of = db.scalar(
            select(func.max(Watermark.updated_at)).where(
                Watermark.district_id == viewer.district_id
            )
        )
        imports = db.execute(
            select(
                Import.import_id,
                Import.source,
                Import.state,
                Import.started_at,
                Import.finished_at,
                Import.rows_read,
                Import.rows_written,
                Import.rows_rejected,
            )
            .where(Import.district_id == viewer.district_id)
            .order_by(Import.started_at.desc())
            .limit(LATEST)
        ).all()
        rejected = db.execute(
            select(ImportError.file, ImportError.line, ImportError.column, ImportError.reason)
            .where(
                ImportError.district_id == viewer.district_id,
                ImportError.import_id == (imports[0].import_id if imports else None),
            )
            .order_by(ImportError.position)
            .limit(100)
        ).all()
        jobs = db.execute(
            select(JobRun.job, JobRun.state, JobRun.started_at, JobRun.finished_at)
            .where(
                (JobRun.district_id == viewer.district_id) | JobRun.district_id.is_(None),
            )
            .order_by(JobRun.started_at.desc())
            .limit(LATEST)
        ).all()
    return Operations(
        as_of.astimezone(zone) if as_of else None,
        schools,
        pd.DataFrame(
            [
                (
                    one.source,
                    one.state,
                    one.started_at.astimezone(zone),
                    _seconds(one.started_at, one.finished_at),
                    one.rows_read,
                    one.rows_written,
                    one.rows_rejected,
                )
                for one in imports
            ],
            columns=["source", "state", "started", "seconds", "read", "written", "rejected"],
        ),
        pd.DataFrame(
            [tuple(row) for row in rejected], columns=["file", "line", "column", "reason"]
        ),
        pd.DataFrame(
            [
                (
                    one.job,
                    one.state,
                    one.started_at.astimezone(zone),
                    _seconds(one.started_at, one.finished_at),
                )
                for one in jobs
            ],
            columns=["job", "state", "started", "seconds"],
        ),
    )


def _seconds(started: datetime, finished: datetime | None) -> float | None:
    return None if finished is None else (finished - started).total_seconds()
