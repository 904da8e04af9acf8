"""Brings answers out of the database as arrays: millions of rows without an object for each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
        ("at", ">f8"),
        ("_4", ">i4"),
        ("credit", ">f8"),
        ("_5", ">i4"),
        ("seconds", ">f8"),
        ("_6", ">i4"),
        ("level", ">i4"),
    ]
)


@dataclass(frozen=True)
class Answers:
    """Answers in order of learner, competency and time; `start` is where each pair's begin.

    `learner` and `competency` are per pair; `at` is in seconds since 1970; `seconds` is -1 where
    the source does not say; `level` is Bloom's (1 to 6, 0 unknown).
    """

    start: NDArray[np.int64]
    learner: list[UUID]
    competency: list[UUID]
    at: NDArray[np.float64]
    credit: NDArray[np.float64]
    seconds: NDArray[np.float64]
    level: NDArray[np.int64]


def answers(
    connection: Connection,
    given: Mapping[str, Any],
    *,
    learners: Sequence[UUID],
    competencies: Sequence[UUID] | None = None,
) -> Answers:
    """All answers of these learners known by the day (to these competencies alone, if given)."""
    cursor = connection.connection.cursor()
    raw = bytearray()
    parameters = {
        "district": given["district"],
        "cut": given["cut"],
        "learners": list(learners),
        "competencies": None if competencies is None else list(competencies),
    }
    with cursor.copy(_ANSWERS, parameters) as copy:
        for block in copy:
            raw += block
    cursor.close()
    rows = np.frombuffer(
        raw, dtype=_ROW, offset=_HEADER, count=(len(raw) - _HEADER) // _ROW.itemsize
    )
    key = np.stack(
        [rows[who][part] for who in ("learner", "competency") for part in ("high", "low")]
    )
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
    start = np.flatnonzero(fresh)
    return Answers(
        start=start,
        learner=_uuids(rows["learner"][start]),
        competency=_uuids(rows["competency"][start]),
        at=rows["at"].astype(np.float64),
        credit=rows["credit"].astype(np.float64),
        seconds=rows["seconds"].astype(np.float64),
        level=rows["level"].astype(np.int64),
    )


def _uuids(column: NDArray[Any]) -> list[UUID]:
    raw = column.tobytes()
    return [UUID(bytes=raw[at : at + 16]) for at in range(0, len(raw), 16)]


_ANSWERS = """
COPY (
    WITH questions AS MATERIALIZED (
        SELECT i.item_id, ic.competency_id, coalesce(array_position(
                   enum_range(NULL::chalkline.bloom_level), coalesce(i.bloom_level, c.bloom_level)),
                   0) AS level
        FROM chalkline.item_competencies ic
        JOIN chalkline.assessment_items i
          ON i.district_id = ic.district_id AND i.item_id = ic.item_id
        JOIN chalkline.competencies c ON c.competency_id = ic.competency_id
        WHERE ic.district_id = %(district)s
          AND (%(competencies)s::uuid[] IS NULL
               OR ic.competency_id = ANY (%(competencies)s::uuid[])))
    SELECT r.learner_id, q.competency_id, extract(epoch FROM r.answered_at)::float8,
           r.credit::float8, coalesce(r.seconds, -1)::float8, q.level::integer
    FROM chalkline.item_responses r JOIN questions q ON q.item_id = r.item_id
    WHERE r.district_id = %(district)s AND r.learner_id = ANY (%(learners)s::uuid[])
      AND r.answered_at < %(cut)s
    ORDER BY r.learner_id, q.competency_id, r.answered_at, r.item_id, r.attempt_id
) TO STDOUT (FORMAT binary)
"""
