"""Makes the weekly overview's releases, so that pages only read what is stored."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from db.tables import Institution
from privacy.releases.asking import release, stored
from privacy.releases.ledger import Refused
from privacy.session import signin_session
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

    May run at any time and be killed at any time: each release is a transaction of its own.
    """
    return [overview(viewer) for viewer in _districts(now)]


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


def _districts(now: datetime) -> list[Viewer]:
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
