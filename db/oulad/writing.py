"""Writes rows so that a second time changes nothing: upserts, identifiers, binary COPY blocks."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

NAMESPACE = uuid5(NAMESPACE_URL, "https://analyse.kmi.open.ac.uk/open_dataset")
STAGE = "oulad_stage"
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"


def made(*parts: object) -> UUID:
    """The identifier of something OULAD names: the same in every load.

    >>> made("course", "AAA") == made("course", "AAA")
    True
    """
    return uuid5(NAMESPACE, "/".join(str(part) for part in parts))


def upsert(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    keys: Sequence[str],
) -> int:
    """Inserts rows or brings them up to date; returns how many the database did not hold so."""
    names = ", ".join(columns)
    rest = [column for column in columns if column not in keys]
    cursor = connection.connection.cursor()
    try:
        cursor.execute(
            f"CREATE TEMPORARY TABLE {STAGE} ON COMMIT DROP AS "
            f"SELECT {names} FROM chalkline.{table} WITH NO DATA"
        )
        with cursor.copy(f"COPY {STAGE} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        change = (
            f"UPDATE SET {', '.join(f'{column} = excluded.{column}' for column in rest)} "
            f"WHERE ({', '.join(f't.{column}' for column in rest)}) IS DISTINCT FROM "
            f"({', '.join(f'excluded.{column}' for column in rest)})"
        )
        cursor.execute(
            f"INSERT INTO chalkline.{table} AS t ({names}) SELECT {names} FROM {STAGE} "
            f"ON CONFLICT ({', '.join(keys)}) DO {change if rest else 'NOTHING'}"
        )
        changed = cursor.rowcount
        cursor.execute(f"DROP TABLE {STAGE}")
    finally:
        cursor.close()
    return int(changed)


def binary(*columns: npt.NDArray[Any] | bytes) -> bytes:
    """Rows in PostgreSQL's binary COPY format, without header and trailer.

    A column is numbers (sent in their own width), a two-dimensional array of bytes (a fixed
    number to a row: identifiers), or one text for all rows.

    >>> binary(np.array([7], dtype="i4"), b"ok").hex(" ")
    '00 02 00 00 00 04 00 00 00 07 00 00 00 02 6f 6b'
    """
    rows = next(len(column) for column in columns if isinstance(column, np.ndarray))
    arrays = [
        np.broadcast_to(np.frombuffer(column, np.uint8), (rows, len(column)))
        if isinstance(column, bytes)
        else column
        for column in columns
    ]
    fields: list[Any] = [("columns", ">i2")]
    for number, array in enumerate(arrays):
        of_bytes = array.ndim == 2
        kind = (np.uint8, array.shape[1]) if of_bytes else array.dtype.newbyteorder(">")
        fields += [(f"width{number}", ">i4"), (f"value{number}", kind)]
    block = np.empty(rows, dtype=np.dtype(fields))
    block["columns"] = len(arrays)
    for number, array in enumerate(arrays):
        block[f"width{number}"] = block.dtype[f"value{number}"].itemsize
        block[f"value{number}"] = array
    return block.tobytes()


def as_bytes(identifiers: Sequence[UUID]) -> npt.NDArray[np.uint8]:
    """Identifiers as rows of 16 bytes."""
    joined = b"".join(one.bytes for one in identifiers)
    return np.frombuffer(joined, np.uint8).reshape(len(identifiers), 16)
