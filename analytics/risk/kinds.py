"""Tells apart what a learner does: reading, finding the way, talking, checking what she knows.

Only the challenger looks at kinds; the transparent model counts every interaction alike.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from analytics.risk.standing import standing

KINDS: Final[Mapping[str, tuple[str, ...]]] = {  # kind -> types of interaction it is made of
    "reading": ("content_view",),
    "finding": ("navigation",),
    "talking": ("discussion",),
    "checking": ("knowledge_check", "practice_activity"),  # and answers to questions
}
LATELY: Final = 28  # days
_WHAT: Final = {
    "reading": "interactions that read content",
    "finding": "interactions that find the way about the course",
    "talking": "interactions in discussions",
    "checking": "questions and exercises tried",
}
_MEASURES: Final = {
    "clicks": ("", "since the class began"),
    "days": ("days with ", "since the class began"),
    "clicks_lately": ("", f"in the last {LATELY} days"),
    "days_lately": ("days with ", f"in the last {LATELY} days"),
}
KIND_FACTS: Final = tuple(f"{kind}_{measure}" for kind in KINDS for measure in _MEASURES)
KIND_NAMES: Final = tuple(f"{fact}_standing" for fact in KIND_FACTS)


def definitions() -> dict[str, str]:
    """Each feature's definition.

    >>> definitions()["talking_days_lately_standing"]
    'Share of the class with fewer days with interactions in discussions in the last 28 days.'
    """
    return {
        f"{kind}_{measure}_standing": f"Share of the class with fewer {unit}{what} {since}."
        for kind, what in _WHAT.items()
        for measure, (unit, since) in _MEASURES.items()
    }


def kind_features(facts: pd.DataFrame, group: pd.Series) -> pd.DataFrame:
    """KIND_NAMES of rows of facts; null where the facts were read without kinds."""
    found = {
        name: standing(facts[fact].astype(float), group) if fact in facts else np.nan
        for fact, name in zip(KIND_FACTS, KIND_NAMES, strict=True)
    }
    return pd.DataFrame(found, index=facts.index, dtype=float)
