"""Finds a learner by her full name among those the viewer is responsible for."""

from uuid import UUID

import privacy
from privacy import Viewer, people


def learners_called(viewer: Viewer, *, typed: str) -> list[tuple[UUID, str]]:
    """Everybody of that full name, in either order; nobody for half a name."""
    with privacy.session(viewer) as db:
        names = people.names(db, viewer, people.find_by_name(db, viewer, typed))
    return [(learner, str(name)) for learner, name in names.items()]
