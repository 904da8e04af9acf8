"""What a page is handed: one metric at one grain in one week, with margins, rules and citation."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np

from privacy.metrics import GRAINS, Grain, Group, Metric, metric
from privacy.releases.accounting import CONFIDENCE, Cost, epsilon
from privacy.releases.figures import FEW, VAGUE, Figure
from privacy.releases.numbers import Numbers

EXPLAINED: Final[Mapping[str, str]] = {
    FEW: "Not shown: the noisy count of learners is too small to be sure that ten or more stand "
    "behind it.",
    VAGUE: "Not shown: the margin of error would be wider than a fifth of the scale.",
}
N_RULE: Final = (
    "A figure is shown when its noisy count of learners is large enough that at least 10 stand "
    "behind it with 97.5 % certainty. The exact count is never looked at for this."
)


@dataclass(frozen=True)
class Release:
    """A released answer; the same for everybody who may ask, today and in ten years.

    `figures` stand in the order of `groups`; `total` is all of them together, where a learner is in
    one group only. `parameters` are JSON: mechanism, scales, bounds, delta, versions.
    """

    release_id: UUID
    metric: Metric
    grain: Grain
    version: date  # the Monday of its week
    school_year: int
    groups: tuple[Group, ...]
    figures: tuple[Figure, ...]
    total: Figure | None
    cost: Cost
    parameters: Mapping[str, Any]
    asked_by: UUID | None
    released_at: datetime
    numbers: Numbers

    def figure(self, *keys: str) -> Figure | None:
        """The figure of one group, by its keys; None for a group that is in no public list."""
        for group, figure in zip(self.groups, self.figures, strict=True):
            if group.keys == keys:
                return figure
        return None

    @property
    def epsilon(self) -> float:
        """What this release alone costs a learner, at the budget's delta; 0 when made of others."""
        return epsilon(self.cost.rho, Decimal(str(self.parameters["delta"])))

    @property
    def citation(self) -> str:
        """The sentence that goes into every file and print with these figures."""
        rule = (
            f"epsilon {self.epsilon:g}, delta {float(self.parameters['delta']):g} (zCDP rho "
            f"{self.cost.rho.normalize():f})"
            if self.cost.rho
            else "made of other releases at no further cost"
        )
        return (
            f"Chalkline, '{self.metric.title}' by {self.grain.words}, week of "
            f"{self.version:%d %B %Y}; differentially private, {rule}; margins at "
            f"{CONFIDENCE:.0%}; release {self.release_id}."
        )

    def table(self) -> list[dict[str, Any]]:
        """One row per group for a file or a table twin; hidden figures stay empty and say why."""
        return [
            {
                self.grain.words: figure.group,
                f"{self.metric.title} ({self.metric.unit})": figure.value,
                "margin from noise": figure.noise,
                "margin from sampling, at most": figure.sampling,
                "low": figure.low,
                "high": figure.high,
                "learners (noisy)": figure.learners,
                "note": EXPLAINED.get(figure.hidden, figure.hidden),
            }
            for figure in (*self.figures, *((self.total,) if self.total else ()))
        ]


@dataclass(frozen=True)
class Change:
    """How a figure differs from an earlier one, and whether that is more than the two noises."""

    verdict: Literal["up", "down", "cannot tell"]
    by: float | None
    noise: float | None  # of the difference, at 95 %


def change(later: Figure | None, earlier: Figure | None) -> Change:
    """Whether the later figure differs from the earlier by more than noise can explain.

    >>> now = Figure("Elm", 81.0, 2.0, 3.0, 77.0, 85.0, 500, 10.0)
    >>> change(now, Figure("Elm", 80.0, 2.0, 3.0, 76.0, 84.0, 500, 10.0)).verdict
    'cannot tell'
    >>> change(now, Figure("Elm", 70.0, 2.0, 3.0, 66.0, 74.0, 500, 10.0)).verdict
    'up'
    """
    if later is None or earlier is None or later.value is None or earlier.value is None:
        return Change("cannot tell", None, None)
    by = later.value - earlier.value
    noise = float(np.hypot(later.noise or 0.0, earlier.noise or 0.0))
    if abs(by) <= noise:
        return Change("cannot tell", by, noise)
    return Change("up" if by > 0 else "down", by, noise)


def to_answer(
    groups: tuple[Group, ...],
    figures: tuple[Figure, ...],
    total: Figure | None,
    numbers: Numbers,
) -> dict[str, Any]:
    """The answer as it is stored: finished figures, and the noisy numbers others are made of."""
    return {
        "groups": [[group.keys, group.words] for group in groups],
        "figures": [asdict(figure) for figure in figures],
        "total": asdict(total) if total else None,
        "numbers": {name: value.tolist() for name, value in vars(numbers).items()},
    }


def from_stored(row: Any) -> Release:
    """A stored row as a release; what was shown once is shown again, whatever changed since."""
    answer = row.answer
    return Release(
        release_id=row.release_id,
        metric=metric(row.metric),
        grain=GRAINS[row.grain],
        version=row.data_version,
        school_year=row.school_year,
        groups=tuple(Group(tuple(keys), tuple(words)) for keys, words in answer["groups"]),
        figures=tuple(_figure(one) for one in answer["figures"]),
        total=_figure(answer["total"]) if answer["total"] else None,
        cost=Cost(row.rho, row.rho_changed),
        parameters=row.parameters,
        asked_by=row.asked_by,
        released_at=row.released_at,
        numbers=Numbers(
            **{name: np.array(some, dtype=np.float64) for name, some in answer["numbers"].items()}
        ),
    )


def _figure(one: Mapping[str, Any]) -> Figure:
    return Figure(**{**one, "shares": tuple(one["shares"])})
