"""A page with everything an attacker would want on it, for tests of who can reach what.

It shows a learner's name from the database, a fragment that asks the guard and one that forgot
to, a button whose callback writes, and a file to download.
"""

import os
import sys
from pathlib import Path

import streamlit as st
from sqlalchemy import func, select

import pages
from db.tables import Enrollment
from pages.guard import guard
from privacy import Viewer, session

LEFT_BY_CALLBACK = "PROBE_CALLBACK_FILE"
CANARY = "canary-7b1f"


def page(viewer: Viewer) -> None:
    """What only a teacher may see."""
    with session(viewer) as db:
        count = db.scalar(
            select(func.count())
            .select_from(Enrollment)
            .where(Enrollment.district_id == viewer.district_id)
        )
    st.write(f"{CANARY} page of {viewer.name}: {count} enrolments")
    _guarded(viewer)
    _careless(viewer)
    st.button("Write", on_click=_write, args=(viewer.name,))
    st.download_button("Download", data=f"{CANARY} file", file_name="probe.csv", mime="text/csv")
    if st.button("Fail"):
        raise ValueError(f"{CANARY} in a message")


@st.fragment(run_every="1h")
def _guarded(viewer: Viewer) -> None:
    guard(viewer)
    st.write(f"{CANARY} guarded fragment")


@st.fragment(run_every="2h")
def _careless(viewer: Viewer) -> None:
    st.write(f"{CANARY} careless fragment of {viewer.name}")


def _write(name: str) -> None:
    with Path(os.environ[LEFT_BY_CALLBACK]).open("a") as file:
        file.write(f"{name}\n")


def serve() -> None:
    """Serves Chalkline with this page added to its site map, for teachers."""
    probe = pages.Page(
        "Probe", "probe", "science", frozenset({pages.TEACHER}), "tests.probe", in_menu=True
    )
    pages.PAGES = (*pages.PAGES, probe)
    pages.ADDRESSES[probe.address] = probe
    sys.argv = ["app"]
    import app

    app.serve(app.SETTINGS)
