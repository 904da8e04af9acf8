"""Writes the district's frame: the shared catalogue, institutions, staff, classes, papers."""

from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import Connection, text

from db.copying import copy_rows
from db.demo import binary
from db.demo.arrays import Bytes, as_uuid, identifiers
from db.demo.catalogue import SUBJECTS, competencies, courses, fixed_id, prerequisites
from db.demo.papers import Paper
from db.demo.roster import Roster
from db.demo.skills import Taught
from db.demo.staff import DISTRICT, StaffMember, school_name
from db.demo.terms import TIMEZONE

Counts = dict[str, int]
_TYPES = {"diagnostic": "diagnostic", "quiz": "formative", "test": "summative"}
_LETTERS = "ABCD"


def write_catalogue(connection: Connection) -> dict[str, UUID]:
    """Adds what is missing of the shared catalogue; returns the competencies' identifiers.

    They are read back, since another loader may have brought the same standards.
    """
    known = competencies()
    copy_rows(
        connection,
        "competencies",
        ["competency_id", "framework", "code", "title", "subject", "domain", "grade_level",
         "bloom_level"],
        [
            (fixed_id("competency", c.framework, c.code), c.framework, c.code, c.title, c.subject,
             c.domain, c.grade, c.bloom)
            for c in known.values()
        ],
    )  # fmt: skip
    found = {
        (framework, code): identifier
        for framework, code, identifier in connection.execute(
            text("SELECT framework, code, competency_id FROM chalkline.competencies")
        )
    }
    ids = {code: found[c.framework, code] for code, c in known.items()}
    copy_rows(
        connection,
        "competency_edges",
        ["prerequisite_id", "competency_id"],
        [(ids[first], ids[code]) for code, before in prerequisites().items() for first in before],
    )
    _write_courses(connection, ids)
    return ids


def _write_courses(connection: Connection, ids: dict[str, UUID]) -> None:
    course_rows, module_rows, section_rows, taught = [], [], [], []
    for course in courses():
        own = fixed_id("course", course.code)
        hours = sum(section.minutes for section in course.sections) / 60
        course_rows.append(
            (own, course.code, course.title, SUBJECTS[course.subject], course.grade, hours)
        )
        for number, unit in enumerate(course.units):
            minutes = sum(s.minutes for s in course.sections if s.unit == number)
            module = fixed_id("module", course.code, number)
            module_rows.append((module, own, number + 1, unit.title, unit.bloom, minutes, 0.6))
        for number, section in enumerate(course.sections):
            identifier = section_id(course.code, number)
            module = fixed_id("module", course.code, section.unit)
            section_rows.append(
                (identifier, module, own, section.position, section.title, section.form,
                 section.minutes, section.opens_week)
            )  # fmt: skip
            taught += [(identifier, ids[code]) for code in section.codes]
    copy_rows(
        connection, "courses",
        ["course_id", "code", "title", "subject", "grade_level", "estimated_hours"], course_rows,
    )  # fmt: skip
    copy_rows(
        connection, "modules",
        ["module_id", "course_id", "position", "title", "bloom_level", "estimated_minutes",
         "minimum_passing_score"], module_rows,
    )  # fmt: skip
    copy_rows(
        connection, "sections",
        ["section_id", "module_id", "course_id", "position", "title", "content_type",
         "estimated_minutes", "opens_week"], section_rows,
    )  # fmt: skip
    copy_rows(connection, "content_competencies", ["section_id", "competency_id"], taught)


def section_id(course: str, number: int) -> UUID:
    """The identifier of a section of the catalogue."""
    return fixed_id("section", course, number)


def write_organisation(
    connection: Connection, district: int, space: str, people: Roster, everybody: list[StaffMember]
) -> Counts:
    """Writes the district, its schools, the school year, staff, roles and classes."""
    year, classes = people.year, people.classes
    places = institution_ids(space, people.schools)
    rows = [(district, places[0], "district", None, DISTRICT, TIMEZONE, True)]
    rows += [
        (district, places[1 + number], "school", places[0], school_name(number), TIMEZONE, True)
        for number in range(people.schools)
    ]
    copy_rows(
        connection, "institutions",
        ["district_id", "institution_id", "kind", "parent_id", "name", "timezone", "generated"],
        rows,
    )  # fmt: skip
    term = term_id(space)
    name = f"School year {year.starts_on.year}–{year.school_year % 100:02d}"
    if year.starts_on.year == year.school_year:
        name = f"School year {year.school_year}"
    copy_rows(
        connection, "academic_terms",
        ["district_id", "term_id", "code", "name", "school_year", "starts_on", "ends_on"],
        [(district, term, "year", name, year.school_year, year.starts_on, year.ends_on)],
    )  # fmt: skip
    copy_rows(
        connection, "staff", ["district_id", "staff_id", "display_name", "email", "source_id"],
        [(district, s.staff_id, s.display_name, s.email, f"demo/staff/{number}")
         for number, s in enumerate(everybody)],
    )  # fmt: skip
    copy_rows(
        connection, "staff_roles", ["district_id", "staff_id", "role", "school_id", "starts_on"],
        [(district, s.staff_id, s.role, places[0 if s.school is None else 1 + s.school],
          year.starts_on) for s in everybody],
    )  # fmt: skip
    ids = class_ids(space, people)
    titles = []
    for number in range(len(classes)):
        course, period = courses()[classes.course[number]], int(classes.period[number]) + 1
        alone = number == len(classes) - 2
        titles.append(f"{course.title}, {'independent study' if alone else f'period {period}'}")
    copy_rows(
        connection, "classes",
        ["district_id", "class_id", "school_id", "course_id", "term_id", "title", "period",
         "grade_level", "starts_on", "ends_on", "source_id"],
        [(district, as_uuid(ids[number]), places[1 + int(classes.school[number])],
          fixed_id("course", courses()[classes.course[number]].code), term, titles[number],
          str(int(classes.period[number]) + 1), courses()[classes.course[number]].grade,
          year.starts_on, year.ends_on, f"demo/class/{number}") for number in range(len(classes))],
    )  # fmt: skip
    duties = [
        (district, as_uuid(ids[number]), s.staff_id, duty, year.starts_on)
        for s in everybody
        for duty, numbers in (("lead", s.leads), ("co_teacher", s.assists))
        for number in numbers
    ]
    columns = ["district_id", "class_id", "staff_id", "duty", "starts_on"]
    copy_rows(connection, "class_staff", columns, duties)
    return {
        "institutions": len(rows), "academic_terms": 1, "staff": len(everybody),
        "staff_roles": len(everybody), "classes": len(classes), "class_staff": len(duties),
    }  # fmt: skip


def write_papers(
    connection: Connection,
    district: int,
    space: str,
    people: Roster,
    taught: Taught,
    competency_ids: dict[str, UUID],
) -> Counts:
    """Writes one course's work: the papers, their items, and the days they are due by class."""
    code, items, papers = taught.course.code, taught.papers.items, taught.papers.papers
    paper_ids = identifiers(space, f"paper/{code}", np.arange(len(papers)))
    item_ids_ = item_ids(space, code, len(items.code))
    copy_rows(
        connection, "assessments",
        ["district_id", "assessment_id", "course_id", "term_id", "section_id", "title", "type",
         "format", "total_points", "passing_percent", "weight", "time_limit_minutes", "source_id"],
        [(district, as_uuid(paper_ids[number]), fixed_id("course", code), term_id(space),
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
                (district, as_uuid(item_ids_[item]), as_uuid(paper_ids[number]), place,
                 items.question[item].stem, "multiple_choice", _options(taught, item),
                 _LETTERS[items.key[item]], bloom[items.code[item]])
            )  # fmt: skip
    copy_rows(
        connection, "assessment_items",
        ["district_id", "item_id", "assessment_id", "position", "stem", "kind", "options",
         "answer_key", "bloom_level"], rows,
    )  # fmt: skip
    copy_rows(
        connection, "item_competencies", ["district_id", "item_id", "competency_id"],
        [(district, as_uuid(item_ids_[item]), competency_ids[items.code[item]])
         for item in range(len(items.code))],
    )  # fmt: skip
    own = np.flatnonzero(people.classes.course == courses().index(taught.course))
    due = taught.papers.due(people.year, own % 2)
    opens = np.maximum(due - np.timedelta64(7, "D"), np.datetime64(people.year.starts_on))
    paper, place = np.divmod(np.arange(due.size), len(own))
    set_ = binary.write(
        connection, district, "class_assessments",
        {
            "class_id": binary.uuids(class_ids(space, people)[own[place]]),
            "assessment_id": binary.uuids(paper_ids[paper]),
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


def _options(taught: Taught, item: int) -> str:
    """The four answers as JSON: the right one where `right` says, mistakes after it in order."""
    asked, right = taught.papers.items.question[item], int(taught.papers.items.right[item])
    options = [{"key": _LETTERS[right], "text": asked.right, "misconception": None}]
    options += [
        {"key": _LETTERS[(right + 1 + place) % 4], "text": o.text, "misconception": o.misconception}
        for place, o in enumerate(asked.wrong)
    ]
    return orjson.dumps(sorted(options, key=lambda option: option["key"] or "")).decode()


def institution_ids(space: str, schools: int) -> list[UUID]:
    """The district's own, then the schools'."""
    return [as_uuid(row) for row in identifiers(space, "institution", np.arange(schools + 1))]


def term_id(space: str) -> UUID:
    """The identifier of the school year."""
    return as_uuid(identifiers(space, "term", np.arange(1))[0])


def class_ids(space: str, people: Roster) -> Bytes:
    """The identifiers of all classes."""
    return identifiers(space, "class", np.arange(len(people.classes)))


def item_ids(space: str, course: str, count: int) -> Bytes:
    """The identifiers of a course's items."""
    return identifiers(space, f"item/{course}", np.arange(count))
