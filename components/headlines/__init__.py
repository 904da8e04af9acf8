"""Headline figures as cards: a value and its margin, its weeks, what changed, what it means."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import streamlit as st

_HERE: Final = Path(__file__).parent

Tone = Literal["better", "worse", "plain"]

_headlines = st.components.v2.component(
    "chalkline_headlines",
    css=(_HERE / "headlines.css").read_text(encoding="utf-8"),
    js=(_HERE / "headlines.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Headline:
    """One card, in words. `trend` holds (value, margin) a week, oldest first, None where none was
    told; `alt` is the trend's sentence. `tone` colours the change, whose words say the same.
    """

    title: str
    value: str
    margin: str
    change: str
    tone: Tone
    trend: Sequence[tuple[float, float] | None]
    alt: str
    definition: str


def headlines(cards: Sequence[Headline], *, key: str) -> None:
    """Show the cards in the order given, as many in a row as there is room for."""
    _headlines(key=key, data={"cards": [asdict(card) for card in cards]})
