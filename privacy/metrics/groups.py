"""The public list of groups of a grain: from the organisation, never from learners' rows.

That a group is in the answer says that the school exists, not that somebody is in it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Select, select

from db.tables import AcademicTerm, Class, Course, Institution
from db.tables.base import BLOOM
from privacy.metrics.grains import TRAITS, Grain

NO_GRADE: Final = "-1"


@dataclass(frozen=True)
class Group:
    """One group of a grain: its keys as the weekly rows write them, and what people call it."""

    keys: tuple[str, ...]
    words: tuple[str, ...]


def groups(db: Connection, district: int, grain: Grain, *, on: date) -> tuple[Group, ...]:
    """The groups of a grain in the order a page shows them, as the district stood on a day."""
    lists = [_of(db, district, grain, key, on) for key in grain.keys]
    if not lists:
        return (Group((), ()),)
    if len(lists) == 1:
        return tuple(Group((key,), (words,)) for key, words in lists[0].items())
    first, second = lists
    pairs = [(one, other) for one in first for other in second]
    if grain.name in ("school_grade", "school_course"):
        there = _offered if grain.name == "school_grade" else _held
        known = there(db, district, on)
        pairs = [pair for pair in pairs if pair in known]
    return tuple(Group(pair, (first[pair[0]], second[pair[1]])) for pair in pairs)


def _of(db: Connection, district: int, grain: Grain, key: str, on: date) -> dict[str, str]:
    match key, grain.slice:
        case "school", _:
            rows = db.execute(
                select(Institution.institution_id, Institution.name)
                .where(Institution.district_id == district, Institution.kind == "school")
                .order_by(Institution.name, Institution.institution_id)
            )
            return {str(row.institution_id): row.name for row in rows}
        case "grade", _:
            levels = sorted({int(grade) for _, grade in _offered(db, district, on)})
            return {str(level): grade_words(level) for level in levels}
        case "slice", "course":
            rows = db.execute(
                select(Course.course_id, Course.title)
                .where(Course.course_id.in_(_taught(district, on)))
                .order_by(Course.title, Course.code)
            )
            return {str(row.course_id): row.title for row in rows}
        case "slice", "subject":
            found = db.scalars(
                select(Course.subject).where(Course.course_id.in_(_taught(district, on))).distinct()
            )
            return {subject: subject for subject in sorted(found)}
        case "slice", "bloom":
            return {level: level for level in BLOOM.enums}
        case "slice", "term":
            terms = db.execute(
                select(AcademicTerm.term_id, AcademicTerm.name)
                .where(AcademicTerm.district_id == district)
                .order_by(AcademicTerm.starts_on)
            )
            return {str(row.term_id): row.name for row in terms}
        case _:
            return {value: value.replace("_", " ") for value in TRAITS[key]}


def grade_words(level: int) -> str:
    """What a grade is called.

    >>> grade_words(7), grade_words(0), grade_words(-1)
    ('grade 7', 'kindergarten', 'no grade')
    """
    return {0: "kindergarten", -1: "no grade"}.get(level, f"grade {level}")


def _offered(db: Connection, district: int, on: date) -> set[tuple[str, str]]:
    """Which grades each school teaches, by its classes; NO_GRADE for a school without grades."""
    rows = db.execute(
        select(Class.school_id, Class.grade_level)
        .where(Class.district_id == district, Class.ends_on >= on, Class.grade_level.is_not(None))
        .distinct()
    )
    found = {(str(row.school_id), str(row.grade_level)) for row in rows}
    graded = {school for school, _ in found}
    schools = db.scalars(
        select(Institution.institution_id).where(
            Institution.district_id == district, Institution.kind == "school"
        )
    )
    return found | {(str(one), NO_GRADE) for one in schools if str(one) not in graded}


def _held(db: Connection, district: int, on: date) -> set[tuple[str, str]]:
    """Which courses each school teaches; one that learners go elsewhere for has their home too."""
    rows = db.execute(
        select(Class.school_id, Class.course_id)
        .where(Class.district_id == district, Class.ends_on >= on)
        .distinct()
    )
    return {(str(row.school_id), str(row.course_id)) for row in rows}


def _taught(district: int, on: date) -> Select[UUID]:
    return select(Class.course_id).where(Class.district_id == district, Class.ends_on >= on)
