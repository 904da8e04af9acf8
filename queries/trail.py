"""Adds to the audit trail, in the transaction of the very thing it tells of."""

import privacy
from privacy import Viewer
from privacy.trail import record

__all__ = ["note_refusal", "record"]


def note_refusal(viewer: Viewer, *, what: str) -> None:
    """A line about what somebody asked for and may not have; `what` names a page, not a person."""
    with privacy.session(viewer) as db:
        record(db, viewer, "refused", detail={"what": what})
