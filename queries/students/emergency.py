"""One learner opened in an emergency: who she is, whom to call, where she should be now."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Uuid, column, func, insert, select, true

import privacy
from db.audit.unusual import OPENED
from db.tables import (
    Attendance,
    BreakGlass,
    Class,
    ClassStaff,
    Enrollment,
    Institution,
    Learner,
    Staff,
)
from privacy import NotAllowed, Viewer, people
from queries.trail import record

SHORTEST: Final = 10  # characters of a reason; the table says so too
DAYS: Final = 10  # of attendance


@dataclass(frozen=True)
class Card:
    """What an emergency needs; no marks, flags or notes."""

    name: str
    birth_date: str | None
    contacts: tuple[str, ...]
    school: str
    grade_level: int | None
    needs: tuple[str, ...]
    classes: tuple[tuple[str, str], ...]  # (class, its teachers)
    attendance: tuple[tuple[date, str], ...]


def open_card(viewer: Viewer, *, typed: str, reason: str, school_id: UUID | None = None) -> UUID:
    """Opens a learner of exactly that full name for 15 minutes; her identifier.

    NotAllowed, in words, without a reason, for a name nobody or more than one bears, or for a
    reason that holds the name. A refusal is noted too, without what was typed.
    """
    if len(reason.strip()) < SHORTEST:
        raise NotAllowed(f"Type why, in at least {SHORTEST} characters. The reason is kept.")
    if any(part in reason.lower() for part in typed.lower().split() if len(part) > 2):
        raise NotAllowed("Leave the learner's name out of the reason; it is kept in plain text.")
    tokens = people.tokens_of(viewer, typed)
    with privacy.session(viewer) as db:
        called = func.chalkline.called(tokens).table_valued(
            column("learner_id", Uuid), column("school_id", Uuid)
        )
        there = true() if school_id is None else called.c.school_id == school_id
        found: list[UUID] = list(db.scalars(select(called.c.learner_id).where(there)))
        if len(found) != 1:
            record(db, viewer, "refused", detail={"what": "emergency", "found": len(found)})
    if not found:
        raise NotAllowed(
            "Nobody of exactly that full name goes to a school you administer. Check the spelling."
        )
    if len(found) > 1:
        raise NotAllowed(
            "More than one learner bears that name. Say which school; if both go there, call it."
        )
    with privacy.session(viewer) as db:
        grant = uuid4()
        db.execute(
            insert(BreakGlass)
            .values(
                district_id=viewer.district_id,
                grant_id=grant,
                staff_id=viewer.staff_id,
                learner_id=found[0],
                reason=reason.strip(),
            )
            .inline()
        )
        record(db, viewer, OPENED, learner=found[0], detail={"grant": str(grant)})
    return found[0]


def card(viewer: Viewer, *, learner_id: UUID, now: datetime) -> tuple[Card, datetime]:
    """The card and when it closes. NotAllowed once the 15 minutes have passed."""
    with privacy.session(viewer) as db:
        until = db.scalar(
            select(func.max(BreakGlass.expires_at)).where(
                BreakGlass.district_id == viewer.district_id,
                BreakGlass.staff_id == viewer.staff_id,
                BreakGlass.learner_id == learner_id,
                BreakGlass.expires_at > now,
            )
        )
        who = db.execute(
            select(Learner.grade_level, Learner.accessibility_needs, Institution.name)
            .join(
                Institution,
                (Institution.district_id == Learner.district_id)
                & (Institution.institution_id == Learner.school_id),
            )
            .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner_id)
        ).one_or_none()
        if until is None or who is None:
            raise NotAllowed("This view has closed. Open it again, with a reason, if you must.")
        plain = people.whole(db, viewer, learner_id)
        rows = db.execute(
            select(Class.title, func.string_agg(Staff.display_name, ", "))
            .join(
                Enrollment,
                (Enrollment.district_id == Class.district_id)
                & (Enrollment.class_id == Class.class_id),
            )
            .outerjoin(
                ClassStaff,
                (ClassStaff.district_id == Class.district_id)
                & (ClassStaff.class_id == Class.class_id)
                & ClassStaff.ends_on.is_(None),
            )
            .outerjoin(
                Staff,
                (Staff.district_id == ClassStaff.district_id)
                & (Staff.staff_id == ClassStaff.staff_id),
            )
            .where(
                Class.district_id == viewer.district_id,
                Enrollment.learner_id == learner_id,
                Enrollment.left_on.is_(None),
                Class.starts_on <= viewer.today,
                Class.ends_on >= viewer.today,
            )
            .group_by(Class.class_id, Class.title)
            .order_by(Class.title)
        ).all()
        days = db.execute(
            select(Attendance.on_date, Attendance.status)
            .where(
                Attendance.district_id == viewer.district_id,
                Attendance.learner_id == learner_id,
                Attendance.on_date > viewer.today - timedelta(days=DAYS),
            )
            .order_by(Attendance.on_date.desc())
        ).all()
        record(db, viewer, "viewed learner", learner=learner_id, detail={"what": "emergency"})
    return (
        Card(
            name=f"{plain['given_name'] or ''} {plain['family_name'] or ''}".strip(),
            birth_date=plain["birth_date"],
            contacts=_contacts(plain["contacts"]),
            school=who.name,
            grade_level=who.grade_level,
            needs=tuple(who.accessibility_needs),
            classes=tuple((row[0], row[1] or "") for row in rows),
            attendance=tuple((row[0], row[1]) for row in days),
        ),
        until,
    )


def _contacts(stored: str | None) -> tuple[str, ...]:
    """One line a person: her name, then all else that is known of how to reach her."""
    try:
        listed = json.loads(stored) if stored else []
    except ValueError:
        return (stored or "",)
    return tuple(
        ", ".join(str(value) for value in one.values() if value)
        if isinstance(one, dict)
        else str(one)
        for one in (listed if isinstance(listed, list) else [listed])
    )
