"""Takes back one's own last action on flags, and keeps in their history that it was taken back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

import privacy
from db.tables import FlagEvent
from privacy import Viewer
from queries.rows import AnyRow
from queries.students.acting import TAKEN_ON, Change, NotPossible, locked, write

UNDO_WITHIN: Final = timedelta(minutes=30)
_STATE_AFTER: Final[Mapping[str, str]] = {
    "raised": "open",
    "reopened": "open",
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "referred": "referred",
    "planned": "in_plan",
    "resolved": "resolved",
    "dismissed": "dismissed",
}
_OPEN: Final[Mapping[str, Any]] = {"state": "open", "snoozed_until": None, "referred_to": None}


def undo(viewer: Viewer, *, flags: Sequence[UUID], now: datetime) -> None:
    """Takes back one's own last action on each flag, as long as nothing has happened since.

    All of them or, when something has happened to one, none.
    """
    alike: dict[tuple[object, ...], tuple[Change, list[AnyRow]]] = {}
    try:
        with privacy.session(viewer) as db:
            for flag in locked(db, viewer, flags, closed=True):
                change = _back(db, viewer, flag, now=now)
                key = (flag.learner_id, *sorted(change.values.items()))
                alike.setdefault(key, (change, []))[1].append(flag)
            for change, together in alike.values():
                write(db, viewer, together, change, now=now)
    except IntegrityError:
        raise NotPossible(
            "The same flag has been raised anew in the meantime, so this can not be undone. "
            "Act on the new one."
        ) from None


def _back(db: Connection, viewer: Viewer, flag: AnyRow, *, now: datetime) -> Change:
    """What takes the flag to where it stood before the viewer's last action."""
    history = db.execute(
        select(
            FlagEvent.action, FlagEvent.staff_id, FlagEvent.reason, FlagEvent.until, FlagEvent.at
        )
        .where(FlagEvent.district_id == viewer.district_id, FlagEvent.flag_id == flag.flag_id)
        .order_by(FlagEvent.at)
    ).all()
    stood: list[tuple[Mapping[str, Any], AnyRow]] = []
    for event in history:
        if event.action == "undone":
            stood.pop()
        else:
            stood.append((_after(event, stood[-1][0] if stood else _OPEN), event))
    last = stood[-1][1] if stood else None
    if last is None or last.staff_id != viewer.staff_id or now - last.at > UNDO_WITHIN:
        raise NotPossible(
            "There is nothing of yours to undo: somebody or new data has changed this flag since, "
            f"or more than {UNDO_WITHIN.seconds // 60} minutes have passed."
        )
    if last.action == "raised":
        raise NotPossible("You raised this flag. Close it with what came of it instead.")
    if last.action == "planned":
        raise NotPossible("A plan has begun with this flag. End the plan with its outcome instead.")
    before = stood[-2][0] if len(stood) > 1 else _OPEN
    return Change("undone", {**before, "closed_on": None, "outcome": None})


def _after(event: AnyRow, before: Mapping[str, Any]) -> Mapping[str, Any]:
    """Where a flag stands after an event of its history."""
    if event.action == "acknowledged" and event.reason == TAKEN_ON:
        return {**before, "referred_to": event.staff_id}
    state = _STATE_AFTER[event.action]
    return {
        "state": state,
        "snoozed_until": event.until if state == "snoozed" else None,
        "referred_to": before["referred_to"],
    }
