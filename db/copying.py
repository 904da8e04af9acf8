"""Writes many rows at once: COPY into a temporary table, then one INSERT under the policies.

PostgreSQL refuses COPY FROM into a table whose policies apply to the role, even when they let it
see everything. The detour costs one more pass and gives ON CONFLICT, so that writing the same
rows twice adds nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from psycopg import Copy
from sqlalchemy import Connection

STAGE = "chalkline_stage"


@contextmanager
def copying(
    connection: Connection, table: str, columns: Sequence[str], *, binary: bool = False
) -> Iterator[Copy]:
    """A psycopg COPY that ends up in `chalkline.<table>`; rows already there are left as they are.

    Defaults apply to columns not named. Write text rows with `write_row`, or prepared blocks
    with `write` (text or binary format).
    """
    names = ", ".join(f'"{column}"' for column in columns)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {STAGE} ON COMMIT DROP AS "
            f"SELECT {names} FROM chalkline.{table} WITH NO DATA"
        )
        how = " WITH (FORMAT binary)" if binary else ""
        with cursor.copy(f"COPY {STAGE} ({names}) FROM STDIN{how}") as copy:
            yield copy
        cursor.execute(
            f"INSERT INTO chalkline.{table} ({names}) SELECT {names} FROM {STAGE} "
            "ON CONFLICT DO NOTHING"
        )
        cursor.execute(f"DROP TABLE {STAGE}")
    finally:
        cursor.close()


def copy_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
) -> None:
    """Writes `rows` (in the order of `columns`) to `chalkline.<table>`."""
    with copying(connection, table, columns) as copy:
        for row in rows:
            copy.write_row(row)
