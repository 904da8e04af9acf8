"""Keeps a proposed group, and shows those kept: who has mastered it since, what is left to do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

import streamlit as st

from components import documents, words
from components.show import plain
from pages import guard
from pages.students.links import token
from privacy import NotAllowed, Viewer
from queries.exports import note_export
from queries.students import keeping
from queries.students.acting import NotPossible
from queries.students.classes import TaughtClass
from queries.students.kept import Kept

People = Sequence[tuple[UUID, str]]


def keep_form(
    viewer: Viewer,
    chosen: TaughtClass,
    competency: UUID,
    code: str,
    learners: People,
    known: Sequence[Kept],
) -> None:
    """One click to the form, one to keep what it proposes; once kept, it says so instead."""
    here = [one for one in known if one.competency_id == competency and one.done_on is None]
    if here:
        where = "it stands at the top of Groups"
        st.caption(f":material/check: Kept as “{plain(here[0].name)}”; {where}.")
        return
    key = token(viewer, competency, kind="competency")
    with st.popover("Keep this group", key=f"keep-{key}", on_change="rerun") as panel:
        if not panel.open:
            return
        named = f"{code}, {words.day(viewer.today, viewer.today)}"
        sent = _form(f"keep-form-{key}", named, "", learners, [one for one, _ in learners])
    if sent:
        name, meets, whom = sent
        _do(
            lambda: keeping.keep(
                viewer,
                class_id=chosen.class_id,
                competency_id=competency,
                name=name,
                meets=meets,
                learners=whom,
                now=guard.now(),
            )
        )


def kept(viewer: Viewer, chosen: TaughtClass, found: Sequence[Kept], everybody: People) -> None:
    """The groups kept for this class; those done are folded away."""
    running = [one for one in found if one.done_on is None]
    over = [one for one in found if one.done_on is not None]
    if not found:
        return
    st.header("Your groups")
    for group in running:
        _running(viewer, chosen, group, everybody)
    if not running:
        st.write("All groups you kept for this class are done.")
    if over:
        with st.expander(f"Done ({len(over)})", key="groups-done", on_change="rerun") as folded:
            if folded.open:
                for group in over:
                    _over(viewer, group)


def _running(viewer: Viewer, chosen: TaughtClass, group: Kept, everybody: People) -> None:
    key = token(viewer, group.group_id, kind="group")
    with st.container(border=True, gap="small", key=f"group-{key}"):
        st.markdown(
            f"**{plain(group.name)}** :small[{plain(group.code)} {plain(group.title)}]"
            + (f"  \nMeets: {plain(group.meets)}" if group.meets else "")
        )
        st.markdown(_members(group))
        st.caption(_since(viewer, group))
        with st.container(horizontal=True):
            if group.mastered:
                many = len(group.mastered)
                who = "the one who has" if many == 1 else f"the {many} who have"
                if st.button(f"Take out {who} mastered it", key=f"out-{key}"):
                    whom = [one.learner_id for one in group.mastered]
                    _do(
                        lambda: keeping.take_out(
                            viewer, group=group, learners=whom, now=guard.now()
                        )
                    )
            if st.button("Done", key=f"done-{key}"):
                _do(partial(keeping.done, viewer, group=group, on=viewer.today, now=guard.now()))
            _change(viewer, group, everybody, key)
            _paper(viewer, chosen, group, key)


def _change(viewer: Viewer, group: Kept, everybody: People, key: str) -> None:
    # Another panel once it has been changed, so that it closes.
    shown = f"change-{key}-{group.changed_at:%H%M%S%f}"
    with st.popover("Change", key=shown, on_change="rerun") as panel:
        if not panel.open:
            return
        inside = [one.learner_id for one in group.members]
        known = {one.learner_id: one.name for one in group.members} | dict(everybody)
        people = sorted(known.items(), key=lambda one: one[1])
        sent = _form(f"change-form-{key}", group.name, group.meets, people, inside)
    if sent:
        name, meets, whom = sent
        _do(
            lambda: keeping.change(
                viewer, group=group, name=name, meets=meets, learners=whom, now=guard.now()
            )
        )


def _form(
    key: str, name: str, meets: str, people: People, inside: Sequence[UUID]
) -> tuple[str, str, list[UUID]] | None:
    names = dict(people)
    with st.form(key, border=False):
        name = st.text_input("Name of the group", name, max_chars=keeping.LONGEST)
        meets = st.text_input(
            "When it meets (may stay empty)",
            meets,
            max_chars=keeping.LONGEST,
            placeholder="Tuesday, second lesson",
        )
        whom = st.multiselect("Who", list(names), list(inside), format_func=names.__getitem__)
        if not st.form_submit_button("Keep", type="primary"):
            return None
    return name, meets, whom


def _paper(viewer: Viewer, chosen: TaughtClass, group: Kept, key: str) -> None:
    with st.popover("Print", icon=":material/print:", key=f"paper-{key}", on_change="rerun") as it:
        if not it.open:
            return
        st.write("A page for the lesson: who, and room for three short questions.")
        st.download_button(
            "Download (PDF)",
            documents.pdf("group", sheet(viewer, chosen, group), made_at=guard.now()),
            file_name="group.pdf",
            mime="application/pdf",
            key=f"pdf-{key}",
            on_click=lambda: note_export(viewer, what="group", rows=len(group.members)),
        )


def sheet(viewer: Viewer, chosen: TaughtClass, group: Kept) -> dict[str, Any]:
    """What the page on paper says, as its template takes it."""
    today = words.day(viewer.today, viewer.today)
    return {
        "title": group.name,
        "subtitle": f"{chosen.label} · {group.code} {group.title}",
        "meets": group.meets,
        "learners": [one.name for one in group.members if not one.mastered],
        "mastered": [one.name for one in group.mastered],
        "foot": f"For the lesson only. {viewer.district_name}.",
        "source": f"From Chalkline, as of {today}; printed by {viewer.name} ({viewer.role}). "
        "Mastery is an estimate from answers.",
    }


def _over(viewer: Viewer, group: Kept) -> None:
    key = token(viewer, group.group_id, kind="group")
    with st.container(horizontal=True, vertical_alignment="center", key=f"group-{key}"):
        day = words.day(group.done_on, viewer.today) if group.done_on else ""
        everybody = (*group.members, *group.gone)
        now = sum(one.mastered for one in everybody)
        st.markdown(
            f"**{plain(group.name)}** :small[{plain(group.code)}, done {day}; "
            f"{now} of {len(everybody)} have mastered it today]",
            width="stretch",
        )
        if st.button("Open again", key=f"again-{key}"):
            _do(partial(keeping.done, viewer, group=group, on=None, now=guard.now()))


def _members(group: Kept) -> str:
    """Who still needs it, who has it, who has left, each by name."""
    parts = {
        "Still to teach": [one for one in group.members if one.in_class and not one.mastered],
        "✓ Have mastered it since": group.mastered,
        "Have left the class": [
            one for one in group.members if not one.in_class and not one.mastered
        ],
        "Taken out": group.gone,
    }
    return "\n\n".join(
        f"**{said} ({len(some)}):** {plain('; '.join(one.name for one in some))}"
        for said, some in parts.items()
        if some
    )


def _since(viewer: Viewer, group: Kept) -> str:
    made = words.since(group.made_on, viewer.today)
    return f"Kept {made}. Whoever masters it moves over by herself, as her answers come in."


def _do(act: Callable[[], object]) -> None:
    try:
        act()
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.rerun()
