"""Writes the work that is set: papers with their items, and the day each class must hand in."""

from uuid import UUID

import numpy as np
import orjson

from db.copying import copy_rows
from db.demo.arrays import as_uuid
from db.demo.catalogue import competencies, courses, fixed_id
from db.demo.papers import Items, Paper
from db.demo.skills import Taught
from db.demo.target import Counts, Target, class_ids, item_ids, paper_ids, section_id, term_id
from db.demo.writing import binary

_TYPES = {"diagnostic": "diagnostic", "quiz": "formative", "test": "summative"}
_LETTERS = "ABCD"


def write_papers(to: Target, taught: Taught, competency_ids: dict[str, UUID]) -> Counts:
    """Writes one course's work: the papers, their items, and the days they are due by class."""
    connection, district, space, people = to.connection, to.district, to.space, to.people
    code, items, papers = taught.course.code, taught.papers.items, taught.papers.papers
    own_ids = paper_ids(space, code, len(papers))
    asked_ids = item_ids(space, code, len(items.code))
    copy_rows(
        connection, "assessments",
        ["district_id", "assessment_id", "course_id", "term_id", "section_id", "title", "type",
         "format", "total_points", "passing_percent", "weight", "time_limit_minutes", "source_id"],
        [(district, as_uuid(own_ids[number]), fixed_id("course", code), term_id(space),
          None if paper.section is None else section_id(code, paper.section), paper.title,
          _TYPES.get(paper.kind, "formative"), paper.format, _points(paper), 60, paper.weight,
          None if paper.kind == "homework" else 45, f"demo/{code}/{number}")
         for number, paper in enumerate(papers)],
    )  # fmt: skip
    bloom = {code: competency.bloom for code, competency in competencies().items()}
    rows = []
    for number, paper in enumerate(papers):
        for place, item in enumerate(range(paper.items.start, paper.items.stop), start=1):
            rows.append(
                (district, as_uuid(asked_ids[item]), as_uuid(own_ids[number]), place,
                 items.question[item].stem, "multiple_choice", _options(items, item),
                 _LETTERS[items.key[item]], bloom[items.code[item]])
            )  # fmt: skip
    copy_rows(
        connection, "assessment_items",
        ["district_id", "item_id", "assessment_id", "position", "stem", "kind", "options",
         "answer_key", "bloom_level"], rows,
    )  # fmt: skip
    copy_rows(
        connection, "item_competencies", ["district_id", "item_id", "competency_id"],
        [(district, as_uuid(asked_ids[item]), competency_ids[items.code[item]])
         for item in range(len(items.code))],
    )  # fmt: skip
    own = np.flatnonzero(people.classes.course == courses().index(taught.course))
    due = taught.papers.due(people.year, own % 2)
    opens = np.maximum(due - np.timedelta64(7, "D"), np.datetime64(people.year.starts_on))
    of, which = np.divmod(np.arange(due.size), len(own))
    set_ = binary.write(
        connection, district, "class_assessments",
        {
            "class_id": binary.uuids(class_ids(space, people)[own[which]]),
            "assessment_id": binary.uuids(own_ids[of]),
            "opens_on": binary.days(opens.ravel()),
            "due_on": binary.days(due.ravel()),
        },
    )  # fmt: skip
    return {
        "assessments": len(papers), "assessment_items": len(rows),
        "item_competencies": len(rows), "class_assessments": set_,
    }  # fmt: skip


def _points(paper: Paper) -> int:
    return paper.items.stop - paper.items.start or 20


def _options(items: Items, item: int) -> str:
    """The four answers as JSON: the right one where `right` says, mistakes after it in order."""
    asked, right = items.question[item], int(items.right[item])
    options = [{"key": _LETTERS[right], "text": asked.right, "misconception": None}]
    options += [
        {"key": _LETTERS[(right + 1 + place) % 4], "text": o.text, "misconception": o.misconception}
        for place, o in enumerate(asked.wrong)
    ]
    return orjson.dumps(sorted(options, key=lambda option: option["key"] or "")).decode()
