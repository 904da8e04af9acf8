"""Adds the noise: OpenDP's discrete Gaussian over whole numbers, and nothing else is allowed to."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
import opendp.prelude as dp
from numpy.typing import NDArray

from privacy.releases.accounting import Cost, rounded_up, scale_for

# OpenDP asks for this before it offers constructors whose proofs are not all reviewed. We use its
# Gaussian only; the threshold mechanisms (OpenDP #2922 under-report delta) are never called.
dp.enable_features("contrib")

_WHOLE_NUMBERS: Final[tuple[Any, Any]] = (
    dp.vector_domain(dp.atom_domain(T=dp.i64)),
    dp.l2_distance(T=float),
)


@dataclass(frozen=True)
class Noisy:
    """Whole numbers with noise of this scale (standard deviation), and what they cost."""

    values: tuple[int, ...]
    scale: float
    cost: Cost


def noisy(
    values: NDArray[np.int64] | Sequence[int],
    *,
    sensitivity: float,
    changed: Decimal,
    rho: Decimal,
) -> Noisy:
    """The values with noise, for at most `rho`.

    `sensitivity` is how far one learner more or less can move all of them together (L2). `changed`
    is how many times `rho` a learner costs whose values change instead: 4 where that moves a cell
    by twice the sensitivity, 2 where it takes from one cell and gives to another.
    """
    scale = scale_for(rho, sensitivity)
    measurement: Any = dp.m.make_gaussian(*_WHOLE_NUMBERS, scale=scale)
    certified = rounded_up(float(measurement.map(sensitivity)))
    if certified > rho:
        raise ArithmeticError(
            f"The noise would cost {certified} where {rho} is charged; nothing was released. "
            "Report this: it is an error of Chalkline's."
        )
    answer = measurement([int(value) for value in values]) if len(values) else []
    return Noisy(tuple(answer), scale, Cost(rho=rho, changed=changed * rho))
