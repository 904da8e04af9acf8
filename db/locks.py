"""The locks under which one process at a time does a piece of work in a district."""

from enum import IntEnum, unique

from sqlalchemy import Connection, func, select


@unique
class Work(IntEnum):
    """First key of the advisory lock, whose second is the district."""

    STATE = 7_242_616
    TRAINING = 7_242_618
    CONTENT = 7_242_619
    PATTERNS = 7_242_620
    EFFECTS = 7_242_621
    HISTORY = 7_242_622
    EXACT_FIGURES = 7_242_624
    FITTING = 7_242_627
    ERASING = 7_242_629


def alone(connection: Connection, work: Work, district: int) -> None:
    """Waits until nobody else is at it; others wait until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(work.value, district)))
