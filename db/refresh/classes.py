"""Makes the state of classes: their sections, papers, enrolments, flags, notices and proposals."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, text

from db.locks import Work, alone
from db.people import Progress, quiet
from db.refresh.assessments import assessment_state
from db.refresh.dirty import Dirty
from db.refresh.due import note_due
from db.refresh.enrollments import enrollment_state
from db.refresh.facts import class_facts, learner_facts
from db.refresh.flags import NOTHING, Change, bring_flags
from db.refresh.notices import bring_notices
from db.refresh.recommendations import recommendations
from db.refresh.schools import school_grade_state
from db.refresh.sections import section_state
from db.refresh.upkeep import prepare
from db.refresh.watermark import places

BATCH: Final = 3_000  # enrolments whose state one statement makes


def refresh_classes(
    connection: Connection, district: int, classes: Sequence[UUID], *, now: datetime
) -> None:
    """Makes the state of these classes again in the caller's transaction: rows of theirs are gone.

    Refresh notices new rows and never missing ones, so whoever deletes calls this.
    """
    alone(connection, Work.STATE, district)
    prepare(connection)
    given = places(connection, [district])[0].parameters(now)
    classes_made(connection, given, classes, None, quiet, rolled=False)
    school_grade_state(connection, given, list(classes))
    note_due(connection, district, classes)


def classes_to_make(
    connection: Connection,
    given: dict[str, Any],
    new: Dirty | None,
    learners: Iterable[UUID],
    *,
    rolled: bool,
) -> list[UUID]:
    """The classes to make again: those with new rows, and all classes of learners with news."""
    if new is None:
        return list(connection.scalars(text(_ALL_CLASSES), given))
    about = {
        **given,
        "classes": list(new.classes),
        "learners": list({*new.answered, *new.attended, *learners}),
        "rolled": rolled,
    }
    return list(connection.scalars(text(_SOME_CLASSES), about))


def classes_made(
    connection: Connection,
    given: dict[str, Any],
    classes: Sequence[UUID],
    new: Dirty | None,
    progress: Progress,
    *,
    rolled: bool,
) -> tuple[Change, int]:
    """Makes the state of these classes; returns what became of flags, and rows written.

    What only new rows can change is left alone unless the day has moved (`rolled`) or all is made.
    """
    change, rows, made = NOTHING, 0, 0
    whole = new is None or rolled
    for batch in _batches(connection, given, classes):
        where = {**given, "classes": batch}
        pairs = connection.execute(text(_PAPERS), where).all()
        if not whole and new is not None:
            pairs = [pair for pair in pairs if tuple(pair) in new.papers]
        papers = {"paper_classes": [p[0] for p in pairs], "papers": [p[1] for p in pairs]}
        rows += section_state(connection, where)
        rows += assessment_state(connection, where | papers)
        rows += enrollment_state(connection, where)
        facts = class_facts(connection, given, batch)
        change += bring_flags(connection, given, facts, scope="class", who=batch)
        rows += bring_notices(connection, given, facts.notices, batch)
        people = list(connection.scalars(text(_LEARNERS), where))
        about = learner_facts(connection, given, people)
        change += bring_flags(connection, given, about, scope="learner", who=people)
        made += len(batch)
        progress("classes", made, len(classes))
    # Of every class only now is it known how its sections worked, which others' proposals quote.
    for batch in _batches(connection, given, classes):
        rows += recommendations(connection, given, batch)
    return change, rows


def _batches(
    connection: Connection, given: dict[str, Any], classes: Sequence[UUID]
) -> Iterator[list[UUID]]:
    """Classes in turn, about BATCH enrolments at a time."""
    found = connection.execute(text(_SIZES), {**given, "classes": list(classes)})
    sizes = {row.class_id: row.learners for row in found}
    batch: list[UUID] = []
    size = 0
    for class_id in classes:
        batch.append(class_id)
        size += sizes.get(class_id, 0)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


_ALL_CLASSES = "SELECT class_id FROM chalkline.classes WHERE district_id = :district ORDER BY 1"
# On a new day: every class that ran on the day the state showed, so that one which has ended
# since is shown as of its last day, and then left alone.
_SOME_CLASSES = """
SELECT c.class_id FROM chalkline.classes c
WHERE c.district_id = :district AND (
    c.class_id = ANY (CAST(:classes AS uuid[]))
    OR (:rolled AND c.starts_on <= :as_of AND c.ends_on >= :was)
    OR c.class_id IN (
        SELECT e.class_id FROM chalkline.enrollments e
        WHERE e.district_id = :district AND e.learner_id = ANY (CAST(:learners AS uuid[]))))
ORDER BY 1
"""
_SIZES = """
SELECT class_id, count(*) AS learners FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) GROUP BY class_id
"""
_PAPERS = """
SELECT class_id, assessment_id FROM chalkline.class_assessments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) ORDER BY 1, 2
"""
_LEARNERS = """
SELECT DISTINCT learner_id FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[])) ORDER BY 1
"""
