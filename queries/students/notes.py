"""Notes about a learner: sealed under her data key before they are stored, as her name is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, select

from db.tables import InterventionNote, Staff
from privacy import NotAllowed, Viewer, door, fields
from privacy.datakeys import data_keys

_TABLE, _COLUMN = "intervention_notes", "body"


@dataclass(frozen=True)
class Note:
    """What somebody wrote, to be read aloud in a meeting."""

    learner_id: UUID
    flag_id: UUID | None
    author: str
    written_at: datetime
    text: str


def write(
    db: Connection, viewer: Viewer, *, learner: UUID, flag: UUID, text: str, now: datetime
) -> None:
    """Adds an observation to a flag; NotAllowed for a learner who is not the viewer's."""
    note = uuid4()
    db.execute(
        insert(InterventionNote)
        .values(
            district_id=viewer.district_id,
            note_id=note,
            learner_id=learner,
            flag_id=flag,
            author_id=viewer.staff_id,
            kind="observation",
            body=fields.encrypt(
                _keys(db, viewer, [learner]).get(learner, b""),
                text.strip(),
                table=_TABLE,
                column=_COLUMN,
                row=note,
                district=str(viewer.district_id),
            ),
            written_at=now,
        )
        .inline()
    )


def about(db: Connection, viewer: Viewer, learners: Sequence[UUID]) -> list[Note]:
    """The flags' notes the viewer may read about these learners, newest first.

    Policies leave out other people's restricted notes.
    """
    if not learners:
        return []
    rows = db.execute(
        select(
            InterventionNote.learner_id,
            InterventionNote.flag_id,
            InterventionNote.note_id,
            Staff.display_name,
            InterventionNote.written_at,
            InterventionNote.body,
        )
        .join(
            Staff,
            (Staff.district_id == InterventionNote.district_id)
            & (Staff.staff_id == InterventionNote.author_id),
        )
        .where(
            InterventionNote.district_id == viewer.district_id,
            InterventionNote.learner_id.in_(learners),
            InterventionNote.flag_id.is_not(None),
        )
        .order_by(InterventionNote.written_at.desc())
    ).all()
    keys = _keys(db, viewer, {row.learner_id for row in rows}) if rows else {}
    return [
        Note(
            row.learner_id,
            row.flag_id,
            row.display_name,
            row.written_at,
            fields.decrypt(
                keys[row.learner_id],
                row.body,
                table=_TABLE,
                column=_COLUMN,
                row=row.note_id,
                district=str(viewer.district_id),
            ),
        )
        for row in rows
        if row.learner_id in keys
    ]


def _keys(
    db: Connection, viewer: Viewer, learners: Sequence[UUID] | set[UUID]
) -> dict[UUID, bytes]:
    """The data keys of those of the learners whom the viewer may see."""
    keys = data_keys(db, door().keystore, viewer.district_id, set(learners))
    if not keys and learners:
        raise NotAllowed("You are not responsible for this learner today. Reload the page.")
    return keys
