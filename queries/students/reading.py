"""What pages about one learner or plan read of notes and plans, each in one transaction."""

from uuid import UUID

import privacy
from privacy import Viewer
from queries.students import notes, plans
from queries.students.notes import Note
from queries.students.plans import Plan


def notes_of_plan(viewer: Viewer, *, plan: UUID, learner: UUID) -> list[Note]:
    """The notes of a plan that the viewer may read, newest first."""
    with privacy.session(viewer) as db:
        return [note for note in notes.about(db, viewer, [learner]) if note.plan_id == plan]


def notes_of(viewer: Viewer, *, learner: UUID) -> list[Note]:
    """All notes about a learner that the viewer may read, newest first."""
    with privacy.session(viewer) as db:
        return notes.about(db, viewer, [learner])


def plans_of(viewer: Viewer, *, learner: UUID) -> tuple[Plan, ...]:
    """A learner's plans, running ones first."""
    with privacy.session(viewer) as db:
        return plans.plans_of(db, viewer, learner)
