"""Several learners at once: who is chosen, and what is done to all of them or to none."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import streamlit as st

from components import words
from components.actions import Action
from components.several import HandOver, several
from components.show import plain
from pages import guard
from pages.students.links import opened, token
from privacy import NotAllowed, Viewer
from queries.students import acting, handing
from queries.students.acting import CHANGED, NotPossible
from queries.students.colleagues import colleagues

ROUND = "several-round"  # of choosing; after an action the next begins with nobody chosen


def choosing() -> bool:
    """Whether learners are being chosen; the switch stays where it is until it is turned."""
    return st.toggle("Choose several", key="several")


def pick_key(card: str, flags: Sequence[UUID]) -> str:
    """The key of a learner's checkbox: another one as soon as other flags stand about her."""
    about = sha256(b"".join(sorted(one.bytes for one in flags))).hexdigest()[:8]
    return f"pick-{st.session_state.get(ROUND, 0)}-{card}-{about}"


def act_on_chosen(
    viewer: Viewer,
    shown: Collection[str],
    chosen: Mapping[UUID, Sequence[UUID]],
    *,
    seen: datetime,
    acknowledge: str = "Acknowledge",
) -> None:
    """The bar, and what it is asked for. `shown` are the checkboxes' keys, `chosen` the flags of
    each learner; nothing is done when one of either has changed since she was chosen.
    """
    counselor = viewer.role == "counselor"
    with st.bottom:
        wanted = several(
            list(shown),
            len(chosen),
            today=viewer.today,
            turn=st.session_state.get(ROUND, 0),
            acknowledge=acknowledge,
            hand_over=_over(viewer) if counselor else None,
        )
        if wanted is None:
            return
        try:
            _act(viewer, wanted, shown, chosen, seen=seen)
        except (NotAllowed, NotPossible) as why:
            st.error(str(why))
            return
    st.session_state[ROUND] = st.session_state.get(ROUND, 0) + 1
    st.rerun()


def _act(
    viewer: Viewer,
    wanted: Action,
    shown: Collection[str],
    chosen: Mapping[UUID, Sequence[UUID]],
    *,
    seen: datetime,
) -> None:
    if _gone(shown):
        raise NotPossible(CHANGED)
    now = guard.now()
    flags = [flag for some in chosen.values() for flag in some]
    match wanted.kind:
        case "acknowledge":
            acting.acknowledge(viewer, flags=flags, now=now, seen=seen)
        case "snooze" if wanted.until is not None:
            until, today = wanted.until, viewer.today
            acting.snooze(viewer, flags=flags, until=until, today=today, now=now, seen=seen)
        case "refer":
            acting.refer(viewer, flags=flags, now=now, seen=seen)
        case "hand over":
            _hand_over(viewer, wanted, list(chosen), now=now)


def _hand_over(viewer: Viewer, wanted: Action, learners: list[UUID], *, now: datetime) -> None:
    if not wanted.to:
        raise NotPossible("Choose the colleague who takes the cases.")
    to = opened(viewer, wanted.to, kind="colleague")
    handing.hand_over(
        viewer, learners=learners, to=to, reason=wanted.reason, today=viewer.today, now=now
    )
    st.toast(f"{words.plural(len(learners), 'case')} handed over.")


def _gone(shown: Collection[str]) -> bool:
    """Whether somebody was chosen on the page as it stood who is no longer there as she was."""
    ticked = {str(key) for key, on in st.session_state.items() if on and _is_pick(str(key))}
    return bool(ticked - set(shown))


def _is_pick(key: str) -> bool:
    return key.startswith(f"pick-{st.session_state.get(ROUND, 0)}-")


def _over(viewer: Viewer) -> HandOver:
    others = colleagues(viewer, role="counselor")
    known = {token(viewer, one.staff_id, kind="colleague"): plain(one.name) for one in others}
    return HandOver(known, handing.REASONS)
