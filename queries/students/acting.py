"""What a person does about a flag: one transaction changes it, keeps its history and the audit.

Nobody clears a list by writing a note: an acknowledged or snoozed flag comes back by itself, a
referred one waits for the counselor, one in a plan for the plan's end; only a reason closes a flag
as wrong, and only a typed outcome as settled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

import privacy
from db.tables import Flag, FlagEvent
from privacy import NotAllowed, Viewer
from queries.rows import AnyRow
from queries.students import notes
from queries.trail import record

LONGEST_SNOOZE: Final = timedelta(days=60)
CHANGED: Final = (
    "Somebody or new data has changed a flag of those you chose since you saw them, so nothing was "
    "done to any. Look at the list again and choose anew."
)
OUTCOMES: Final[Mapping[str, str]] = {  # the stored word and the sentence shown
    "talked with the learner": "We talked, and the learner is back on track",
    "agreed with home": "Agreed with the family",
    "help given": "Help was given and worked",
    "helped elsewhere": "Somebody else helps now",
    "reason known": "The reason is known and has passed",
}
TAKEN_ON: Final = "taken on"  # why a counselor's acknowledgement leaves the state as it is


class NotPossible(Exception):  # noqa: N818 - reads as the sentence it carries
    """The flag is no longer in a state in which this makes sense; the message says what to do."""


@dataclass(frozen=True)
class Change:
    """An action's word in the history and what it sets on the flag."""

    action: str
    values: Mapping[str, Any]
    reason: str = ""
    until: date | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


def acknowledge(
    viewer: Viewer, *, flags: Sequence[UUID], now: datetime, seen: datetime | None = None
) -> None:
    """Notes that somebody has seen to it; a counselor thereby takes it on, wherever it stands.

    Flags of several learners are acknowledged all or none; so are those that are snoozed or
    referred together. With `seen`, when the viewer read them, none if one has changed since.
    """
    change = (
        Change("acknowledged", {"referred_to": viewer.staff_id}, TAKEN_ON)
        if viewer.role == "counselor"
        else Change("acknowledged", {"state": "acknowledged", "snoozed_until": None})
    )
    _act(viewer, flags, change, now=now, seen=seen)


def snooze(
    viewer: Viewer,
    *,
    flags: Sequence[UUID],
    until: date,
    today: date,
    now: datetime,
    seen: datetime | None = None,
) -> None:
    """Puts it off until a day; it comes back by itself."""
    if not today < until <= today + LONGEST_SNOOZE:
        raise NotPossible(
            f"A flag can be snoozed for 1 to {LONGEST_SNOOZE.days} days. Choose a day in between."
        )
    _act(
        viewer,
        flags,
        Change("snoozed", {"state": "snoozed", "snoozed_until": until}, until=until),
        now=now,
        seen=seen,
    )


def dismiss(viewer: Viewer, *, flag: UUID, reason: str, today: date, now: datetime) -> None:
    """Closes one flag as wrong. The reason is one of the rule's own words: it tunes the rule."""
    if not reason.strip():
        raise NotPossible("A wrong flag needs a reason: it is how the rules get better.")
    values = {
        "state": "dismissed",
        "closed_on": today,
        "outcome": reason,
        "snoozed_until": None,
    }
    _act(viewer, [flag], Change("dismissed", values, reason, detail={"reason": reason}), now=now)


def resolve(
    viewer: Viewer, *, flags: Sequence[UUID], outcome: str, today: date, now: datetime
) -> None:
    """Closes flags with one of OUTCOMES; evidence that goes on stays quiet for four weeks."""
    if outcome not in OUTCOMES:
        raise NotPossible("A flag is closed with an outcome. Choose what came of it.")
    values = {"state": "resolved", "closed_on": today, "outcome": outcome, "snoozed_until": None}
    change = Change("resolved", values, outcome, detail={"outcome": outcome})
    with privacy.session(viewer) as db:
        found = locked(db, viewer, flags)
        if any(flag.state == "in_plan" for flag in found):
            raise NotPossible("This flag is part of a plan. End the plan with its outcome instead.")
        write(db, viewer, found, change, now=now)


def refer(
    viewer: Viewer,
    *,
    flags: Sequence[UUID],
    note: str = "",
    now: datetime,
    seen: datetime | None = None,
) -> None:
    """Hands it to the learner's counselor; the note is sealed like everything typed about her."""
    change = Change("referred", {"state": "referred", "snoozed_until": None})
    with privacy.session(viewer) as db:
        found = locked(db, viewer, flags, seen=seen)
        write(db, viewer, found, change, now=now)
        if note.strip():
            notes.write(
                db, viewer, learner=found[0].learner_id, flag=found[0].flag_id, text=note, now=now
            )


def _act(
    viewer: Viewer,
    flags: Sequence[UUID],
    change: Change,
    *,
    now: datetime,
    seen: datetime | None = None,
) -> None:
    with privacy.session(viewer) as db:
        write(db, viewer, locked(db, viewer, flags, seen=seen), change, now=now)


def locked(
    db: Connection,
    viewer: Viewer,
    flags: Sequence[UUID],
    *,
    closed: bool = False,
    seen: datetime | None = None,
) -> Sequence[AnyRow]:
    """The flags, held until the transaction ends; a sentence if one is closed or not hers, or
    has a history after `seen`.
    """
    if viewer.role not in ("teacher", "counselor"):
        raise NotAllowed(
            f"In the role '{viewer.role}' you may not act on a flag. Ask the learner's teacher or "
            "counselor."
        )
    wanted = set(flags)
    found = db.execute(
        select(Flag.flag_id, Flag.learner_id, Flag.class_id, Flag.state, Flag.closed_on)
        .where(Flag.district_id == viewer.district_id, Flag.flag_id.in_(wanted))
        .order_by(Flag.flag_id)  # everybody locks in one order, so nobody waits in a circle
        .with_for_update()
    ).all()
    if not wanted or len(found) != len(wanted):
        raise NotAllowed(
            "This flag is about a learner you are not responsible for today. Reload the page; if "
            "she should be in your list, ask whoever keeps your school's class lists."
        )
    if not closed and any(flag.closed_on is not None for flag in found):
        raise NotPossible("This flag has been closed in the meantime. Reload the page to see how.")
    if seen is not None and db.scalar(
        select(FlagEvent.event_id)
        .where(
            FlagEvent.district_id == viewer.district_id,
            FlagEvent.flag_id.in_(wanted),
            FlagEvent.at > seen,
        )
        .limit(1)
    ):
        raise NotPossible(CHANGED)
    return found


def write(
    db: Connection, viewer: Viewer, flags: Sequence[AnyRow], change: Change, *, now: datetime
) -> None:
    db.execute(
        update(Flag)
        .where(Flag.district_id == viewer.district_id, Flag.flag_id.in_([f.flag_id for f in flags]))
        .values(**change.values, updated_at=now)
    )
    db.execute(
        insert(FlagEvent)
        .values(
            [
                {
                    "district_id": viewer.district_id,
                    "flag_id": flag.flag_id,
                    "learner_id": flag.learner_id,
                    "class_id": flag.class_id,
                    "staff_id": viewer.staff_id,
                    "action": change.action,
                    "reason": change.reason,
                    "until": change.until,
                    "at": now,
                }
                for flag in flags
            ]
        )
        .inline()
    )
    for learner in dict.fromkeys(flag.learner_id for flag in flags):
        mine = [str(flag.flag_id) for flag in flags if flag.learner_id == learner]
        record(
            db,
            viewer,
            f"flag {change.action}",
            learner=learner,
            detail={"flags": mine, **change.detail},
        )
