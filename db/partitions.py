"""Creates the months of learning_interactions ahead of their rows."""

from datetime import date, timedelta

from sqlalchemy import Connection, text

from db.engine import step_up


def months(first: date, last: date) -> list[tuple[date, date]]:
    """The months from `first`'s to `last`'s as [start, end) days.

    >>> months(date(2026, 12, 31), date(2027, 1, 1))[1]
    (datetime.date(2027, 1, 1), datetime.date(2027, 2, 1))
    """
    start = first.replace(day=1)
    found = []
    while start <= last:
        following = (start + timedelta(days=32)).replace(day=1)
        found.append((start, following))
        start = following
    return found


def ensure_months(connection: Connection, first: date, last: date) -> int:
    """Makes sure that rows from `first` to `last` have a partition; returns how many are new.

    `connection` is a job's. Holds no grant for people: a partition is read through its parent,
    whose policies do not protect it when it is named directly.
    """
    existing = set(
        connection.scalars(
            text(
                "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
                "WHERE i.inhparent = 'chalkline.learning_interactions'::regclass"
            )
        )
    )
    wanted = [
        (f"learning_interactions_{start:%Y_%m}", start, end) for start, end in months(first, last)
    ]
    missing = [month for month in wanted if month[0] not in existing]
    if missing:
        with step_up(connection):
            for name, start, end in missing:
                connection.exec_driver_sql(
                    f"CREATE TABLE IF NOT EXISTS chalkline.{name} PARTITION OF "
                    f"chalkline.learning_interactions FOR VALUES FROM "
                    f"('{start} 00:00+00') TO ('{end} 00:00+00')"
                )
    return len(missing)
