"""Notes about a learner: sealed under her data key before they are stored, as her name is.

A note keeps its kind, its restriction and its author through all its revisions. Policies leave out
other people's restricted notes, so nothing here has to remember to.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import distinct_on

import privacy
from db.tables import InterventionNote, Staff
from privacy import NotAllowed, Viewer
from queries.rows import AnyRow
from queries.students.colleagues import notify
from queries.students.sealing import keys_of, opened, sealed
from queries.trail import record

KINDS: Final = {
    "observation": "Observation",
    "contact": "Contact with home",
    "meeting": "Meeting",
    "progress": "Progress",
    "decision": "Decision",
}
LONGEST: Final = 4000  # characters
_PLACE: Final = ("intervention_notes", "body")


@dataclass(frozen=True)
class Note:
    """What somebody wrote, to be read aloud in a meeting unless it is restricted."""

    learner_id: UUID
    flag_id: UUID | None
    author: str
    written_at: datetime
    text: str
    note_id: UUID
    author_id: UUID
    plan_id: UUID | None = None
    kind: str = "observation"
    restricted: bool = False
    decision: str | None = None
    revision: int = 1


def write(
    db: Connection,
    viewer: Viewer,
    *,
    learner: UUID,
    text: str,
    now: datetime,
    flag: UUID | None = None,
    plan: UUID | None = None,
    kind: str = "observation",
    restricted: bool = False,
    decision: str | None = None,
    mentions: Collection[UUID] = (),
) -> UUID:
    """Adds a note; NotAllowed for a learner who is not the viewer's.

    Colleagues who are mentioned hear who thinks of them, and not what was written.
    """
    note = uuid4()
    _insert(
        db,
        viewer,
        note_id=note,
        revision=1,
        learner_id=learner,
        flag_id=flag,
        intervention_id=plan,
        kind=kind,
        restricted=restricted,
        decision=decision,
        text=text,
        now=now,
    )
    # About whom would tell that there is a restricted note about her.
    notify(db, viewer, mentions, kind="mention", learner=None if restricted else learner, now=now)
    return note


def add(
    viewer: Viewer,
    *,
    learner: UUID,
    text: str,
    now: datetime,
    plan: UUID | None = None,
    flag: UUID | None = None,
    kind: str = "observation",
    restricted: bool = False,
    mentions: Collection[UUID] = (),
) -> UUID:
    """The same as a transaction of its own, noted in the trail."""
    if not text.strip():
        raise NotAllowed("An empty note is not kept. Write a sentence first.")
    with privacy.session(viewer) as db:
        note = write(
            db,
            viewer,
            learner=learner,
            text=text,
            now=now,
            flag=flag,
            plan=plan,
            kind=kind,
            restricted=restricted,
            mentions=mentions,
        )
        record(db, viewer, "wrote note", learner=learner, detail={"note": str(note)})
    return note


def revise(viewer: Viewer, *, note: UUID, text: str, now: datetime) -> None:
    """A new wording by the same author; earlier ones are kept."""
    with privacy.session(viewer) as db:
        row = db.execute(
            select(InterventionNote)
            .with_only_columns(*InterventionNote.__table__.c)
            .where(
                InterventionNote.district_id == viewer.district_id,
                InterventionNote.note_id == note,
                InterventionNote.author_id == viewer.staff_id,
            )
            .order_by(InterventionNote.revision.desc())
            .limit(1)
        ).one_or_none()
        if row is None:
            raise NotAllowed("Only whoever wrote a note changes it. Add a note of your own.")
        _insert(
            db,
            viewer,
            note_id=note,
            revision=row.revision + 1,
            learner_id=row.learner_id,
            flag_id=row.flag_id,
            intervention_id=row.intervention_id,
            kind=row.kind,
            restricted=row.restricted,
            decision=row.decision,
            text=text,
            now=now,
        )
        record(db, viewer, "revised note", learner=row.learner_id, detail={"note": str(note)})


def about(
    db: Connection, viewer: Viewer, learners: Sequence[UUID], *, open_ones: bool = False
) -> list[Note]:
    """The notes the viewer may read about these learners in their last wording, newest first.

    With `open_ones` only those that may stand on a wall: no restricted one.
    """
    if not learners:
        return []
    latest = (
        select(InterventionNote)
        .with_only_columns(*InterventionNote.__table__.c, Staff.display_name)
        # By author too: a forged revision of somebody's note would stand as its forger's own.
        .ext(distinct_on(InterventionNote.note_id, InterventionNote.author_id))
        .join(
            Staff,
            (Staff.district_id == InterventionNote.district_id)
            & (Staff.staff_id == InterventionNote.author_id),
        )
        .where(
            InterventionNote.district_id == viewer.district_id,
            InterventionNote.learner_id.in_(learners),
        )
        .order_by(
            InterventionNote.note_id, InterventionNote.author_id, InterventionNote.revision.desc()
        )
    )
    if open_ones:
        latest = latest.where(~InterventionNote.restricted)
    return _read(db, viewer, db.execute(latest).all())


def revisions(viewer: Viewer, *, note: UUID) -> list[Note]:
    """All wordings of a note, the latest first, for whoever may read it."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(InterventionNote)
            .with_only_columns(*InterventionNote.__table__.c, Staff.display_name)
            .join(
                Staff,
                (Staff.district_id == InterventionNote.district_id)
                & (Staff.staff_id == InterventionNote.author_id),
            )
            .where(
                InterventionNote.district_id == viewer.district_id,
                InterventionNote.note_id == note,
            )
        ).all()
        return sorted(_read(db, viewer, rows), key=lambda one: -one.revision)


def _insert(
    db: Connection,
    viewer: Viewer,
    *,
    note_id: UUID,
    learner_id: UUID,
    text: str,
    now: datetime,
    **values: object,
) -> None:
    body = sealed(db, viewer, learner_id, text.strip()[:LONGEST], place=_PLACE, row=note_id)
    db.execute(
        insert(InterventionNote)
        .values(
            district_id=viewer.district_id,
            note_id=note_id,
            learner_id=learner_id,
            author_id=viewer.staff_id,
            body=body,
            written_at=now,
            **values,
        )
        .inline()
    )


def _read(db: Connection, viewer: Viewer, rows: Sequence[AnyRow]) -> list[Note]:
    keys = keys_of(db, viewer, {row.learner_id for row in rows})
    found = [
        Note(
            row.learner_id,
            row.flag_id,
            row.display_name,
            row.written_at,
            opened(keys[row.learner_id], viewer, row.body, place=_PLACE, row=row.note_id),
            row.note_id,
            row.author_id,
            row.intervention_id,
            row.kind,
            row.restricted,
            row.decision,
            row.revision,
        )
        for row in rows
        if row.learner_id in keys
    ]
    return sorted(found, key=lambda note: note.written_at, reverse=True)
