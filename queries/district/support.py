"""What an administrator sets for casework: limits, caseload rules, cover. No learner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, insert, select, update

import privacy
from db.tables import (
    CaseloadRule,
    Cover,
    Institution,
    Staff,
    StaffRole,
)
from privacy import NotAllowed, Viewer
from queries.trail import record

LONGEST_COVER: Final = timedelta(days=120)
PROGRAMMES: Final = {
    "english_learner": "English learners",
    "individual_plan": "Individual plan",
    "section_504": "Section 504 plan",
    "gifted": "Gifted programme",
}


class NotSo(ValueError):  # noqa: N818 - reads as the sentence it carries
    """What was typed can not be kept; the message says why."""


@dataclass(frozen=True)
class Limits:
    """Where lists are cut, unless somebody has set her own."""

    teachers: int
    counselors: int


@dataclass(frozen=True)
class Rule:
    """A caseload rule in its parts; None is no condition."""

    rule_id: UUID
    counselor: str
    school: str
    grade_from: int | None
    grade_to: int | None
    name_from: str | None
    name_to: str | None
    programme: str | None


def limits(viewer: Viewer) -> Limits:
    """The district's own figures."""
    with privacy.session(viewer) as db:
        return Limits(
            *db.execute(
                select(Institution.alert_capacity, Institution.case_capacity).where(
                    Institution.district_id == viewer.district_id, Institution.kind == "district"
                )
            ).one()
        )


def set_limits(viewer: Viewer, *, teachers: int, counselors: int) -> None:
    """Keeps them for the whole district."""
    with administrator(viewer) as db:
        db.execute(
            update(Institution)
            .where(Institution.district_id == viewer.district_id, Institution.kind == "district")
            .values(alert_capacity=teachers, case_capacity=counselors)
        )
        record(db, viewer, "set limits", detail={"teachers": teachers, "counselors": counselors})


def places(viewer: Viewer) -> dict[UUID, str]:
    """The district's own row first, then its schools."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Institution.institution_id, Institution.name, Institution.kind)
            .where(Institution.district_id == viewer.district_id)
            .order_by(Institution.kind, Institution.name)
        ).all()
    return {key: "All schools" if kind == "district" else name for key, name, kind in rows}


def counselors(viewer: Viewer) -> dict[UUID, str]:
    """Everybody who counsels today, with her school."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Staff.staff_id, Staff.display_name, Institution.name)
            .join(
                StaffRole,
                and_(
                    StaffRole.district_id == Staff.district_id,
                    StaffRole.staff_id == Staff.staff_id,
                ),
            )
            .join(
                Institution,
                and_(
                    Institution.district_id == StaffRole.district_id,
                    Institution.institution_id == StaffRole.school_id,
                ),
            )
            .where(
                Staff.district_id == viewer.district_id,
                StaffRole.role == "counselor",
                StaffRole.starts_on <= viewer.today,
                StaffRole.ends_on.is_(None) | (StaffRole.ends_on >= viewer.today),
            )
            .order_by(Institution.name, Staff.display_name)
        ).all()
    return {key: f"{name}, {school}" for key, name, school in rows}


def rules(viewer: Viewer) -> list[Rule]:
    """Those in force, in the order in which they apply."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                CaseloadRule.rule_id,
                Staff.display_name,
                Institution.name,
                CaseloadRule.grade_from,
                CaseloadRule.grade_to,
                CaseloadRule.name_from,
                CaseloadRule.name_to,
                CaseloadRule.programme,
            )
            .join(
                Staff,
                and_(
                    Staff.district_id == CaseloadRule.district_id,
                    Staff.staff_id == CaseloadRule.staff_id,
                ),
            )
            .join(
                Institution,
                and_(
                    Institution.district_id == CaseloadRule.district_id,
                    Institution.institution_id == CaseloadRule.school_id,
                ),
            )
            .where(CaseloadRule.district_id == viewer.district_id, CaseloadRule.ended_at.is_(None))
            .order_by(CaseloadRule.made_at, CaseloadRule.rule_id)
        ).all()
    return [Rule(*row) for row in rows]


def add_rule(
    viewer: Viewer,
    *,
    counselor: UUID,
    school: UUID,
    grades: tuple[int, int] | None,
    letters: tuple[str, str] | None,
    programme: str | None,
    now: datetime,
) -> None:
    """Learners on nobody's caseload who meet every condition go to the counselor."""
    if grades is not None and grades[0] > grades[1]:
        raise NotSo("The grades run from the lower to the higher.")
    if letters is not None and not "A" <= letters[0] <= letters[1] <= "Z":
        raise NotSo("The alphabet runs from A to Z.")
    with administrator(viewer) as db:
        db.execute(
            insert(CaseloadRule)
            .values(
                district_id=viewer.district_id,
                rule_id=uuid4(),
                staff_id=counselor,
                school_id=school,
                grade_from=grades[0] if grades else None,
                grade_to=grades[1] if grades else None,
                name_from=letters[0] if letters else None,
                name_to=letters[1] if letters else None,
                programme=programme,
                made_by=viewer.staff_id,
                made_at=now,
            )
            .inline()
        )
        record(db, viewer, "made caseload rule", detail={"counselor": str(counselor)})


def end_rule(viewer: Viewer, *, rule: UUID, now: datetime) -> None:
    """It assigns nobody any more; who was assigned stays where she is."""
    with administrator(viewer) as db:
        db.execute(
            update(CaseloadRule)
            .where(CaseloadRule.district_id == viewer.district_id, CaseloadRule.rule_id == rule)
            .values(ended_at=now, made_by=viewer.staff_id)
        )
        record(db, viewer, "ended caseload rule", detail={"rule": str(rule)})


def arrange_cover(
    viewer: Viewer, *, absent: UUID, covering: UUID, starts_on: date, ends_on: date, now: datetime
) -> None:
    """For a counselor who is away and can not do it herself."""
    if absent == covering:
        raise NotSo("Somebody else covers. Choose two counselors.")
    if not viewer.today <= starts_on <= ends_on <= starts_on + LONGEST_COVER:
        raise NotSo(f"Cover begins today or later and lasts at most {LONGEST_COVER.days} days.")
    with administrator(viewer) as db:
        db.execute(
            insert(Cover)
            .values(
                district_id=viewer.district_id,
                cover_id=uuid4(),
                absent_id=absent,
                covering_id=covering,
                starts_on=starts_on,
                ends_on=ends_on,
                arranged_by=viewer.staff_id,
                arranged_at=now,
            )
            .inline()
        )
        detail = {"absent": str(absent), "covering": str(covering)}
        record(db, viewer, "arranged cover", detail=detail | {"to": str(ends_on)})


@contextmanager
def administrator(viewer: Viewer) -> Iterator[Connection]:
    """A transaction of an administrator; NotAllowed, in words, for everybody else."""
    if viewer.role != "administrator":
        raise NotAllowed("Only an administrator sets this. Ask yours.")
    with privacy.session(viewer) as db:
        yield db
