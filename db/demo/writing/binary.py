"""Turns numpy columns into the bytes of PostgreSQL's binary COPY, without a Python loop over rows.

A column is a matrix of bytes, one row a value with its 4-byte length before it, and a mask of the
bytes that count. Side by side the columns are the table; taking the masked bytes makes the stream.
Format: https://www.postgresql.org/docs/18/sql-copy.html, "Binary Format".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sqlalchemy import Connection

from db.copying import copying
from db.demo.arrays import Bools, Bytes, Days

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_EPOCH = np.datetime64("2000-01-01")
_BLOCK = 50_000  # rows turned into bytes at once: about 10 MB


@dataclass(frozen=True)
class Column:
    """Values as bytes, length first; `used` marks those to write, None means all."""

    content: Bytes
    used: Bools | None = None


def _fixed(values: NDArray[np.generic]) -> Column:
    """Big-endian values of one width."""
    width = values.dtype.itemsize
    content = np.empty((len(values), 4 + width), np.uint8)
    content[:, :4] = np.frombuffer(width.to_bytes(4, "big"), np.uint8)
    content[:, 4:] = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), width)
    return Column(content)


def uuids(values: Bytes) -> Column:
    """Rows of 16 bytes as uuid."""
    return _fixed(np.ascontiguousarray(values).view("V16").reshape(len(values)))


def small(values: ArrayLike) -> Column:
    """As smallint."""
    return _fixed(np.asarray(values).astype(">i2"))


def integers(values: ArrayLike) -> Column:
    """As integer."""
    return _fixed(np.asarray(values).astype(">i4"))


def reals(values: ArrayLike) -> Column:
    """As real."""
    return _fixed(np.asarray(values).astype(">f4"))


def booleans(values: Bools) -> Column:
    """As boolean."""
    return _fixed(values.astype(np.uint8))


def days(values: Days) -> Column:
    """As date."""
    return _fixed((values.astype("M8[D]") - _EPOCH).astype(">i4"))


def moments(values: Days) -> Column:
    """As timestamptz; `values` are in UTC."""
    return _fixed((values.astype("M8[us]") - _EPOCH.astype("M8[us]")).astype(">i8"))


def labels(codes: ArrayLike, words: Sequence[str]) -> Column:
    """As text or an enumeration: word number `codes` of `words`."""
    encoded = [word.encode() for word in words]
    width = max(map(len, encoded))
    content = np.zeros((len(words), 4 + width), np.uint8)
    used = np.zeros_like(content, bool)
    for row, word in enumerate(encoded):
        value = len(word).to_bytes(4, "big") + word
        content[row, : len(value)] = np.frombuffer(value, np.uint8)
        used[row, : len(value)] = True
    chosen = np.asarray(codes)
    return Column(content[chosen], used[chosen])


def except_where(column: Column, absent: Bools) -> Column:
    """The column with null where `absent`."""
    content = column.content.copy()
    content[absent, :4] = 255  # a length of -1
    used = np.ones_like(content, bool) if column.used is None else column.used.copy()
    used[absent, 4:] = False
    used[absent, :4] = True
    return Column(content, used)


def encoded(columns: Sequence[Column]) -> bytes:
    """The rows of a COPY, without the stream's header and trailer.

    >>> encoded([small([5])]).hex(" ", 2)
    '0001 0000 0002 0005'
    """
    count = np.empty((len(columns[0].content), 2), np.uint8)
    count[:] = np.frombuffer(len(columns).to_bytes(2, "big"), np.uint8)
    content = np.hstack([count, *(column.content for column in columns)])
    if all(column.used is None for column in columns):
        return content.tobytes()
    used = np.hstack(
        [
            np.ones_like(count, bool),
            *(
                np.ones_like(column.content, bool) if column.used is None else column.used
                for column in columns
            ),
        ]
    )
    return bytes(content[used].tobytes())


def write(connection: Connection, district: int, table: str, rows: Mapping[str, Column]) -> int:
    """Writes the rows to `chalkline.<table>` of the district; returns how many."""
    total = len(next(iter(rows.values())).content)
    if total == 0:
        return 0
    with copying(connection, table, ["district_id", *rows], binary=True) as copy:
        copy.write(_HEADER)
        for start in range(0, total, _BLOCK):
            block = [_part(column, start) for column in rows.values()]
            copy.write(encoded([integers(np.full(len(block[0].content), district)), *block]))
        copy.write(_TRAILER)
    return total


def _part(column: Column, start: int) -> Column:
    chosen = slice(start, start + _BLOCK)
    return Column(column.content[chosen], None if column.used is None else column.used[chosen])
