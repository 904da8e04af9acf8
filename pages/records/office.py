"""Records office: requests and their deadlines, learners' files, consents, what fell due, holds."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from components import words
from pages.records import batches, consents, file, holding, requests
from privacy import Viewer
from queries.records import consents as asked
from queries.records import requests as open_requests
from queries.records import retention

PARTS: Final[dict[str, Callable[[Viewer], None]]] = {
    "Requests": requests.show,
    "A learner's file": file.show,
    "Consents": consents.show,
    "What fell due": batches.show,
    "Holds": holding.show,
}


def page(viewer: Viewer) -> None:
    """Says what waits, then shows one part at a time."""
    st.title("Records office")
    _waiting(viewer)
    first = next(iter(PARTS))
    part = st.segmented_control(
        "Show", list(PARTS), default=first, required=True, key="part", bind="query-params"
    )
    PARTS[part if part in PARTS else first](viewer)


def _waiting(viewer: Viewer) -> None:
    waiting = open_requests.open_requests(viewer)
    late = sum(one.due_on < viewer.today for one in waiting)
    said = [words.plural(len(waiting), "open request")]
    if late:
        said[0] += f", {late} past the deadline"
    elif waiting:
        said[0] += f", the next answer due {words.ago(waiting[0].due_on, viewer.today)}"
    due = [one for one in retention.batches(viewer) if not one.approved]
    if due:
        said.append(f"{words.plural(len(due), 'batch', 'batches')} of records to decide on")
    counts = asked.counts(viewer)
    missing = counts.get("pending", 0) + counts.get("withdrawn", 0)
    if missing:
        said.append(f"{words.plural(missing, 'learner')} without a valid consent")
    st.markdown(f"{words.listing(said)}.".capitalize())
