"""How the cohorts learn that the viewer's learners belong to; about cohorts, never about one."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

import privacy
from db.tables import Institution, Learner, LearnerGroup, LearningPattern
from privacy import Viewer
from queries.rows import AnyRow

ANY = "*"


@dataclass(frozen=True)
class Pattern:
    """One dimension of a cohort, over about so many learners; `figures` as the job left them."""

    learners: int
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class CohortReport:
    """A cohort: what it is called, how large it is, how many of the viewer's learners are in it."""

    label: str
    size: int
    mine: int
    diversity: Mapping[str, int]
    patterns: Mapping[str, Pattern]
    analysed_at: datetime | None


def cohorts_of_mine(viewer: Viewer) -> tuple[CohortReport, ...]:
    """The cohorts of her learners, that with most of them first; none with fewer than k."""
    with privacy.session(viewer) as db:
        groups = db.scalars(
            select(Learner.group_id).where(
                Learner.district_id == viewer.district_id, Learner.group_id.is_not(None)
            )
        ).all()
        mine = Counter(groups)
        places, k, zone = _places(db, viewer)
        cohorts = db.execute(
            select(LearnerGroup.group_id, LearnerGroup.generalisation, LearnerGroup.size).where(
                LearnerGroup.district_id == viewer.district_id,
                LearnerGroup.group_id.in_(list(mine)),
                LearnerGroup.size >= k,
            )
        ).all()
        rows = db.execute(
            select(
                LearningPattern.group_id,
                LearningPattern.dimension,
                LearningPattern.learners,
                LearningPattern.figures,
                LearningPattern.analysed_at,
            ).where(
                LearningPattern.district_id == viewer.district_id,
                LearningPattern.group_id.in_(list(mine)),
                LearningPattern.learners >= k,
            )
        ).all()
    found = [_report(one, mine, places, [r for r in rows if r.group_id == one.group_id], zone)
             for one in cohorts]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (-one.mine, one.label)))


def _places(db: Connection, viewer: Viewer) -> tuple[dict[str, str], int, str]:
    """Schools by identifier, k, and the district's time zone."""
    rows = db.execute(
        select(
            Institution.institution_id,
            Institution.kind,
            Institution.name,
            Institution.least_group,
            Institution.timezone,
        ).where(Institution.district_id == viewer.district_id)
    ).all()
    own = next(row for row in rows if row.kind == "district")
    return {str(row.institution_id): row.name for row in rows}, own.least_group, own.timezone


def _report(
    cohort: AnyRow,
    mine: Counter[UUID | None],
    places: Mapping[str, str],
    rows: list[AnyRow],
    zone: str,
) -> CohortReport:
    said = cohort.generalisation
    return CohortReport(
        label(said, places),
        cohort.size,
        mine[cohort.group_id],
        said.get("l_diversity", {}),
        {row.dimension: Pattern(row.learners, row.figures) for row in rows},
        max((row.analysed_at.astimezone(ZoneInfo(zone)) for row in rows), default=None),
    )


def label(said: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """What a cohort is called.

    >>> label({"school": "1", "grade": "7"}, {"1": "Elm"}), label({"school": "*", "grade": "*"}, {})
    ('Grade 7, Elm', 'All grades, all schools')
    """
    grade, school = said.get("grade", ANY), said.get("school", ANY)
    first = "All grades" if grade == ANY else f"Grade {grade}"
    second = "all schools" if school == ANY else places.get(school, "one school")
    return f"{first}, {second}"
