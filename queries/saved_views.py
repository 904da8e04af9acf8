"""Pages that somebody kept with their filters, under names of her own."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

import privacy
from db.tables import SavedView as Kept
from privacy import NotAllowed, Viewer

LONGEST: Final = 60  # characters of a name
MOST: Final = 30  # views of a person in a role
LONGEST_QUERY: Final = 2000  # characters of all filters


@dataclass(frozen=True)
class SavedView:
    """A page's address and its filters."""

    view_id: UUID
    name: str
    address: str
    query: Mapping[str, str]


def saved_views(viewer: Viewer) -> list[SavedView]:
    """The viewer's own, for the role she works in, by name."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Kept.view_id, Kept.name, Kept.address, Kept.query)
            .where(
                Kept.district_id == viewer.district_id,
                Kept.staff_id == viewer.staff_id,
                Kept.role == viewer.role,
            )
            .order_by(func.lower(Kept.name))
        ).all()
    return [SavedView(*row) for row in rows]


def keep(
    viewer: Viewer, *, name: str, address: str, query: Mapping[str, str], now: datetime
) -> None:
    """Keeps a page under a name; the same name again takes the place of the former view.

    Raises NotAllowed, in words, for an empty name, or more views or filters than can be kept.
    """
    called = " ".join(name.split())[:LONGEST]
    if not called:
        raise NotAllowed("A view needs a name. Type one.")
    if sum(len(key) + len(value) for key, value in query.items()) > LONGEST_QUERY:
        raise NotAllowed("These filters are too long to keep. Choose fewer.")
    mine = (
        Kept.district_id == viewer.district_id,
        Kept.staff_id == viewer.staff_id,
        Kept.role == viewer.role,
    )
    with privacy.session(viewer) as db:
        db.execute(delete(Kept).where(*mine, Kept.name == called))
        if db.scalars(select(func.count()).select_from(Kept).where(*mine)).one() >= MOST:
            raise NotAllowed(f"{MOST} views are kept already. Forget one first.")
        db.execute(
            insert(Kept).values(
                district_id=viewer.district_id,
                view_id=uuid4(),
                staff_id=viewer.staff_id,
                role=viewer.role,
                name=called,
                address=address,
                query=dict(query),
                created_at=now,
            )
        )


def forget(viewer: Viewer, *, view: UUID) -> None:
    """Lets one of the viewer's own views go."""
    with privacy.session(viewer) as db:
        db.execute(
            delete(Kept).where(
                Kept.district_id == viewer.district_id,
                Kept.staff_id == viewer.staff_id,
                Kept.view_id == view,
            )
        )
