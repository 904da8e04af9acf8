"""What may be said of an interval: helped, did not, or cannot tell."""

from collections.abc import Mapping
from typing import Final, Literal

Verdict = Literal["helped", "did not", "cannot tell"]
# The smallest change worth a plan, in the measure's own unit: points of percent; days a week.
WORTHWHILE: Final[Mapping[str, float]] = {
    "attendance": 5.0,
    "activity": 0.5,
    "answers": 5.0,
    "work": 10.0,
}


def verdict(low: float, high: float, worthwhile: float) -> Verdict:
    """Helped: surely more than nothing. Did not: surely less than what would be worth it.

    Both at once (a sure but tiny gain) is "did not": nobody should plan for it.

    >>> verdict(0.2, 1.4, 0.5), verdict(-0.6, 0.3, 0.5), verdict(-0.4, 1.1, 0.5)
    ('helped', 'did not', 'cannot tell')
    >>> verdict(0.1, 0.3, 0.5)
    'did not'
    """
    if high < worthwhile:
        return "did not"
    return "helped" if low > 0 else "cannot tell"
