"""Cards for the triage list: who, how urgent, why, what clears it, and the actions to take."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest
from typing import Final, Literal

import streamlit as st

from components.actions import Action, Wrongs, actions
from components.show import plain
from components.sparkline import sparkline

Severity = Literal["urgent", "soon", "watch"]
# Word, shape and colour: any one of them can be missed.
_SEVERITY: Final[dict[Severity, tuple[str, str, Literal["red", "orange", "gray"]]]] = {
    "urgent": ("▲", "Urgent", "red"),
    "soon": ("◆", "Soon", "orange"),
    "watch": ("●", "Watch", "gray"),
}


@dataclass(frozen=True, slots=True)
class LearnerCard:
    """One flagged learner, in words. `flag` is the opaque token that actions return; `clears`
    says what would make each reason go away, a sentence beside each as far as there is one.
    """

    flag: str
    rank: int
    name: str
    class_name: str
    severity: Severity
    reasons: Sequence[str]
    clears: Sequence[str]
    next_step: str
    weeks: Sequence[float] = ()
    weeks_alt: str = ""
    why: Sequence[str] = ()  # what the next step rests on
    chance: str = ""  # the risk model's sentence, where it has spoken


@dataclass(frozen=True, slots=True)
class ReteachCard:
    """A notice about a whole class: one competency many miss, instead of a flag for each."""

    notice: str
    class_name: str
    competency: str
    reason: str
    learners: Sequence[str]
    next_step: str


def severity_words(severity: Severity) -> str:
    """Shape and word.

    >>> severity_words("urgent")
    '▲ Urgent'
    """
    shape, word, _ = _SEVERITY[severity]
    return f"{shape} {word}"


def learner_card(
    card: LearnerCard,
    *,
    wrongs: Wrongs,
    today: date,
    acknowledge: str = "Acknowledge",
    refer: bool = True,
    outcomes: Wrongs | None = None,
    pick: str | None = None,
) -> Action | None:
    """Draw one card; the answer is the action just chosen, if any. For the rest see `actions`.

    With `pick`, a checkbox of that key stands in the place of the actions: "pick" while ticked.
    """
    with st.container(border=True, key=f"card-{card.flag}", gap="small"):
        picked, opened = _heading(card, pick)
        st.markdown(_body(card, step=not pick))
        if pick:
            if opened:
                return Action("open", card.flag)
            return Action("pick", card.flag) if picked else None
        with st.container(horizontal=True, key=f"actions-{card.flag}"):
            if card.why:
                with st.popover("Why this step", type="tertiary", key=f"why-{card.flag}"):
                    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in card.why))
            chosen = actions(
                card.flag,
                wrongs=wrongs,
                today=today,
                acknowledge=acknowledge,
                refer=refer,
                outcomes=outcomes,
            )
    return Action("open", card.flag) if opened else chosen


def _body(card: LearnerCard, *, step: bool) -> str:
    """Chance, reasons with what clears each, and the next step, as one text: lists are long."""
    reasons = [
        f"- {plain(reason)} :small[:gray[{plain(clears)}]]" if clears else f"- {plain(reason)}"
        for reason, clears in zip_longest(card.reasons, card.clears, fillvalue="")
    ]
    chance = f"**{plain(card.chance)}**" if card.chance else ""
    next_step = f"**Next step:** {plain(card.next_step)}" if step and card.next_step else ""
    return "\n\n".join(part for part in (chance, "\n".join(reasons), next_step) if part)


def _heading(card: LearnerCard, pick: str | None) -> tuple[bool, bool]:
    """Rank, name, severity, class and the activity trend: (ticked, the name was clicked)."""
    with st.container(horizontal=True, vertical_alignment="center"):
        picked = bool(pick) and st.checkbox(
            f"Choose {plain(card.name)}", key=pick, label_visibility="collapsed", width="content"
        )
        opened = st.button(
            f"**{card.rank}. {plain(card.name)}**",
            key=f"open-{card.flag}",
            type="tertiary",
            icon=":material/arrow_forward:",
            icon_position="right",
        )
        trend = f"&emsp;{sparkline(card.weeks, alt=card.weeks_alt)}" if card.weeks else ""
        st.markdown(f"{_badge(card.severity)} :small[{plain(card.class_name)}]{trend}")
    return picked, opened


def _badge(severity: Severity) -> str:
    """Severity as one Markdown word; fewer elements than `st.badge`, and lists are long."""
    return f":{_SEVERITY[severity][2]}-badge[{severity_words(severity)}]"


def learner_row(card: LearnerCard) -> Action | None:
    """A card in one line, for lists of fifty and more: the actions wait on the learner's page."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"row-{card.flag}"):
        opened = st.button(
            f"{card.rank}. {plain(card.name)}", key=f"open-{card.flag}", type="tertiary"
        )
        why = plain("; ".join([card.class_name, *card.reasons]))
        st.markdown(f"{_badge(card.severity)} :small[{why}]", width="stretch")
    return Action("open", card.flag) if opened else None


def reteach_card(card: ReteachCard) -> Action | None:
    """One notice for a class; who is concerned is one click away."""
    with st.container(border=True, key=f"card-{card.notice}", gap="small"):
        st.markdown(
            f"**Reteach {plain(card.competency)}** :blue-badge[■ Whole class] "
            f":small[{plain(card.class_name)}]"
        )
        st.markdown(f"{plain(card.reason)}\n\n**Next step:** {plain(card.next_step)}")
        with st.container(horizontal=True):
            opened = st.button("Open in the mastery map", key=f"open-{card.notice}")
            with st.popover("Who", key=f"who-{card.notice}"):
                st.markdown("\n".join(f"- {plain(name)}" for name in card.learners))
    return Action("open", card.notice) if opened else None


def overflow_line(hidden: int, shown: int) -> None:
    """Say how many more there are than the list's capacity."""
    if hidden:
        more = f"{hidden} more learner{'s' if hidden > 1 else ''}"
        st.caption(f"Showing the {shown} most urgent; {more} meet a rule this week.")


def headline(severities: Sequence[Severity], *, hidden: int) -> None:
    """The answer before the list: how many wait, and how many of them urgently."""
    waiting = len(severities) + hidden
    if not waiting:
        return
    urgent = sum(severity == "urgent" for severity in severities)
    who = "1 learner needs" if waiting == 1 else f"{waiting} learners need"
    first = f" The {len(severities)} to see first are below." if hidden else ""
    st.markdown(f"**{who} you this week, {urgent or 'none'} urgently.**{first}")
