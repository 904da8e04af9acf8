"""What may be done to several learners at once, in a bar that stays at the foot of the window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import streamlit as st

from components.actions import Action, snooze

ALL = "several"  # stands for a flag's token in actions and keys


@dataclass(frozen=True, slots=True)
class HandOver:
    """To whom cases may go, and the reasons that may be given: words kept and words shown."""

    colleagues: Mapping[str, str]
    reasons: Mapping[str, str]


def several(
    keys: Sequence[str],
    chosen: int,
    *,
    today: date,
    turn: int = 0,
    acknowledge: str = "Acknowledge",
    hand_over: HandOver | None = None,
) -> Action | None:
    """The bar; `keys` are those of the checkboxes on the page. Without `hand_over` one refers.

    With another `turn` it begins anew: nothing typed, every panel closed.
    """
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="several-bar"):
        st.markdown(f"**{chosen} of {len(keys)} chosen**", width="content")
        st.button("All", key="choose-all", on_click=_tick, args=(keys, True), type="tertiary")
        st.button("None", key="choose-none", on_click=_tick, args=(keys, False), type="tertiary")
        nobody = not chosen
        seen = st.button(acknowledge, key=f"acknowledge-{ALL}", disabled=nobody)
        later = snooze(f"{ALL}-{turn}", today, disabled=nobody, at_once=True)
        if hand_over is None:
            referred = st.button("Refer to counselor", key=f"refer-{ALL}", disabled=nobody)
            passed = Action("refer", ALL) if referred else None
        else:
            passed = _hand_over(hand_over, turn, disabled=nobody)
    return Action("acknowledge", ALL) if seen else later or passed


def _tick(keys: Sequence[str], value: bool) -> None:
    for key in keys:
        st.session_state[key] = value


def _hand_over(given: HandOver, turn: int, *, disabled: bool) -> Action | None:
    with st.popover("Hand over", key=f"hand-over-{ALL}-{turn}", disabled=disabled):
        if not given.colleagues:
            st.write("There is no other counselor who could take a case.")
            return None
        with st.form(f"hand-over-form-{turn}", border=False):
            to = st.selectbox(
                "To", list(given.colleagues), index=None, format_func=given.colleagues.__getitem__
            )
            reason = st.selectbox("Why", list(given.reasons), format_func=given.reasons.__getitem__)
            st.caption(
                "The cases with their plans and notes go with them. This can not be undone here: "
                "your colleague would hand them back."
            )
            if st.form_submit_button("Hand them over", type="primary"):
                return Action("hand over", ALL, reason=reason, to=to or "")
    return None
