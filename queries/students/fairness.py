"""Says in words what comparing groups on a question has shown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_SIZES: Final = {"B": "moderate", "C": "large"}
_WHO: Final[Mapping[str, str]] = {
    "home_language": "learners who speak another language at home",
    "disability": "learners with a disability",
    "gender": "{group} learners",
    "ethnicity": "{group} learners",
    "income_band": "learners of {group} family income",
}


@dataclass(frozen=True)
class Unfair:
    """A question that is harder (or easier) for a group than for others who know as much."""

    group: str
    others: str
    harder: bool
    size: str
    delta: float
    low: float
    high: float
    learners: int
    compared_with: int

    @property
    def said(self) -> str:
        """One sentence."""
        how = "harder" if self.harder else "easier"
        return (
            f"{how.capitalize()} for {self.group} than for {self.others} with the same total: a "
            f"{self.size} difference (about {self.learners} compared with {self.compared_with})"
        )


def unfair(compared: Sequence[Mapping[str, Any]]) -> tuple[Unfair, ...]:
    """The comparisons that are not negligible (ETS classes B and C), the largest first.

    >>> found = unfair([{"attribute": "home_language", "group": "another", "than": "en",
    ...     "ets": "C", "delta": -4.0, "low": -5.4, "high": -2.6, "learners": 100, "others": 280}])
    >>> found[0].said[:70]
    'Harder for learners who speak another language at home than for others'
    """
    found = [
        Unfair(
            _named(one["attribute"], one["group"]),
            "others" if one["attribute"] in ("home_language", "disability")
            else _named(one["attribute"], one["than"]),
            one["delta"] < 0,
            _SIZES[one["ets"]],
            one["delta"],
            one["low"],
            one["high"],
            one["learners"],
            one["others"],
        )
        for one in compared
        if one["ets"] in _SIZES
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: -abs(one.delta)))


def _named(attribute: str, group: str) -> str:
    """
    >>> _named("gender", "female"), _named("region", "north"), _named("disability", "no")
    ('female learners', 'learners of region: north', 'learners without a disability')
    """
    if attribute == "disability" and group.lower() in ("no", "n"):
        return "learners without a disability"
    pattern = _WHO.get(attribute, attribute.replace("_", " ") + ": {group}")
    said = pattern.format(group=group.replace("_", " "))
    return said if "learners" in said else f"learners of {said}"
