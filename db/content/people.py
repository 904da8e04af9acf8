"""Reads who takes a course: over all its classes, with the groups that questions are compared in.

Learners are numbered from 0 in the order of the list here. One in two classes of a course counts
once, in the class she joined last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics.content.lessons import Bools, Ints

_UNSAID: Final = frozenset({"", "unknown", "not stated", "not disclosed", "other"})
_ANOTHER: Final = "another"


@dataclass(frozen=True)
class Course:
    """A course in a term, and the classes that take it."""

    course_id: UUID
    term_id: UUID
    classes: tuple[UUID, ...]


@dataclass(frozen=True)
class People:
    """The learners of a course: class, teacher, needs, and the groups questions are compared in.

    `groups` says by name who belongs to a group (1), to those it is compared with (0), or to
    neither (-1); `compared` names the attribute, the group, and those it is compared with.
    """

    learners: list[UUID]
    classes: list[UUID]
    group: Ints
    holder: Ints
    needs: Bools
    groups: dict[str, NDArray[np.int64]]
    compared: dict[str, tuple[str, str, str]]


def courses(connection: Connection, given: Mapping[str, Any]) -> list[Course]:
    """Every course and term of which a class has begun."""
    rows = connection.execute(text(_COURSES), given).all()
    return [Course(row.course_id, row.term_id, tuple(row.classes)) for row in rows]


def people(connection: Connection, given: Mapping[str, Any], course: Course) -> People:
    """The learners, in a fixed order; protected attributes are read here and go no further than
    the comparison of groups."""
    rows = connection.execute(text(_PEOPLE), {**given, "classes": list(course.classes)}).all()
    learners = [row.learner_id for row in rows]
    classes = [row.class_id for row in rows]
    found = connection.execute(text(_ATTRIBUTES), {**given, "learners": learners}).all()
    values: dict[str, list[str]] = {}
    place = {learner: number for number, learner in enumerate(learners)}
    for row in found:
        values.setdefault(row.attribute, [""] * len(learners))[place[row.learner_id]] = row.value
    groups = _by_value(values) | _by_language([row.home_language or "" for row in rows])
    return People(
        learners,
        classes,
        np.unique([str(one) for one in classes], return_inverse=True)[1].astype(np.int64),
        np.unique([str(row.holder) for row in rows], return_inverse=True)[1].astype(np.int64),
        np.array([row.needs for row in rows], bool),
        {" ".join(name): each for name, each in groups.items()},
        {" ".join(name): name for name in groups},
    )


Comparison = tuple[str, str, str]


def _by_value(values: Mapping[str, Sequence[str]]) -> dict[Comparison, NDArray[np.int64]]:
    """Each value of an attribute against its commonest one.

    >>> {k: v.tolist() for k, v in _by_value({"gender": ["f", "m", "m", "unknown"]}).items()}
    {('gender', 'f', 'm'): [1, 0, 0, -1]}
    """
    found = {}
    for attribute, each in sorted(values.items()):
        known = [value for value in each if value.lower() not in _UNSAID]
        usual = max(sorted(set(known)), key=known.count, default="")
        for value in sorted(set(known) - {usual}):
            found[attribute, value, usual] = np.array(
                [1 if one == value else 0 if one == usual else -1 for one in each], np.int64
            )
    return found


def _by_language(languages: Sequence[str]) -> dict[Comparison, NDArray[np.int64]]:
    """Those who speak another language at home against the commonest one."""
    known = [one for one in languages if one]
    if len(set(known)) < 2:
        return {}
    usual = max(sorted(set(known)), key=known.count)
    return {
        ("home_language", _ANOTHER, usual): np.array(
            [-1 if not one else int(one != usual) for one in languages], np.int64
        )
    }


_COURSES = """
SELECT course_id, term_id, array_agg(class_id ORDER BY class_id) AS classes
FROM chalkline.classes WHERE district_id = :district AND starts_on <= :as_of
GROUP BY course_id, term_id ORDER BY course_id, term_id
"""
_PEOPLE = """
SELECT DISTINCT ON (e.learner_id) e.learner_id, e.class_id,
       coalesce(s.staff_id, e.class_id) AS holder,
       cardinality(l.accessibility_needs) > 0 AS needs, l.home_language
FROM chalkline.enrollments e
JOIN chalkline.learners l ON l.district_id = :district AND l.learner_id = e.learner_id
LEFT JOIN LATERAL (
    SELECT t.staff_id FROM chalkline.class_staff t
    WHERE t.district_id = :district AND t.class_id = e.class_id
    ORDER BY t.duty = 'lead' DESC, t.starts_on DESC, t.staff_id LIMIT 1) s ON true
WHERE e.district_id = :district AND e.class_id = ANY (CAST(:classes AS uuid[]))
  AND e.enrolled_on <= :as_of
ORDER BY e.learner_id, e.enrolled_on DESC, e.class_id
"""
_ATTRIBUTES = """
SELECT learner_id, attribute, value FROM chalkline.protected_attributes
WHERE district_id = :district AND learner_id = ANY (CAST(:learners AS uuid[]))
  AND attribute <> 'learning_style'
"""
