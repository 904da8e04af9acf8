"""Something done for each in turn: one whose record is damaged keeps nobody else waiting."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Turns:
    """What failed so far; `end` raises the first of it when all have had their turn.

    >>> turns = Turns()
    >>> turns.take(lambda: 1 // 0), turns.take(lambda: 2)
    (0, 2)
    >>> turns.end()
    Traceback (most recent call last):
    ZeroDivisionError: integer division or modulo by zero
    """

    failed: list[Exception] = field(default_factory=list)

    def take(self, do: Callable[[], int]) -> int:
        """How many it did; 0 where it failed."""
        try:
            return do()
        except Exception as error:  # noted by whoever ends the turns, who quotes no data
            self.failed.append(error)
            return 0

    def end(self) -> None:
        """Raises what failed first."""
        if self.failed:
            raise self.failed[0]
