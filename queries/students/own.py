"""A section's figures over the teacher's own classes, as sums that the state holds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SectionFigures:
    """Sums over the classes asked about; `minutes` is the typical (median) time.

    What is being taught these days can not be finished yet, so its completion says nothing.
    """

    title: str
    unit: int
    unit_title: str
    position: int
    planned_minutes: float | None
    learners: int
    started: int
    completed: int
    timed: int
    minutes: float | None
    checked: int
    sum_understood: float
    sum_understood_squared: float
    helped: int
    being_taught: bool = False

    @property
    def understood(self) -> float | None:
        """Mean share of understanding in the section's own checks."""
        return self.sum_understood / self.checked if self.checked else None

    @property
    def finished(self) -> float | None:
        """Share of those who started that finished."""
        return self.completed / self.started if self.started else None

    @property
    def asked_help(self) -> float | None:
        """Share of those who started that asked for help."""
        return min(1.0, self.helped / self.started) if self.started else None
