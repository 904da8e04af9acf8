"""Brings answers out of the database as arrays: millions of rows without an object for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

SECONDS_A_DAY: Final = 86_400.0
_HEADER = 19  # bytes of PostgreSQL's binary COPY before the first row; a row of -1 ends it
_UUID = [("high", ">u8"), ("low", ">u8")]
# A row: how many fields (2 bytes), then for each its length (4 bytes) and its value.
_ROW: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("_1", ">i4"),
        ("learner", _UUID),
        ("_2", ">i4"),
        ("competency", _UUID),
        ("_3", ">i4"),
        ("item", _UUID),
        ("_4", ">i4"),
        ("room", _UUID),
        ("_5", ">i4"),
        ("at", ">f8"),
        ("_6", ">i4"),
        ("credit", ">f8"),
        ("_7", ">i4"),
        ("seconds", ">f8"),
        ("_8", ">i4"),
        ("level", ">i4"),
        ("_9", ">i4"),
        ("opens", ">i4"),
    ]
)


@dataclass(frozen=True)
class Answers:
    """Answers in order of learner and time, one entry for each competency an answer's item asks
    for; `opens` is 1 at the first entry of an answer.

    `learner`, `competency`, `item` and `room` (the class) are codes into the lists of their names;
    `at` is in seconds since 1970; `seconds` is -1 where the source does not say; `level` is Bloom's
    (1 to 6, 0 unknown).
    """

    learner: NDArray[np.int64]
    competency: NDArray[np.int64]
    item: NDArray[np.int64]
    room: NDArray[np.int64]
    learners: list[UUID]
    competencies: list[UUID]
    items: list[UUID]
    rooms: list[UUID]
    at: NDArray[np.float64]
    credit: NDArray[np.float64]
    seconds: NDArray[np.float64]
    level: NDArray[np.int64]
    opens: NDArray[np.int64]


def answers(
    connection: Connection,
    given: Mapping[str, Any],
    *,
    learners: Sequence[UUID],
    since: Sequence[datetime | None],
) -> Answers:
    """The answers of these learners known by the day, of each only those after `since`."""
    cursor = connection.connection.cursor()
    raw = bytearray()
    parameters = {
        "district": given["district"],
        "cut": given["cut"],
        "learners": list(learners),
        "since": list(since),
    }
    with cursor.copy(_ANSWERS, parameters) as copy:
        for block in copy:
            raw += block
    cursor.close()
    rows = np.frombuffer(
        raw, dtype=_ROW, offset=_HEADER, count=(len(raw) - _HEADER) // _ROW.itemsize
    )
    named = {name: _codes(rows[name]) for name in ("learner", "competency", "item", "room")}
    return Answers(
        learner=named["learner"][1],
        competency=named["competency"][1],
        item=named["item"][1],
        room=named["room"][1],
        learners=named["learner"][0],
        competencies=named["competency"][0],
        items=named["item"][0],
        rooms=named["room"][0],
        at=rows["at"].astype(np.float64),
        credit=rows["credit"].astype(np.float64),
        seconds=rows["seconds"].astype(np.float64),
        level=rows["level"].astype(np.int64),
        opens=rows["opens"].astype(np.int64),
    )


def _codes(column: NDArray[Any]) -> tuple[list[UUID], NDArray[np.int64]]:
    """The identifiers in a column, in order, and each row's place among them."""
    keys = column["high"].astype(np.uint64), column["low"].astype(np.uint64)
    order = np.lexsort(keys[::-1])
    high, low = keys[0][order], keys[1][order]
    new = np.append(True, (high[1:] != high[:-1]) | (low[1:] != low[:-1]))[: len(order)]
    codes = np.empty(len(order), dtype=np.int64)
    codes[order] = np.cumsum(new) - 1
    return _uuids(column[order[new]]), codes


def _uuids(column: NDArray[Any]) -> list[UUID]:
    raw = column.tobytes()
    return [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]


_ANSWERS = """
COPY (
    WITH questions AS MATERIALIZED (
        SELECT i.item_id, ic.competency_id, coalesce(array_position(
                   enum_range(NULL::chalkline.bloom_level), coalesce(i.bloom_level, c.bloom_level)),
                   0) AS level,
               (row_number() OVER (PARTITION BY i.item_id ORDER BY ic.competency_id) = 1)::integer
                   AS opens
        FROM chalkline.item_competencies ic
        JOIN chalkline.assessment_items i
          ON i.district_id = ic.district_id AND i.item_id = ic.item_id
        JOIN chalkline.competencies c ON c.competency_id = ic.competency_id
        WHERE ic.district_id = %(district)s)
    SELECT r.learner_id, q.competency_id, r.item_id, r.class_id,
           extract(epoch FROM r.answered_at)::float8, r.credit::float8,
           coalesce(r.seconds, -1)::float8, q.level::integer, q.opens
    FROM unnest(%(learners)s::uuid[], %(since)s::timestamptz[]) AS k(learner_id, since)
    JOIN chalkline.item_responses r
      ON r.district_id = %(district)s AND r.learner_id = k.learner_id
     AND r.answered_at > coalesce(k.since, '-infinity') AND r.answered_at < %(cut)s
    JOIN questions q ON q.item_id = r.item_id
    ORDER BY r.learner_id, r.answered_at, r.item_id, r.attempt_id, q.competency_id
) TO STDOUT (FORMAT binary)
"""
