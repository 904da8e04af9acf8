"""Exact figures about groups of at least k, for staff inside a school: safe against subtraction.

The figures of a week are decided once, stored, and the same for everybody. `figures` is the door.
"""

from privacy.exact.asking import Figures, compare, figures
from privacy.exact.cube import EXACT_GRAINS
from privacy.exact.figure import Figure
from privacy.exact.weekly import decide_week

__all__ = ["EXACT_GRAINS", "Figure", "Figures", "compare", "decide_week", "figures"]
