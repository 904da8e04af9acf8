"""Writes the shared catalogue: courses, modules, sections, competencies and what precedes what."""

from uuid import UUID

from sqlalchemy import Connection, text

from db.copying import copy_rows
from db.demo.catalogue import SUBJECTS, competencies, courses, fixed_id, prerequisites
from db.demo.target import section_id


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
