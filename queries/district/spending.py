"""What was released, who asked for it, and what it took from the school year's privacy budget."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH

import privacy
from db.tables import AcademicTerm, Institution, Release, Staff
from privacy import Viewer
from privacy.metrics import GRAINS, METRICS

ITSELF = "Chalkline (the weekly overview)"
_SHOWN = '$[*] ? (@.hidden == "")'


@dataclass(frozen=True)
class Spending:
    """A school year's releases. `by_person` has person, releases, rho; `by_metric` has metric,
    releases, rho; the largest first. `first` and `last` are when the first and last were made.
    """

    by_person: pd.DataFrame
    by_metric: pd.DataFrame
    releases: int
    weeks: int
    first: datetime | None
    last: datetime | None


def spending(viewer: Viewer, *, school_year: int) -> Spending:
    """Who asked for what in a school year, and what that cost."""
    of_year = (
        Release.district_id == viewer.district_id,
        Release.school_year == school_year,
        Release.regime == "private",
    )
    with privacy.session(viewer) as db:
        people = db.execute(
            select(
                func.coalesce(Staff.display_name, ITSELF),
                func.count(),
                func.sum(Release.rho),
            )
            .select_from(Release)
            .outerjoin(
                Staff,
                (Staff.district_id == Release.district_id) & (Staff.staff_id == Release.asked_by),
            )
            .where(*of_year)
            .group_by(Staff.display_name)
            .order_by(func.sum(Release.rho).desc())
        ).all()
        what = db.execute(
            select(Release.metric, func.count(), func.sum(Release.rho))
            .where(*of_year)
            .group_by(Release.metric)
            .order_by(func.sum(Release.rho).desc(), Release.metric)
        ).all()
        whole = db.execute(
            select(
                func.count(),
                func.count(Release.data_version.distinct()),
                func.min(Release.released_at),
                func.max(Release.released_at),
            ).where(*of_year)
        ).one()
    return Spending(
        _table(people, "person"),
        _table([(_title(name), n, rho) for name, n, rho in what], "metric"),
        whole[0],
        whole[1],
        whole[2],
        whole[3],
    )


def school_year_words(viewer: Viewer, *, school_year: int) -> str:
    """What a school year is called: by its number, and by the years that its terms lie in."""
    with privacy.session(viewer) as db:
        starts, ends = db.execute(
            select(func.min(AcademicTerm.starts_on), func.max(AcademicTerm.ends_on)).where(
                AcademicTerm.district_id == viewer.district_id,
                AcademicTerm.school_year == school_year,
            )
        ).one()
    if starts is None or starts.year == ends.year:
        return f"school year {school_year}"
    return f"school year {starts.year}–{ends.year % 100:02d}"


def released(viewer: Viewer, *, school_year: int) -> pd.DataFrame:
    """Every release of a school year, the latest first: release, metric, grain, week, made, person,
    rho, changed, groups, shown; `made` in the district's zone. No figure is in it.
    """
    figures = Release.answer["figures"]
    with privacy.session(viewer) as db:
        zone = ZoneInfo(
            db.scalars(
                select(Institution.timezone).where(
                    Institution.district_id == viewer.district_id, Institution.kind == "district"
                )
            ).one()
        )
        rows = db.execute(
            select(
                Release.release_id,
                Release.metric,
                Release.grain,
                Release.data_version,
                Release.released_at,
                func.coalesce(Staff.display_name, ITSELF),
                Release.rho,
                Release.rho_changed,
                func.jsonb_array_length(figures),
                func.jsonb_array_length(
                    func.jsonb_path_query_array(figures, cast(_SHOWN, JSONPATH))
                ),
            )
            .outerjoin(
                Staff,
                (Staff.district_id == Release.district_id) & (Staff.staff_id == Release.asked_by),
            )
            .where(
                Release.district_id == viewer.district_id,
                Release.school_year == school_year,
                Release.regime == "private",
            )
            .order_by(Release.released_at.desc(), Release.metric, Release.grain)
        ).all()
    return pd.DataFrame(
        [
            (
                str(row[0]),
                _title(row[1]),
                GRAINS[row[2]].words if row[2] in GRAINS else row[2],
                row[3],
                row[4].astimezone(zone),
                row[5],
                float(row[6]),
                float(row[7]),
                row[8],
                row[9],
            )
            for row in rows
        ],
        columns=[
            "release",
            "metric",
            "grain",
            "week",
            "made",
            "person",
            "rho",
            "changed",
            "groups",
            "shown",
        ],
    )


def one_release(viewer: Viewer, release_id: UUID) -> dict[str, Any] | None:
    """A release whole, ready for a file: question, parameters, cost, figures with margins."""
    with privacy.session(viewer) as db:
        row = db.execute(
            select(Release.__table__).where(
                Release.district_id == viewer.district_id,
                Release.release_id == release_id,
                Release.regime == "private",
            )
        ).one_or_none()
    if row is None:
        return None
    declared = METRICS.get(row.metric)
    return {
        "release": str(row.release_id),
        "metric": row.metric,
        "question": declared.question if declared else "",
        "definition": declared.definition if declared else "",
        "unit": declared.unit if declared else "",
        "by": row.grain,
        "week of": row.data_version.isoformat(),
        "school year": row.school_year,
        "released at": row.released_at.isoformat(),
        "rho": str(row.rho),
        "rho if a learner changes": str(row.rho_changed),
        "parameters": row.parameters,
        "figures": row.answer["figures"],
        "total": row.answer["total"],
    }


def _table(rows: Any, first: str) -> pd.DataFrame:
    return pd.DataFrame(
        [(name, count, float(rho or Decimal(0))) for name, count, rho in rows],
        columns=[first, "releases", "rho"],
    )


def _title(name: str) -> str:
    return METRICS[name].title if name in METRICS else name
