"""Makes the weekly overview's releases, so that pages only read what is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from db.tables import AcademicTerm, Institution
from privacy.metrics import latest_version
from privacy.releases.asking import release, stored
from privacy.releases.ledger import Refused
from privacy.session import session, signin_session
from privacy.viewer import Viewer

# Twelve metrics by school; the district's own figures are made of them.
OVERVIEW: Final = (
    "enrolment",
    "active",
    "progress",
    "completion",
    "mastery",
    "assessment_mean",
    "pass",
    "on_time",
    "attendance",
    "chronic_absence",
    "flagged",
    "time_on_task",
)
GRAINS: Final = ("school", "district")


@dataclass(frozen=True)
class Made:
    """What one run did for a district; `refused` are the sentences in which it was refused."""

    district_id: int
    releases: int
    refused: tuple[str, ...]


def weekly_overview(*, now: datetime) -> list[Made]:
    """Releases this week's overview of every district, where that has not been done yet.

    Only of weeks that lie in a term: holidays say nothing new and would use the year's budget up.
    May run at any time and be killed at any time: each release is a transaction of its own.
    """
    return [overview(viewer) for viewer in districts(now) if _in_term(viewer)]


def overview(viewer: Viewer) -> Made:
    """The same for one district, in somebody's name."""
    made, refused = 0, []
    for grain in GRAINS:
        try:
            there = stored(viewer, OVERVIEW, grain)
        except Refused:  # no data yet
            break
        for name in OVERVIEW:
            if there[name]:
                continue
            try:
                release(viewer, name, grain)
                made += 1
            except Refused as why:
                refused.append(str(why))
    return Made(viewer.district_id, made, tuple(dict.fromkeys(refused)))


def _in_term(viewer: Viewer) -> bool:
    with session(viewer) as db:
        week = latest_version(db, viewer.district_id)
        if week is None:
            return False
        term = select(AcademicTerm.term_id).where(
            AcademicTerm.district_id == viewer.district_id,
            AcademicTerm.starts_on <= week.as_of,
            AcademicTerm.ends_on >= week.as_of,
        )
        return db.execute(term.limit(1)).first() is not None


def districts(now: datetime) -> list[Viewer]:
    """Chalkline itself, before each district: an administrator who is nobody."""
    with signin_session() as db:
        rows = db.execute(
            select(Institution.district_id, Institution.name, Institution.generated)
            .where(Institution.kind == "district")
            .order_by(Institution.district_id)
        ).all()
    nobody = UUID(int=0)
    return [
        Viewer(
            district_id=row.district_id,
            staff_id=nobody,
            account_id=nobody,
            role="administrator",
            name="the weekly overview",
            district_name=row.name,
            generated=row.generated,
            today=now.date(),
        )
        for row in rows
    ]
