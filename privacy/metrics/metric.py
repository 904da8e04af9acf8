"""What a metric is: a question about groups of learners, with all that bounds its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from privacy.viewer import Role

Kind = Literal["count", "sum", "mean", "rate", "median", "histogram"]
Regime = Literal["exact", "private"]
Audience = Literal["school", "district"]
Cost = Literal["low", "usual", "high"]
Direction = Literal["up", "down", "neither"]

# Who reads what: staff of a school read exact figures about groups of k, administrators noisy ones.
AUDIENCES: Final[Mapping[Role, Audience]] = {
    "teacher": "school",
    "counselor": "school",
    "administrator": "district",
}
SCHOOL_ONLY: Final[Mapping[Audience, Regime]] = {"school": "exact"}
DISTRICT_ONLY: Final[Mapping[Audience, Regime]] = {"district": "private"}
BOTH: Final[Mapping[Audience, Regime]] = {"school": "exact", "district": "private"}


class WrongRegime(PermissionError):  # noqa: N818 - reads as the sentence it carries
    """Somebody asked for a statistic in the regime that is not her audience's."""


@dataclass(frozen=True)
class Metric:
    """A question about a group, answered from one value a learner.

    `name` is also the key of the learner's value in the weekly rows (db/refresh/releases.py)
    unless `value` names another. `lower` and `upper` bound one learner's value in `unit`: it is
    clamped to them before anything else is done. A rate's value is 0 or 1; `edges` are a
    histogram's. `regime` says, for each audience that may ask, the one regime it is answered in.
    `cost` is a class, not a number: the ledger of the private regime turns it into rho.
    """

    name: str
    title: str
    question: str
    definition: str
    kind: Kind
    unit: str
    lower: float
    upper: float
    grains: tuple[str, ...]
    good: Direction
    regime: Mapping[Audience, Regime]
    cost: Cost = "usual"
    value: str = ""
    edges: tuple[float, ...] = ()
    everybody: bool = False

    @property
    def row_name(self) -> str:
        """The key of a learner's value in the weekly rows."""
        return self.value or self.name

    def regime_for(self, audience: Audience) -> Regime:
        """The only regime in which this audience is answered; WrongRegime where it is not."""
        try:
            return self.regime[audience]
        except KeyError:
            raise WrongRegime(
                f"'{self.title}' is not released to the {audience}'s staff. "
                "See 'Privacy' for what is, or ask your administrator."
            ) from None

    def must_be(self, regime: Regime, audience: Audience) -> None:
        """Refuses the other regime: one statistic reaches an audience in one way only."""
        right = self.regime_for(audience)
        if regime != right:
            raise WrongRegime(
                f"'{self.title}' reaches the {audience}'s staff as {right} figures only: beside "
                f"{regime} ones, the difference would tell about single learners. Ask for the "
                f"{right} figure."
            )


def audience_of(roles: frozenset[Role]) -> Audience:
    """The audience a person belongs to by all the roles she holds, not the one she uses now.

    Somebody who teaches and administers would see both regimes; she counts as an administrator.

    >>> audience_of(frozenset({"teacher", "administrator"}))
    'district'
    >>> audience_of(frozenset({"records"}))
    Traceback (most recent call last):
    ...
    privacy.metrics.metric.WrongRegime: Figures about groups are for teachers, counselors \
and administrators. Ask your administrator for one of these roles.
    """
    held = {AUDIENCES[role] for role in roles if role in AUDIENCES}
    if "district" in held:
        return "district"
    if "school" in held:
        return "school"
    raise WrongRegime(
        "Figures about groups are for teachers, counselors and administrators. "
        "Ask your administrator for one of these roles."
    )
