"""Brings numbers out of the database as arrays: millions of rows without an object for each."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

Kind = Literal["int", "real"]
_READ: Final = {"int": ">i4", "real": ">f8"}
_SENT: Final = {"int": "int4send", "real": "float8send"}
_NATIVE: Final = {"int": np.int64, "real": np.float64}


def read(
    connection: Connection,
    query: str,
    given: Mapping[str, Any],
    columns: Sequence[tuple[str, Kind]],
) -> dict[str, NDArray[Any]]:
    """The columns of a query, which gives integers (four bytes) and double precisions, none null.

    PostgreSQL puts the rows one behind the other into a single value: taking them one by one
    would cost more than finding them.
    """
    sent = " || ".join(f"{_SENT[kind]}(found.{name})" for name, kind in columns)
    raw = connection.scalar(
        text(f"SELECT string_agg({sent}, ''::bytea) FROM ({query}) AS found"), dict(given)
    )
    rows = np.frombuffer(raw or b"", np.dtype([(name, _READ[kind]) for name, kind in columns]))
    return {name: rows[name].astype(_NATIVE[kind]) for name, kind in columns}
