"""Analyses the patterns of a district's cohorts, once a week, and stores them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final
from uuid import UUID, uuid5

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from analytics import patterns
from db.copying import copy_rows
from db.locks import Work, alone
from db.patterns import reading
from db.patterns.cohorts import Cohorts, form
from db.people import Progress, quiet
from db.refresh.upkeep import prepare
from db.refresh.watermark import places

WEEKS: Final = 12
_WEEKLY: Final = timedelta(days=7)  # in a week of school everybody has changed: see docs/privacy.md
_SPACE: Final = UUID("5b2a6f0e-1f55-4b0d-9a57-8c1f6a2d7e30")
_BANDED: Final[Mapping[str, tuple[str, Sequence[str]]]] = {
    "time_of_day": (reading.TIME_OF_DAY, reading.TIMES),
    "pace": (reading.PACE, reading.PACES),
    "session_length": (reading.SESSION_LENGTH, reading.LENGTHS),
    "content_format": (reading.CONTENT_FORMAT, reading.FORMATS),
    "feedback_delay": (reading.FEEDBACK_DELAY, reading.DELAYS),
}

Floats = NDArray[np.float64]
Found = tuple[UUID, str, dict[str, Any], int]


@dataclass(frozen=True)
class Analysed:
    """What became of a district; nothing, where its patterns are less than a week old."""

    district_id: int
    cohorts: int
    patterns: int
    seconds: float


def analyse(
    engine: Engine,
    *,
    district: int,
    now: datetime,
    full: bool = False,
    progress: Progress = quiet,
) -> Analysed:
    """Forms the cohorts and analyses them as of the district's today; `engine` is of jobs."""
    began = monotonic()
    with engine.begin() as connection:
        alone(connection, Work.PATTERNS, district)
        prepare(connection, whole=True)
        given = _given(connection, district, now)
        last = connection.scalar(text(_LAST), given)
        if not full and last is not None and now - last < _WEEKLY:
            return Analysed(district, 0, 0, round(monotonic() - began, 3))
        progress("Analysing cohorts", 0, None)
        groups = form(connection, given)
        found = [*_banded(connection, given, groups), *_scored(connection, given, groups)]
        connection.execute(text(_FORGET), given)
        _write(connection, given, found)
    return Analysed(district, len(groups.found), len(found), round(monotonic() - began, 3))


def _given(connection: Connection, district: int, now: datetime) -> dict[str, Any]:
    given = places(connection, [district])[0].parameters(now)
    given["from"] = given["cut"] - timedelta(days=reading.WINDOW)
    return {**given, "k": connection.scalar(text(_K), given)}


def _banded(connection: Connection, given: Mapping[str, Any], groups: Cohorts) -> Iterator[Found]:
    """Every cohort's bands of each dimension that the source records."""
    for dimension, (query, labels) in _BANDED.items():
        whole = reading.table(connection, query, given, groups.learners, labels).offered()
        for identifier, cohort in groups.found.items():
            mine = list(cohort.members)
            amount = whole.amount[mine]
            found = patterns.bands(
                amount, whole.labels, k=given["k"], hits=whole.hits[mine], tries=whole.tries[mine]
            )
            if found:
                there = int((amount.sum(axis=1) > 0).sum())
                yield identifier, dimension, {"bands": [asdict(one) for one in found]}, there


def _scored(connection: Connection, given: Mapping[str, Any], groups: Cohorts) -> Iterator[Found]:
    """Every cohort's engagement, and how fast it gets on."""
    each = reading.per_learner(connection, reading.ENGAGEMENT, given, groups.learners)
    score = patterns.engagement(each["active"], each["handed_in"], each["completed"])
    weekly = reading.completions(connection, given, groups.learners, WEEKS)
    lately = weekly[:, -reading.MONTH // 7 :].mean(axis=1)
    for identifier, cohort in groups.found.items():
        mine = list(cohort.members)
        if said := _engaged(score[mine], given["k"]):
            yield identifier, "engagement", said, int((~np.isnan(score[mine])).sum())
        known = ~np.isnan(lately[mine])
        if known.sum() >= given["k"]:
            said = {
                "quarters": patterns.quarters(lately[mine][known], places=3),
                "until": given["as_of"].isoformat(),
                "weeks": np.round(weekly[mine][known].mean(axis=0), 3).tolist(),
            }
            yield identifier, "velocity", said, int(known.sum())


def _engaged(score: Floats, k: int) -> dict[str, Any] | None:
    score = score[~np.isnan(score)]
    if len(score) < k:
        return None
    level = np.digitize(score, (patterns.LOW, patterns.HIGH))
    amount = np.eye(3)[level]
    return {
        "bands": [asdict(one) for one in patterns.bands(amount, ("low", "middling", "high"), k=k)],
        "quarters": patterns.quarters(score),
    }


def _write(connection: Connection, given: Mapping[str, Any], found: Sequence[Found]) -> None:
    copy_rows(
        connection,
        "learning_patterns",
        ("district_id", "pattern_id", "group_id", "dimension", "figures", "learners",
         "analysed_at"),
        [
            (
                given["district"], uuid5(_SPACE, f"{group}/{dimension}"), group, dimension,
                orjson.dumps(figures).decode(), patterns.rounded(learners, k=given["k"]),
                given["now"],
            )
            for group, dimension, figures, learners in found
        ],
    )  # fmt: skip


_K = """
SELECT least_group FROM chalkline.institutions WHERE district_id = :district AND kind = 'district'
"""
_LAST = "SELECT max(analysed_at) FROM chalkline.learning_patterns WHERE district_id = :district"
_FORGET = "DELETE FROM chalkline.learning_patterns WHERE district_id = :district"
