"""Reading and writing notes, on whichever page: kinds, restriction, mentions, earlier wordings."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from components import words
from components.show import plain
from pages import guard
from pages.students.links import token
from privacy import NotAllowed, Viewer
from queries.students import notes
from queries.students.colleagues import colleagues
from queries.students.notes import KINDS, Note


def notes_list(viewer: Viewer, written: Sequence[Note]) -> None:
    """The newest first; one's own can be put better."""
    if not written:
        st.caption("No notes yet.")
    for note in written:
        key = token(viewer, note.note_id, kind="note")
        day = words.day(note.written_at.date(), viewer.today)
        lock = ":material/lock: restricted, " if note.restricted else ""
        what = f"decision: {note.decision}" if note.decision else KINDS[note.kind].lower()
        again = f", {_nth(note.revision)} wording" if note.revision > 1 else ""
        with st.container(key=f"note-{key}", gap="small"):
            said = plain(note.text) or "(no words)"
            st.markdown(f"**{plain(note.author)}, {day}** :small[{lock}{what}{again}]  \n{said}")
            if note.revision > 1 or note.author_id == viewer.staff_id:
                _reworded(viewer, note, key)


def note_form(
    viewer: Viewer, *, learner: UUID, key: str, plan: UUID | None = None, flag: UUID | None = None
) -> None:
    """A form for one note; it is kept sealed under the learner's key."""
    people = {one.staff_id: f"{one.name}, {one.role}" for one in colleagues(viewer)}
    with st.form(key, clear_on_submit=True):
        text = st.text_area("Add a note", max_chars=notes.LONGEST, height=96)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = st.selectbox("Kind", list(KINDS), format_func=lambda one: KINDS[one], width=200)
            mentions = st.multiselect(
                "Mention (they hear that, not what)",
                list(people),
                format_func=lambda one: people[one],
                placeholder="Nobody",
                width=320,
            )
        restricted = st.checkbox("Restricted: only for me and the learner's counselors")
        if not st.form_submit_button("Keep the note", shortcut="Ctrl+Enter"):
            return
    try:
        notes.add(
            viewer,
            learner=learner,
            text=text,
            now=guard.now(),
            plan=plan,
            flag=flag,
            kind=kind,
            restricted=restricted,
            mentions=mentions,
        )
    except NotAllowed as why:
        st.error(str(why))
        return
    st.rerun()


def _reworded(viewer: Viewer, note: Note, key: str) -> None:
    label = "Earlier wordings" if note.author_id != viewer.staff_id else "Put it better"
    with st.popover(label, key=f"reword-{key}", on_change="rerun", type="tertiary") as panel:
        if not panel.open:
            return
        if note.revision > 1:
            for earlier in notes.revisions(viewer, note=note.note_id)[1:]:
                st.caption(f"{words.moment(earlier.written_at)}: {plain(earlier.text)}")
        if note.author_id != viewer.staff_id:
            return
        with st.form(f"reworded-{key}", border=False):
            text = st.text_area("New wording", note.text, max_chars=notes.LONGEST)
            if st.form_submit_button("Keep this wording"):
                notes.revise(viewer, note=note.note_id, text=text, now=guard.now())
                st.rerun()


def _nth(number: int) -> str:
    """
    >>> _nth(2), _nth(3), _nth(11)
    ('2nd', '3rd', '11th')
    """
    ending = {2: "nd", 3: "rd"}.get(number % 10 if number // 10 != 1 else 0, "th")
    return f"{number}{ending}"
