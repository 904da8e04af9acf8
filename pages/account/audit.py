"""The search in the audit trail, a part of the Security page."""

from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from components import words
from components.empty import empty
from components.show import twin
from components.table import plain_table
from privacy import Viewer
from queries import security
from queries.exports import note_export
from queries.security import Entry

MORE: Final = 100
EVERYBODY, EVERYTHING = "Everybody", "Everything"
ACTIONS: Final = (
    "viewed learner",
    "saw learners",
    "exported table",
    "refused",
    "opened in an emergency",
    "signed in",
    "sign-in refused",
    "signed out",
    "password changed",
    "second factor added",
    "second factor removed",
    "role given",
    "role ended",
    "account made",
    "searched audit",
    "keys used",
    "key made",
    "key destroyed",
    "unusual use of keys",
)
HEAD: Final = ("When", "Who", "Role", "What", "Learner", "Details")


def search(viewer: Viewer) -> None:
    """Filters, the newest rows that fit, and their download."""
    staff = security.staff_names(viewer)
    people = {EVERYBODY: None} | {name: who for who, name in staff.items()}
    with st.container(horizontal=True):
        who = st.selectbox("Who", list(people), key="who", width=260)
        what = st.selectbox("What", [EVERYTHING, *ACTIONS], key="what", width=240)
        first = st.date_input("From", value=None, key="first", width=150)
        last = st.date_input("To", value=None, key="last", width=150)
        typed = st.text_input(
            "Learner's anonymous identifier", key="subject", width=340, placeholder="whole"
        )
    learner = _identifier(typed)
    if typed and learner is None:
        st.error("That is no anonymous identifier; it has 32 digits, such as 6b0e2c1a-5b52-….")
        return
    shown = int(st.session_state.get("audit-most", MORE))
    found = security.entries(
        viewer,
        actor=people[who],
        action=None if what == EVERYTHING else what,
        learner=learner,
        first=first,
        last=last,
        most=shown,
    )
    if not found:
        empty("No row of the trail fits.", next_step="Take a filter away.")
        return
    table = pd.DataFrame([_row(one) for one in found], columns=list(HEAD))
    plain_table(HEAD, table.to_numpy().tolist(), caption="Audit trail", key="trail")
    if len(found) == shown and st.button(f"Show {MORE} more"):
        st.session_state["audit-most"] = shown + MORE
        st.rerun()
    twin(
        table,
        key="trail-file",
        name="audit trail",
        label="Take these rows along",
        on_download=lambda: note_export(viewer, what="audit trail", rows=len(table)),
    )


def _row(one: Entry) -> tuple[str, ...]:
    at = one.at.astimezone(ZoneInfo(st.context.timezone or "UTC"))
    return (
        f"{at:%Y-%m-%d %H:%M:%S}",
        one.name or ("somebody unknown" if one.role == "sign-in" else one.role),
        one.role,
        one.action,
        str(one.learner) if one.learner else "",
        details(one.detail),
    )


def details(detail: dict[str, Any]) -> str:
    """What a row says beside who and whom, in words.

    >>> details({"subjects": ["a", "b"]}), details({"what": "mastery", "rows": 3, "actor": None})
    ('2 learners', 'what: mastery, rows: 3')
    """
    said = dict(detail)
    parts = []
    if "subjects" in said:
        parts.append(words.plural(len(said.pop("subjects") or ()), "learner"))
    parts += [f"{name}: {value}" for name, value in said.items() if value is not None]
    return ", ".join(parts)


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed.strip()) if typed.strip() else None
    except ValueError:
        return None
