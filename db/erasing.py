"""Deletes a learner's rows, wherever they stand, and says what of her there is."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Table, delete, select, text

from db.tables import AssessmentAttempt, Enrollment
from db.tables import Table as Mapped

TOMBSTONES: Final = frozenset({"erasure_requests", "retention_items"})
"""Tables that outlive a learner: they know her by an identifier that leads nowhere any more."""

CATEGORIES: Final[dict[str, tuple[str, ...]]] = {
    "raw activity": ("learning_interactions", "learning_sessions"),
    "wellbeing and notes": ("intervention_notes", "behaviour_events"),
    "learning history": (
        "learning_interactions",
        "learning_sessions",
        "item_responses",
        "assessment_attempts",
        "section_progress",
        "activity_days",
        "mastery",
        "learner_knowledge",
        "risk_scores",
        "recommendations",
    ),
}
WHOLE: Final = "whole record"


def tables_of_learners() -> list[Table]:
    """Every table with a learner's rows, those that others hang on last."""
    return [
        table
        for table in reversed(Mapped.metadata.sorted_tables)
        if "learner_id" in table.c and table.name not in TOMBSTONES
    ]


def in_category(category: str) -> list[Table]:
    """The tables that a retention rule of this category empties."""
    every = tables_of_learners()
    return every if category == WHOLE else [t for t in every if t.name in CATEGORIES[category]]


def lock_learner(connection: Connection, district: int, learner: UUID) -> UUID | None:
    """Her anonymous identifier, her row locked; None when she is gone already."""
    found: UUID | None = connection.scalar(
        text(
            "SELECT anonymous_id FROM chalkline.learners "
            "WHERE district_id = :district AND learner_id = :learner FOR UPDATE"
        ),
        {"district": district, "learner": learner},
    )
    return found


def delete_rows(
    connection: Connection, district: int, learner: UUID, category: str
) -> tuple[dict[str, int], set[UUID]]:
    """Deletes what a category holds of a learner: rows by table, and the classes it was about.

    The caller makes these classes' state again (`refresh_classes`) in the same transaction, so
    that nothing is half-deleted.
    """
    classes = _classes(connection, district, learner)
    if category == WHOLE:
        forget_release_rows(connection, district, learner)
    gone: dict[str, int] = {}
    for table in in_category(category):
        number = connection.execute(
            delete(table).where(table.c.district_id == district, table.c.learner_id == learner)
        ).rowcount
        if number:
            gone[str(table.name)] = number
    return gone, classes


def rows_of(
    connection: Connection, table: Table, district: int, learner: UUID
) -> Sequence[dict[str, Any]]:
    """All of her rows in a table, as they stand."""
    found = connection.execute(
        select(table).where(table.c.district_id == district, table.c.learner_id == learner)
    )
    return [dict(row) for row in found.mappings()]


def _classes(connection: Connection, district: int, learner: UUID) -> set[UUID]:
    here = [Enrollment.district_id == district, Enrollment.learner_id == learner]
    enrolled = set(connection.scalars(select(Enrollment.class_id).where(*here)))
    tried = [AssessmentAttempt.district_id == district, AssessmentAttempt.learner_id == learner]
    return enrolled | set(connection.scalars(select(AssessmentAttempt.class_id).where(*tried)))


def forget_release_rows(connection: Connection, district: int, learner: UUID) -> None:
    """Leaves of her rows of which figures are released that somebody was counted there.

    They are found under the keyed hash that refresh gives them. With nothing left, a later week
    would look as if nobody had gone, and what is then told anew would be told of her alone.
    """
    connection.execute(
        text(
            "UPDATE chalkline.release_rows r SET erased = true, row_key = gen_random_uuid(), "
            "traits = '{}', figures = '{}' FROM chalkline.context_secrets s "
            "WHERE s.secret_id = 1 AND r.district_id = :district AND r.row_key = encode(substring("
            "sha256(s.row_pad || convert_to(:whose, 'UTF8')) FOR 16), 'hex')::uuid"
        ),
        {"district": district, "whose": f"{district}/{learner}"},
    )
