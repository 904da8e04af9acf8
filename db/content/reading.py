"""Reads one course of one term, over all its classes, as arrays for `analytics.content`.

Sections, questions and competencies are numbered from 0 in the order of the lists here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics.content.lessons import Answers, Ints, Lessons, Taught
from db.arrays import read
from db.content.people import Course, People

EPOCH: Final = "2000-01-01"  # day 0


@dataclass(frozen=True)
class Question:
    """A question as it was set."""

    item_id: UUID
    assessment_id: UUID
    options: tuple[Mapping[str, Any], ...]
    key: str


@dataclass(frozen=True)
class Section:
    """A section as it was planned."""

    section_id: UUID
    planned: float | None
    competencies: tuple[UUID, ...]


@dataclass(frozen=True)
class Content:
    """What a course teaches and asks."""

    sections: list[Section]
    questions: list[Question]
    listed: frozenset[UUID]
    taught: Taught

    @cached_property
    def papers(self) -> dict[UUID, list[int]]:
        """The numbers of each assessment's questions."""
        found: dict[UUID, list[int]] = {}
        for number, question in enumerate(self.questions):
            found.setdefault(question.assessment_id, []).append(number)
        return found


@dataclass(frozen=True)
class Given:
    """Answers in order of time, with the option chosen (-1: none of those offered)."""

    answers: Answers
    option: Ints


def content(connection: Connection, given: Mapping[str, Any], course: Course) -> Content:
    """What the course teaches and asks. Its own list of standards is that in its objectives, or
    else all standards of the frameworks it teaches, of its subject and grade."""
    where = {**given, "course": course.course_id, "term": course.term_id}
    sections = [
        Section(row.section_id, row.estimated_minutes, tuple(row.competencies))
        for row in connection.execute(text(_SECTIONS), where)
    ]
    rows = connection.execute(text(_QUESTIONS), where).all()
    asked = [tuple(row.competencies) for row in rows]
    listed = connection.scalars(text(_LISTED), where).all()
    number: dict[UUID, int] = {}
    for one in (c for part in (*(s.competencies for s in sections), *asked) for c in part):
        number.setdefault(one, len(number))
    edges = connection.execute(text(_EDGES), {"competencies": list(number)}).all()
    return Content(
        sections,
        [Question(r.item_id, r.assessment_id, tuple(r.options), r.answer_key or "") for r in rows],
        frozenset(listed),
        Taught(
            len(sections),
            _pairs((s, number[c]) for s, one in enumerate(sections) for c in one.competencies),
            _pairs((q, number[c]) for q, codes in enumerate(asked) for c in codes),
            _pairs((number[first], number[then]) for first, then in edges),
        ),
    )


def _pairs(rows: Any) -> NDArray[np.int64]:
    return np.array(list(rows), np.int64).reshape(-1, 2)


def answers(
    connection: Connection, given: Mapping[str, Any], who: People, asked: Sequence[Question]
) -> Given:
    """Every answer known by the day."""
    found = read(
        connection,
        _ANSWERS,
        {
            **given,
            "learners": who.learners,
            "classes": who.classes,
            "items": [one.item_id for one in asked],
        },
        (("learner", "int"), ("item", "int"), ("day", "int"), ("credit", "real"), ("option", "int"),
         ("second", "real")),
    )  # fmt: skip
    order = np.argsort(found["second"], kind="stable")
    return Given(
        Answers(
            *(found[name][order] for name in ("learner", "item", "day", "credit")),
        ),
        found["option"][order],
    )


def lessons(
    connection: Connection, given: Mapping[str, Any], who: People, taught: Sequence[Section]
) -> Lessons:
    """Every section opened by the day, with what was known of it then."""
    found = read(
        connection,
        _LESSONS,
        {
            **given,
            "learners": who.learners,
            "classes": who.classes,
            "sections": [one.section_id for one in taught],
        },
        (("learner", "int"), ("section", "int"), ("opened", "int"), ("completed", "int"),
         ("minutes", "real"), ("understood", "real"), ("helped", "int")),
    )  # fmt: skip
    return Lessons(
        found["learner"],
        found["section"],
        found["opened"],
        found["completed"].astype(bool),
        np.where(found["minutes"] < 0, np.nan, found["minutes"]),
        np.where(found["understood"] < 0, np.nan, found["understood"]),
        found["helped"].astype(bool),
    )


_SECTIONS = """
SELECT s.section_id, s.estimated_minutes,
       ARRAY(SELECT c.competency_id FROM chalkline.content_competencies c
             WHERE c.section_id = s.section_id ORDER BY 1) AS competencies
FROM chalkline.sections s JOIN chalkline.modules m USING (module_id)
WHERE s.course_id = :course ORDER BY m.position, s.position
"""
_QUESTIONS = """
SELECT i.item_id, i.assessment_id, i.options, i.answer_key,
       ARRAY(SELECT c.competency_id FROM chalkline.item_competencies c
             WHERE c.district_id = :district AND c.item_id = i.item_id ORDER BY 1) AS competencies
FROM chalkline.assessments a
JOIN chalkline.assessment_items i
  ON i.district_id = :district AND i.assessment_id = a.assessment_id
WHERE a.district_id = :district AND a.course_id = :course AND a.term_id = :term
ORDER BY a.assessment_id, i.position
"""
# The course's own list: the codes in its objectives, else its grade's standards.
_LISTED = """
WITH taught AS (
    SELECT DISTINCT k.framework, k.subject FROM chalkline.sections s
    JOIN chalkline.content_competencies c USING (section_id)
    JOIN chalkline.competencies k USING (competency_id) WHERE s.course_id = :course)
SELECT k.competency_id FROM chalkline.courses o JOIN chalkline.competencies k ON
    CASE WHEN jsonb_array_length(o.learning_objectives) > 0 THEN o.learning_objectives ? k.code
         ELSE k.grade_level = o.grade_level
              AND (k.framework, k.subject) IN (SELECT framework, subject FROM taught) END
WHERE o.course_id = :course
"""
_EDGES = """
SELECT prerequisite_id, competency_id FROM chalkline.competency_edges
WHERE prerequisite_id = ANY (CAST(:competencies AS uuid[]))
  AND competency_id = ANY (CAST(:competencies AS uuid[])) ORDER BY 1, 2
"""
_WHO = """
who AS MATERIALIZED (
    SELECT class_id, learner_id, (n - 1)::integer AS n
    FROM unnest(CAST(:classes AS uuid[]), CAST(:learners AS uuid[])) WITH ORDINALITY
         AS p(class_id, learner_id, n))
"""
_ANSWERS = f"""
WITH {_WHO},
asked AS MATERIALIZED (
    SELECT i.item_id, (q.n - 1)::integer AS n,
           CASE WHEN i.kind = 'multiple_choice' THEN ARRAY(
               SELECT o.option ->> 'key' FROM jsonb_array_elements(i.options)
                    WITH ORDINALITY AS o(option, place) ORDER BY o.place) END AS keys
    FROM unnest(CAST(:items AS uuid[])) WITH ORDINALITY AS q(item_id, n)
    JOIN chalkline.assessment_items i
      ON i.district_id = :district AND i.item_id = q.item_id)
SELECT who.n AS learner, asked.n AS item,
       (r.answered_at AT TIME ZONE :tz)::date - DATE '{EPOCH}' AS day,
       r.credit::float8 AS credit, coalesce(array_position(asked.keys, r.answer) - 1, -1) AS option,
       extract(epoch FROM r.answered_at)::float8 AS second
FROM who
JOIN chalkline.item_responses r ON r.district_id = :district
 AND r.class_id = who.class_id AND r.learner_id = who.learner_id
JOIN asked ON asked.item_id = r.item_id
WHERE r.answered_at < :cut
"""
_LESSONS = f"""
WITH {_WHO},
taught AS MATERIALIZED (
    SELECT section_id, (n - 1)::integer AS n
    FROM unnest(CAST(:sections AS uuid[])) WITH ORDINALITY AS s(section_id, n))
SELECT who.n AS learner, taught.n AS section,
       (coalesce(p.first_opened_at, p.last_opened_at, p.completed_at) AT TIME ZONE :tz)::date
           - DATE '{EPOCH}' AS opened,
       (k.known AND p.status IN ('completed', 'mastered'))::integer AS completed,
       coalesce(CASE WHEN k.known THEN p.seconds_spent / 60.0 END, -1)::float8 AS minutes,
       coalesce(CASE WHEN k.known THEN p.comprehension END, -1)::float8 AS understood,
       (k.known AND p.help_requests > 0)::integer AS helped
FROM who
JOIN chalkline.section_progress p ON p.district_id = :district
 AND p.class_id = who.class_id AND p.learner_id = who.learner_id
JOIN taught ON taught.section_id = p.section_id
CROSS JOIN LATERAL (SELECT coalesce(
    greatest(p.last_opened_at, p.completed_at, p.first_opened_at) < :cut, true) AS known) k
WHERE p.status <> 'not_started'
  AND coalesce(p.first_opened_at, p.last_opened_at, p.completed_at) < :cut
"""
