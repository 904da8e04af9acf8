"""Writes what learners did in one class: enrolments, results, clicks by day, sections opened."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, delete

from db.copying import copying
from db.oulad.catalogue import Place
from db.oulad.roster import PASS_PERCENT, Ids
from db.oulad.source import ClassContent
from db.oulad.writing import HEADER, TRAILER, as_bytes, binary, upsert
from db.tables import AssessmentAttempt, LearningInteraction, SectionProgress

NOON = time(12, tzinfo=UTC)  # OULAD knows days only; noon is the same day in Britain all year
EPOCH = date(2000, 1, 1)  # of PostgreSQL's timestamps
MICROSECONDS = 86_400_000_000  # of a day
AT_ONCE = 100_000  # rows packed together

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Written:
    """Rows that a class took."""

    enrollments: int
    results: int
    interactions: int


@dataclass(frozen=True)
class Writer:
    """One class on its way into the database, in the caller's transaction."""

    connection: Connection
    ids: Ids
    content: ClassContent
    learners: dict[int, UUID]  # by OULAD's number
    places: list[Place]  # of Source.sites, in their order

    @property
    def class_id(self) -> UUID:
        return self.ids.of("class", self.content.presentation.key)

    @property
    def district(self) -> bytes:
        return self.ids.district.to_bytes(4, "big")


def write(writer: Writer, *, again: bool) -> Written:
    """Writes one class whole.

    `again`: the class was loaded before and its files have changed since, so what they said then
    is taken out first.
    """
    if again:
        for table in (SectionProgress, LearningInteraction, AssessmentAttempt):
            writer.connection.execute(
                delete(table).where(
                    table.district_id == writer.ids.district, table.class_id == writer.class_id
                )
            )
    enrollments, results = _enrollments(writer), _results(writer)
    if len(writer.content.clicks):
        learners = as_bytes([writer.learners[one.student] for one in writer.content.enrollments])
        sections = as_bytes([one.section_id for one in writer.places])
        _interactions(writer, learners, sections)
        _progress(writer, learners, sections)
    return Written(enrollments, results, len(writer.content.clicks))


def _enrollments(writer: Writer) -> int:
    return upsert(
        writer.connection,
        "enrollments",
        (
            "district_id",
            "class_id",
            "learner_id",
            "status",
            "enrolled_on",
            "left_on",
            "prior_attempts",
            "studied_credits",
            "final_result",
        ),
        (
            (
                writer.ids.district,
                writer.class_id,
                writer.learners[one.student],
                one.status,
                one.enrolled_on,
                one.left_on,
                one.prior_attempts,
                one.studied_credits,
                one.result,
            )
            for one in writer.content.enrollments
        ),
        keys=("district_id", "class_id", "learner_id"),
    )


def _results(writer: Writer) -> int:
    """When a result became known OULAD does not say: marked_at stays null."""
    return upsert(
        writer.connection,
        "assessment_attempts",
        (
            "district_id",
            "attempt_id",
            "class_id",
            "learner_id",
            "assessment_id",
            "submitted_at",
            "percent",
            "passed",
            "banked",
            "status",
        ),
        (
            (
                writer.ids.district,
                writer.ids.of("attempt", one.assessment, writer.learners[one.student]),
                writer.class_id,
                writer.learners[one.student],
                writer.ids.of("assessment", one.assessment),
                datetime.combine(one.submitted_on, NOON),
                one.score,
                None if one.score is None else one.score >= PASS_PERCENT,
                one.banked,
                "submitted" if one.score is None else "graded",
            )
            for one in writer.content.results
        ),
        keys=("district_id", "attempt_id"),
    )


def _interactions(writer: Writer, learners: Bytes, sections: Bytes) -> None:
    """A row per learner, site and day. Only views are known, so each is a success."""
    clicks = writer.content.clicks
    kinds = np.array([one.interaction for one in writer.places])
    contents = as_bytes([one.content_id for one in writer.places])
    noons = _noons(writer, clicks.day)
    columns = (
        "district_id",
        "class_id",
        "type",
        "outcome",
        "occurred_at",
        "interaction_id",
        "learner_id",
        "section_id",
        "content_id",
        "clicks",
    )
    with copying(writer.connection, "learning_interactions", columns, binary=True) as copy:
        copy.write(HEADER)
        for kind in np.unique(kinds):
            rows = np.flatnonzero(kinds[clicks.site] == kind)
            rows = rows[np.argsort(clicks.day[rows], kind="stable")]  # months fill one by one
            for start in range(0, len(rows), AT_ONCE):
                some = rows[start : start + AT_ONCE]
                learner, site = learners[clicks.enrollment[some]], clicks.site[some]
                copy.write(
                    binary(
                        writer.district,
                        writer.class_id.bytes,
                        str(kind).encode(),
                        b"successful",
                        noons[some],
                        _interaction_ids(learner, contents[site]),
                        learner,
                        sections[site],
                        contents[site],
                        clicks.clicks[some],
                    )
                )
        copy.write(TRAILER)


def _interaction_ids(learners: Bytes, contents: Bytes) -> Bytes:
    """Half of the learner's identifier and half of the site's: one learner opens one site once a
    day here, so with the day it is unique, the same in every load, and costs no hashing.
    """
    return np.hstack([learners[:, :8], contents[:, :8]])


def _progress(writer: Writer, learners: Bytes, sections: Bytes) -> None:
    """A row per learner and section she opened; OULAD knows no time spent and no completion."""
    clicks = writer.content.clicks
    pair = clicks.enrollment.astype(np.int64) << 32 | clicks.site  # sorted, then by day
    first = np.flatnonzero(np.diff(pair, prepend=-1))
    last = np.append(first[1:], len(pair)) - 1
    many = np.add.reduceat(clicks.clicks, first, dtype=np.int32)
    noons = _noons(writer, clicks.day)
    columns = (
        "district_id",
        "class_id",
        "status",
        "learner_id",
        "section_id",
        "first_opened_at",
        "last_opened_at",
        "interactions",
    )
    with copying(writer.connection, "section_progress", columns, binary=True) as copy:
        copy.write(HEADER)
        for start in range(0, len(first), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            copy.write(
                binary(
                    writer.district,
                    writer.class_id.bytes,
                    b"in_progress",
                    learners[clicks.enrollment[first[some]]],
                    sections[clicks.site[first[some]]],
                    noons[first[some]],
                    noons[last[some]],
                    many[some],
                )
            )
        copy.write(TRAILER)


def _noons(writer: Writer, days: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Noon of each day, in microseconds since PostgreSQL's epoch."""
    start = (writer.content.presentation.starts_on - EPOCH).days
    return (days.astype(np.int64) + start) * MICROSECONDS + MICROSECONDS // 2
