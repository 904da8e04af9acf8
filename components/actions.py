"""The answers to a flag: acknowledge, snooze, wrong, refer, plan, settle; three clicks at most."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import streamlit as st

from components import words
from components.show import plain

Wrongs = Mapping[str, str]
_WEEKS: Final = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class Action:
    """What was chosen for one flag; `until` goes with a snooze, `reason` with a wrong or a settled
    flag, `note` is what the teacher typed (never logged), `to` the colleague who takes over.
    """

    kind: Literal[
        "acknowledge",
        "snooze",
        "wrong flag",
        "refer",
        "open",
        "settle",
        "plan",
        "message",
        "pick",
        "hand over",
    ]
    flag: str
    until: date | None = None
    reason: str = ""
    note: str = ""
    to: str = ""


def actions(
    flag: str,
    *,
    wrongs: Wrongs,
    today: date,
    acknowledge: str = "Acknowledge",
    refer: bool = True,
    outcomes: Wrongs | None = None,
) -> Action | None:
    """The buttons, in whatever row is open; each panel is built only while it is open.

    `wrongs` gives the reasons for a wrong flag, stored word to the sentence shown. Snoozing
    offers the start of coming school weeks, counted from `today`, or any day. A counselor, to
    whom others refer, says another word than "Acknowledge" and refers to nobody. With `outcomes`,
    a flag may also be settled with one of them, and a plan or a message be begun.
    """
    seen = st.button(acknowledge, key=f"acknowledge-{flag}")
    # All are drawn before any is answered: a button that comes and goes loses its focus.
    panels = (
        snooze(flag, today),
        _wrong(flag, wrongs),
        _refer(flag) if refer else None,
        _more(flag, outcomes, plan=refer) if outcomes else None,
    )
    planned = bool(outcomes) and not refer and st.button("Plan", key=f"plan-{flag}")
    if seen:
        return Action("acknowledge", flag)
    if planned:
        return Action("plan", flag)
    return next((chosen for chosen in panels if chosen), None)


def mondays(today: date) -> list[date]:
    """The Mondays a snooze may last until: one, two and four school weeks ahead.

    >>> [str(day) for day in mondays(date(2026, 11, 22))]
    ['2026-11-23', '2026-11-30', '2026-12-14']
    """
    coming = today + timedelta(days=7 - today.weekday())
    return [coming + timedelta(weeks=weeks - 1) for weeks in _WEEKS]


def snooze(
    flag: str, today: date, *, disabled: bool = False, at_once: bool = False
) -> Action | None:
    """A panel of days: the start of coming school weeks, or any.

    With `at_once` it is built before it is opened: at the foot of a window a panel that is empty
    when it opens finds no room for what then comes.
    """
    opening: Literal["rerun", "ignore"] = "ignore" if at_once else "rerun"
    with st.popover("Snooze", key=f"snooze-{flag}", on_change=opening, disabled=disabled) as panel:
        if not at_once and not panel.open:
            return None
        chosen = None
        st.markdown("Show this again on")
        for monday in mondays(today):
            if st.button(words.day(monday, today), key=f"until-{flag}-{monday}", width="stretch"):
                chosen = Action("snooze", flag, until=monday)
        if at_once:
            # A day that stays chosen may not act again on whoever is chosen next.
            with st.form(f"until-{flag}", border=False):
                other = _another_day(flag, today)
                asked = st.form_submit_button("Snooze until then")
        else:
            other, asked = _another_day(flag, today), True
        if asked and other is not None:
            chosen = Action("snooze", flag, until=other)
    return chosen


def _another_day(flag: str, today: date) -> date | None:
    found = st.date_input(
        "or another day",
        value=None,
        min_value=today + timedelta(days=1),
        format="DD/MM/YYYY",
        key=f"until-{flag}-other",
    )
    return found if isinstance(found, date) else None


def _wrong(flag: str, wrongs: Wrongs) -> Action | None:
    with st.popover("Wrong flag", key=f"wrong-{flag}", on_change="rerun") as panel:
        if not panel.open:
            return None
        chosen = None
        st.markdown("Why is it wrong? Your answer improves the rules.")
        for reason, sentence in wrongs.items():
            if st.button(plain(sentence), key=f"because-{flag}-{reason}", width="stretch"):
                chosen = Action("wrong flag", flag, reason=reason)
    return chosen


def _refer(flag: str) -> Action | None:
    with st.popover("Refer", key=f"refer-{flag}", on_change="rerun") as panel:
        if not panel.open:
            return None
        with st.form(f"referral-{flag}", border=False):
            note = st.text_area("Note for the counselor (may stay empty)", max_chars=2000)
            if st.form_submit_button("Refer to counselor", type="primary"):
                return Action("refer", flag, note=note.strip())
    return None


def _more(flag: str, outcomes: Wrongs, *, plan: bool) -> Action | None:
    """What is wanted less often; a counselor, who plans all day, has that button beside it."""
    with st.popover("More", key=f"more-{flag}", on_change="rerun") as panel:
        if not panel.open:
            return None
        chosen = None
        if plan and st.button("Start a plan", key=f"plan-{flag}", width="stretch"):
            chosen = Action("plan", flag)
        if st.button("Write a message", key=f"message-{flag}", width="stretch"):
            chosen = Action("message", flag)
        st.markdown("Settled? Say what came of it:")
        for outcome, sentence in outcomes.items():
            if st.button(plain(sentence), key=f"settle-{flag}-{outcome}", width="stretch"):
                chosen = Action("settle", flag, reason=outcome)
    return chosen
