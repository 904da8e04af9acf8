"""Finds the releases that are stored, and writes the line that each has in the book."""

from datetime import date
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Select, select

from db.tables import Release as Stored
from privacy.releases.book import Line


def kept_releases(district: int, names: list[str], grain: str, weeks: list[date]) -> Select[Any]:
    """The stored releases of these metrics in these weeks, the latest week first."""
    return (
        select(Stored.__table__)
        .where(
            Stored.district_id == district,
            Stored.metric.in_(names),
            Stored.grain == grain,
            Stored.regime == "private",
            Stored.data_version.in_(weeks),
        )
        .order_by(Stored.data_version.desc())
    )


def line_of(database: str, district: int, row: Any) -> Line:
    """A stored release's line in the book: what it cost, and a hash of what it told."""
    return Line(
        database=database,
        district=district,
        school_year=row.school_year,
        metric=row.metric,
        grain=row.grain,
        version=row.data_version,
        rho=row.rho,
        changed=row.rho_changed,
        answer=sha256(orjson.dumps(row.answer, option=orjson.OPT_SORT_KEYS)).hexdigest(),
    )
