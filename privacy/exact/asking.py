"""The door to exact figures: one declared metric, all its groups, the same answer for everybody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from analytics.disclosure import Cell
from db.locks import Work, alone
from db.tables import Institution, Release, StaffRole
from privacy.exact.cube import EXACT_GRAINS
from privacy.exact.deciding import decided
from privacy.exact.figure import Figure, restored, stored
from privacy.metrics import (
    GRAINS,
    Metric,
    Version,
    audience_of,
    changes,
    groups,
    latest_version,
    metric,
    releaser_session,
    sums,
)
from privacy.session import CONTEXT_SECONDS
from privacy.viewer import ROLES, Role, Viewer

PRINTED: Final = 10  # k of what leaves the screen, at least
AT_ONCE: Final = 250  # groups of a metric that are decided while somebody waits, in seconds
PATIENCE: Final = 1800  # seconds that the job may take for one metric
CUBE: Final = "cube"  # the grain a stored exact answer is filed under: all of the metric's together


@dataclass(frozen=True)
class Figures:
    """The released figures of a metric: by cell (grain, then keys). What is not in it is not told.

    `version` is None before the first refresh; `k` is the fewest learners a figure is about.
    """

    metric: Metric
    version: Version | None
    k: int
    by_cell: Mapping[Cell, Figure]

    def of(self, grain: str, *keys: str) -> Figure | None:
        """The figure of a group, or None: fewer than k learners, or hidden for their sake."""
        return self.by_cell.get((grain, *keys))


def figures(viewer: Viewer, name: str, *, printed: bool = False, patient: bool = False) -> Figures:
    """The metric's exact figures, as on screen or (`printed`) as may be printed and passed on.

    WrongRegime for an audience that is answered otherwise; the first to ask decides the week. A
    large district's is decided by the job alone, which is `patient`; before that nothing is told.
    """
    asked = metric(name)
    with releaser_session(viewer, seconds=PATIENCE if patient else CONTEXT_SECONDS) as db:
        asked.must_be("exact", audience_of(_roles(db, viewer)))
        k = _policy(db, viewer.district_id)
        version = latest_version(db, viewer.district_id)
        k = max(k, PRINTED) if printed else k
        if version is None:
            return Figures(asked, None, k, {})
        answer = _answer(db, viewer, asked, version, patient=patient)
        if answer is None:
            return Figures(asked, None, k, {})
        return Figures(asked, version, k, {one.cell: one for one in answer[k]})


def compare(viewer: Viewer, name: str, cell: Cell, *, own: int) -> Figure | None:
    """The figure of a group beside which somebody sees `own` of its learners one by one.

    None also where the rest of the group is fewer than k, or may be so of those who have changed
    since an earlier figure: she could subtract her own from either. Nobody knows which of her own
    were in a figure that stands, or whose were the learners who have gone or been erased since: as
    many as have changed are taken off the rest.
    """
    found = figures(viewer, name)
    one = found.of(*cell)
    if one is None or found.version is None:
        return None
    if one.news is not None and own and one.news - own < found.k:
        return None
    with releaser_session(viewer) as db:
        here = found.metric, GRAINS[cell[0]]
        told = sums(db, *here, one.base).get(tuple(cell[1:]))
        since = changes(db, *here, since=one.base, until=found.version.data_version)
    moved = since.get(tuple(cell[1:]), 0)
    rest = (told.learners if told else 0) - own
    return one if rest - moved >= found.k or (rest <= 0 and not moved) else None


def _answer(
    db: Connection, viewer: Viewer, asked: Metric, version: Version, *, patient: bool
) -> dict[int, list[Figure]] | None:
    """The stored answer of the week by k, decided now if nobody has asked yet; None for a large
    district's that is not stored, and nobody waits for.
    """
    found = _stored(db, viewer.district_id, asked, version.data_version)
    if found is None and not patient and _cells(db, viewer, asked, version) > AT_ONCE:
        return None
    if found is None:
        alone(db, Work.EXACT_FIGURES, viewer.district_id)  # a week is decided once
        found = _stored(db, viewer.district_id, asked, version.data_version)
    if found is not None:
        return found
    enrolled = None
    if asked.kind != "count":
        enrolled = _answer(db, viewer, metric("enrolment"), version, patient=patient)
        if enrolled is None:
            return None
    latest = db.scalar(
        select(func.max(Release.data_version)).where(
            *_of(viewer.district_id, asked), Release.data_version < version.data_version
        )
    )
    before = _stored(db, viewer.district_id, asked, latest) if latest else None
    made = decided(db, asked, viewer.district_id, version, before=before, enrolled=enrolled)
    db.execute(
        insert(Release).values(
            district_id=viewer.district_id,
            release_id=uuid4(),
            school_year=version.school_year,
            metric=asked.name,
            grain=CUBE,
            regime="exact",
            data_version=version.data_version,
            parameters={"k": list(made)},
            answer={str(k): [stored(one) for one in some] for k, some in made.items()},
            asked_by=viewer.staff_id,
        )
    )
    return made


def _cells(db: Connection, viewer: Viewer, asked: Metric, version: Version) -> int:
    """How many groups the metric is told by."""
    return sum(
        len(groups(db, viewer.district_id, GRAINS[name], on=version.as_of))
        for name in EXACT_GRAINS
        if name in asked.grains
    )


def _stored(
    db: Connection, district: int, asked: Metric, version: date
) -> dict[int, list[Figure]] | None:
    answer = db.scalar(
        select(Release.answer).where(*_of(district, asked), Release.data_version == version)
    )
    if answer is None:
        return None
    return {int(k): [restored(asked, row) for row in some] for k, some in answer.items()}


def _of(district: int, asked: Metric) -> tuple[ColumnElement[bool], ...]:
    return (
        Release.district_id == district,
        Release.metric == asked.name,
        Release.grain == CUBE,
        Release.regime == "exact",
    )


def _policy(db: Connection, district: int) -> int:
    """The district's k: 5, 10, 15 or 20."""
    return db.scalars(
        select(Institution.least_group).where(
            Institution.district_id == district, Institution.kind == "district"
        )
    ).one()


def _roles(db: Connection, viewer: Viewer) -> frozenset[Role]:
    """Every role the viewer holds today, whichever she has signed in with."""
    held = db.scalars(
        select(StaffRole.role).where(
            StaffRole.district_id == viewer.district_id,
            StaffRole.staff_id == viewer.staff_id,
            StaffRole.starts_on <= viewer.today,
            or_(StaffRole.ends_on.is_(None), StaffRole.ends_on >= viewer.today),
        )
    ).all()
    return frozenset(role for role in ROLES if role in held) | {viewer.role}
