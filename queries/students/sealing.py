"""Seals and opens texts about a learner under her data key, within a viewer's own session."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection

from privacy import NotAllowed, Viewer, door, fields
from privacy.datakeys import data_keys

Place = tuple[str, str]
"""(table, column) that a sealed text belongs to."""


def keys_of(db: Connection, viewer: Viewer, learners: Collection[UUID]) -> dict[UUID, bytes]:
    """The data keys of those of the learners whom the viewer may see."""
    if not learners:
        return {}
    return data_keys(db, door().keystore, viewer.district_id, set(learners))


def key_of(db: Connection, viewer: Viewer, learner: UUID) -> bytes:
    """Her data key; NotAllowed, in words, for a learner who is not the viewer's."""
    found = keys_of(db, viewer, [learner])
    if learner not in found:
        raise NotAllowed("You are not responsible for this learner today. Reload the page.")
    return found[learner]


def sealed(
    db: Connection, viewer: Viewer, learner: UUID, text: str, *, place: Place, row: UUID
) -> bytes:
    """The text as it is stored."""
    table, column = place
    return fields.encrypt(
        key_of(db, viewer, learner),
        text,
        table=table,
        column=column,
        row=row,
        district=str(viewer.district_id),
    )


def opened(key: bytes, viewer: Viewer, body: bytes, *, place: Place, row: UUID) -> str:
    """The text as it was written."""
    table, column = place
    return fields.decrypt(
        key, body, table=table, column=column, row=row, district=str(viewer.district_id)
    )
