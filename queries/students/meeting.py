"""Meeting mode: whom a team talks about, one after the other, and what it decides about each."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

import privacy
from db.tables import InterventionNote
from privacy import Viewer, people
from queries.plan_words import DECISIONS
from queries.students import acting, notes, plans
from queries.students.acting import NotPossible
from queries.students.caseload import matching, overdue_cases
from queries.students.notes import Note
from queries.students.plans import Plan, reviews
from queries.students.reasons import Reason
from queries.students.standing import waiting
from queries.trail import record

AHEAD = timedelta(days=7)
CLOSED = "close the case"


@dataclass(frozen=True)
class Talk:
    """What the wall shows about one learner; no restricted note, and no name where it is hidden."""

    learner_id: UUID
    name: str
    reasons: tuple[Reason, ...]
    plans: tuple[Plan, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class Decided:
    """What was decided today about a learner."""

    learner_id: UUID
    name: str
    decision: str


def agenda(viewer: Viewer, *, today: date) -> list[UUID]:
    """Learners whose plan is to be reviewed, the longest overdue first, then those who wait.

    A learner is on it once. What has been decided today stays on it, so that places do not move.
    """
    due = [plan.learner_id for plan in reviews(viewer, today=today, until=today + AHEAD)]
    found = overdue_cases(viewer, today=today)
    cases = matching(found.cases, school=None, rule=None, state=None)
    return list(dict.fromkeys([*due, *(case.learner_id for case in cases[: found.capacity])]))


def talk_about(viewer: Viewer, *, learner: UUID, today: date, named: bool) -> Talk | None:
    """The learner as the team sees her; None when she is not the viewer's any more."""
    found = waiting(viewer, learner=learner, today=today)
    if found is None:
        return None
    with privacy.session(viewer) as db:
        running = [plan for plan in plans.plans_of(db, viewer, learner) if plan.ended_on is None]
        # A note may name her, or somebody else.
        said = notes.about(db, viewer, [learner], open_ones=True) if named else []
    return Talk(
        learner,
        found.name if named else "",
        found.reasons,
        tuple(running),
        tuple(said[:3]),
    )


def decide(
    viewer: Viewer,
    *,
    learner: UUID,
    decision: str | None,
    text: str,
    outcome: str | None,
    today: date,
    now: datetime,
) -> None:
    """Keeps the team's note and decision; a case is closed only with an outcome."""
    if decision not in DECISIONS:
        raise NotPossible("Choose what was decided.")
    if decision == CLOSED:
        found = waiting(viewer, learner=learner, today=today)
        if outcome is None:
            raise NotPossible("A case is closed with an outcome. Choose what came of it.")
        if found is not None and found.reasons:
            flags = [reason.flag_id for reason in found.reasons]
            acting.resolve(viewer, flags=flags, outcome=outcome, today=today, now=now)
    with privacy.session(viewer) as db:
        notes.write(
            db, viewer, learner=learner, text=text, kind="meeting", decision=decision, now=now
        )
        record(db, viewer, "decided in meeting", learner=learner, detail={"decision": decision})


def decided_today(viewer: Viewer, *, since: datetime) -> list[Decided]:
    """The viewer's meeting decisions since a moment, in their order."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(InterventionNote.learner_id, InterventionNote.decision)
            .where(
                InterventionNote.district_id == viewer.district_id,
                InterventionNote.author_id == viewer.staff_id,
                InterventionNote.decision.is_not(None),
                InterventionNote.written_at >= since,
            )
            .order_by(InterventionNote.written_at)
        ).all()
        names = people.names(db, viewer, [learner for learner, _ in rows])
    return [
        Decided(learner, str(names[learner]), decision or "")
        for learner, decision in rows
        if learner in names
    ]
