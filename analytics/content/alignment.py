"""Whether a course teaches and asks about the standards on its own list."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

LEAST_QUESTIONS: Final = 3  # on a standard, from which on it counts as asked about

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Standard(Generic[Key]):
    """One standard of the list: how many sections teach it, how many questions ask about it."""

    standard: Key
    sections: int
    questions: int

    @property
    def covered(self) -> bool:
        """Taught, and asked about often enough to know."""
        return self.sections > 0 and self.questions >= LEAST_QUESTIONS


def coverage(
    listed: Iterable[Key], taught: Mapping[Key, int], asked: Mapping[Key, int]
) -> list[Standard[Key]]:
    """The course's list, each standard with its sections and questions.

    >>> [one.covered for one in coverage(["a", "b", "c"], {"a": 1, "b": 1}, {"a": 3, "c": 9})]
    [True, False, False]
    """
    return [Standard(one, taught.get(one, 0), asked.get(one, 0)) for one in listed]


def aligned(teaches: Iterable[Key], listed: Iterable[Key]) -> float | None:
    """Share of what a section teaches that is on the course's list; None: it teaches nothing named.

    >>> aligned(["a", "x"], ["a", "b"]), aligned([], ["a"])
    (0.5, None)
    """
    own, wanted = set(teaches), set(listed)
    return len(own & wanted) / len(own) if own else None
