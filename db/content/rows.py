"""Figures as they are stored: rounded, so that they tell of no single learner."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Choices = Mapping[str, Sequence[float]]


def two(figure: float | None) -> float | None:
    """Two places: more would tell one learner from the next.

    >>> two(0.1234), two(None)
    (0.12, None)
    """
    return None if figure is None else round(figure, 2)


def rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    """The same with three places."""
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in figures.items()
    }


def as_json(value: Any) -> str:
    """As a json column takes it."""
    return orjson.dumps(value).decode()
