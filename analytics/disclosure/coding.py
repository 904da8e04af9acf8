"""Words a rate as the size of its group allows: near 0 or 100 %, or of few, only a range is said.

"100 % of the seven passed" tells about each of the seven. The bounds for 40 and more are those of
the issue (after NCES, SLDS Technical Brief 3); smaller groups get coarser steps.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Code:
    """From how many learners on: the lowest and highest percent that is said, and the step."""

    least: int
    bottom: int
    top: int
    step: int


CODES: Final = (
    Code(300, 1, 99, 1),
    Code(100, 2, 98, 1),
    Code(40, 5, 95, 1),
    Code(20, 10, 90, 5),
    Code(10, 20, 80, 10),
    Code(1, 50, 50, 50),
)
_CLASSES: Final = ("300 and more", "100–299", "40–99", "20–39", "10–19", "fewer than 10")


@dataclass(frozen=True)
class Coded:
    """A percentage as it may be said: between low and high, which are equal for a plain figure."""

    low: float
    high: float

    @property
    def words(self) -> str:
        """As a page prints it.

        >>> Coded(82, 82).words, Coded(95, 100).words, Coded(0, 5).words, Coded(20, 30).words
        ('82 %', '95 % or more', '5 % or less', '20–30 %')
        """
        if self.low == self.high:
            return f"{self.low:.0f} %"
        if self.high == 100:
            return f"{self.low:.0f} % or more"
        if self.low == 0:
            return f"{self.high:.0f} % or less"
        return f"{self.low:.0f}–{self.high:.0f} %"


def coded(percent: float, learners: int) -> Coded:
    """The percentage of a group of so many learners, top- and bottom-coded and rounded.

    >>> coded(99.7, 350).words, coded(99.7, 120).words, coded(96.0, 50).words
    ('99 % or more', '98 % or more', '95 % or more')
    >>> coded(63.2, 50).words, coded(63.2, 25).words, coded(63.2, 12).words, coded(63.2, 6).words
    ('63 %', '60–65 %', '60–70 %', '50 % or more')
    """
    code = next(one for one in CODES if learners >= one.least)
    if percent > code.top or (percent >= code.top and code.step > 1):
        return Coded(code.top, 100)
    if percent < code.bottom:
        return Coded(0, code.bottom)
    if code.step == 1:
        whole = float(round(percent))
        return Coded(whole, whole)
    low = float(percent // code.step * code.step)
    return Coded(low, low + code.step)


def told(percent: float, learners: int) -> tuple[float, float]:
    """Between how many of the learners the coded figure says have it, rounding included.

    >>> told(0, 120), told(50, 200), told(100, 6)
    ((0.0, 2.4), (99.0, 101.0), (3.0, 6.0))
    """
    if not learners:
        return 0.0, 0.0
    said = coded(percent, learners)
    half = 0.5 if said.low == said.high else 0.0
    return (
        learners * max(said.low - half, 0) / 100,
        learners * min(said.high + half, 100) / 100,
    )


def size_class(learners: int) -> str:
    """How large a group is, as said beside a figure: never the count itself.

    >>> size_class(128), size_class(7)
    ('100–299', 'fewer than 10')
    """
    return next(
        words for code, words in zip(CODES, _CLASSES, strict=True) if learners >= code.least
    )
