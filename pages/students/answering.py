"""Carries out what somebody chose for a flag, on whichever page, and offers to take it back."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import streamlit as st

from components import words
from components.actions import Action
from components.show import plain
from pages import guard
from pages.students.links import open_page, token
from privacy import NotAllowed, Viewer
from queries.students import acting, undoing
from queries.students.acting import NotPossible
from queries.students.handled import Handled
from queries.students.reasons import Reason

SAID = {
    "acknowledged": "acknowledged",
    "snoozed": "snoozed",
    "dismissed": "marked as wrong",
    "referred": "referred to the counselor",
    "planned": "taken into a plan",
    "resolved": "settled",
    "raised": "raised",
}


def wrongs(reasons: Sequence[Reason]) -> Mapping[str, str]:
    """How each of these flags may be wrong; the word kept names the flag it is about."""
    several = len(reasons) > 1
    return {
        f"{place} {word}": f"{reason.name}: {sentence[0].lower()}{sentence[1:]}"
        if several
        else sentence
        for place, reason in enumerate(reasons)
        for word, sentence in reason.wrong.items()
    }


def answer(viewer: Viewer, chosen: Action, reasons: Sequence[Reason], *, learner: UUID) -> None:
    """Does it and shows the page anew; says in place why not where it can not be done.

    A plan or a message about the learner is begun on a page of its own.
    """
    if chosen.kind in ("plan", "message"):
        open_page(chosen.kind, learner=token(viewer, learner))
    now = guard.now()
    flags = [reason.flag_id for reason in reasons]
    try:
        match chosen.kind:
            case "acknowledge":
                acting.acknowledge(viewer, flags=flags, now=now)
            case "snooze" if chosen.until is not None:
                acting.snooze(viewer, flags=flags, until=chosen.until, today=viewer.today, now=now)
            case "wrong flag":
                place, _, word = chosen.reason.partition(" ")
                flag = flags[int(place)]
                acting.dismiss(viewer, flag=flag, reason=word, today=viewer.today, now=now)
            case "settle":
                outcome = chosen.reason
                acting.resolve(viewer, flags=flags, outcome=outcome, today=viewer.today, now=now)
            case "refer":
                acting.refer(viewer, flags=flags, note=chosen.note, now=now)
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.rerun()


def done_this_week(viewer: Viewer, handled: Sequence[Handled]) -> None:
    """The last answer with its Undo, and the week's answers folded away."""
    last = [one for one in handled if (one.at, one.action) == (handled[0].at, handled[0].action)]
    if last and last[0].can_undo:
        said = _sentence(viewer, last[0]) if len(last) == 1 else _together(viewer, last)
        with st.container(horizontal=True, vertical_alignment="center", key="last-answer"):
            st.markdown(f":material/check: {said}", width="content")
            # Another key for other learners: a click is never for more or fewer than it said.
            if st.button("Undo", key=f"undo-{last[0].at:%H%M%S%f}-{len(last)}"):
                _undo(viewer, last)
    if not handled:
        return
    with st.expander(f"Done this week ({len(handled)})", key="done", on_change="rerun") as done:
        if done.open:
            st.markdown("\n".join(f"- {_sentence(viewer, one)}" for one in handled))


def _undo(viewer: Viewer, last: Sequence[Handled]) -> None:
    try:
        undoing.undo(viewer, flags=[flag for one in last for flag in one.flags], now=guard.now())
    except (NotAllowed, NotPossible) as why:
        st.error(str(why))
        return
    st.rerun()


def _together(viewer: Viewer, last: Sequence[Handled]) -> str:
    """What was done to several learners at once."""
    until = f" until {words.day(last[0].until, viewer.today)}" if last[0].until else ""
    return f"{len(last)} learners {SAID.get(last[0].action, last[0].action)}{until}."


def _sentence(viewer: Viewer, one: Handled) -> str:
    what = (
        f"{plain(one.name)} ({words.listing(one.rules).lower()}) {SAID.get(one.action, one.action)}"
    )
    if one.until:
        what += f" until {words.day(one.until, viewer.today)}"
    if one.action in ("dismissed", "resolved"):
        what += f": {plain(one.reason)}"
    return f"{what}."
