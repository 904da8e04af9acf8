"""Keeps account of what left the application as a file."""

import privacy
from privacy import Viewer
from queries.trail import record


def note_export(viewer: Viewer, *, what: str, rows: int) -> None:
    """A line in the audit trail: who took which table, and how long it was."""
    with privacy.session(viewer) as db:
        record(db, viewer, "exported table", detail={"what": what, "rows": rows})
