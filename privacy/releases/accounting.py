"""The arithmetic of the privacy budget: what a figure costs, and what costs add up to.

Costs are zCDP (Bun and Steinke 2016), rho, as exact decimals that are only ever rounded up; they
add. The unit is one learner's whole presence: districts are neighbours when one has a learner more.
A learner whose values change is a neighbour of a neighbour, so that her loss is up to four times
as large; every release states both. People are shown (epsilon, delta), by OpenDP's conversion.
"""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, localcontext
from functools import cache
from statistics import NormalDist
from typing import Any, Final

import opendp.prelude as dp

DELTA: Final = Decimal("0.000001")  # below one in the number of learners of any district we serve
CONFIDENCE: Final = 0.95
Z: Final = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)

# The price list; tests/test_budget.py derives the margins of a school of 500 from it.
LEARNERS_RHO: Final = Decimal(
    "0.02"
)  # how many learners a group has, +-10; denominator of the rest
SUM_RHO: Final = Decimal("0.0077")  # a rate's or mean's sum: with the next line, +-2 points
MEMBERS_RHO: Final = Decimal("0.0039")  # how many of a group's learners it is about
EVERYBODYS_SUM_RHO: Final = Decimal("0.0064")  # the sum, when it is about all of them: +-2 points
COUNT_RHO: Final = Decimal("0.02")  # how many learners something is true of, +-10
BINS_RHO: Final = Decimal("0.01")  # a histogram or median: each bar +-14 learners

SCHOOL_WEEKS: Final = 40  # a school year with the holidays that fall into it
YEAR_RHO: Final = Decimal(6)  # default cap of a school year
EACH_RHO: Final = Decimal("0.1")  # default cap of one release

_PLACES: Final = Decimal("1e-12")


@dataclass(frozen=True)
class Cost:
    """What a release takes from the budget: `rho` for a learner's presence, `changed` for a change
    of her values or group.
    """

    rho: Decimal
    changed: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.rho + other.rho, self.changed + other.changed)


FREE: Final = Cost(Decimal(0), Decimal(0))


def rounded_up(rho: float) -> Decimal:
    """A float's exact value in twelve decimals, never less than it.

    >>> rounded_up(0.1) >= Decimal(0.1), rounded_up(0.25)
    (True, Decimal('0.250000000000'))
    """
    with localcontext() as context:
        context.prec = 60
        return Decimal(rho).quantize(_PLACES, ROUND_CEILING)


def scale_for(rho: Decimal, sensitivity: float) -> float:
    """The discrete Gaussian's scale at which one learner moving the answer by `sensitivity` (L2)
    costs no more than `rho`.

    >>> round(scale_for(Decimal("0.02"), 1), 6)
    5.0
    """
    # A trillionth more noise pays for the rounding of this line and of OpenDP's own map.
    return sensitivity / math.sqrt(2 * float(rho)) * (1 + 1e-12)


@cache
def epsilon(rho: Decimal, delta: Decimal = DELTA) -> float:
    """The epsilon that `rho` amounts to at this delta, rounded up to two decimals.

    >>> epsilon(Decimal("0.02")), epsilon(Decimal(5)), epsilon(Decimal(0))
    (0.9, 20.56, 0.0)
    """
    if rho <= 0:
        return 0.0
    gaussian = dp.m.make_gaussian(
        dp.vector_domain(dp.atom_domain(T=dp.i64)), dp.l2_distance(T=float), scale=1.0
    )
    curve: Any = dp.c.make_zCDP_to_approxDP(gaussian)
    profile = curve.map(math.sqrt(2 * float(rho)) * (1 + 1e-12))
    return math.ceil(float(profile.epsilon(float(delta))) * 100) / 100


def certain(rho: Decimal) -> float:
    """How sure an attacker can become that a learner is in the data who thought it even odds.

    By the Gaussian mechanism's trade-off (Dong, Roth and Su 2022): with mu = sqrt(2 rho), the best
    test is right with this probability. Half is a coin, 1 is certainty.

    >>> round(certain(Decimal("0.02")), 2), round(certain(Decimal(5)), 2)
    (0.54, 0.94)
    """
    return NormalDist().cdf(math.sqrt(2 * float(rho)) / 2)
