"""Writes the district itself: institutions, the school year, staff and their roles, classes."""

from uuid import UUID

from db.copying import copy_rows
from db.demo.arrays import as_uuid
from db.demo.catalogue import courses, fixed_id
from db.demo.staff import DISTRICT, StaffMember, school_name
from db.demo.target import Counts, Target, class_ids, institution_ids, term_id
from db.demo.terms import TIMEZONE, Year


def _year_name(year: Year) -> str:
    """As the school writes it."""
    if year.starts_on.year == year.school_year:
        return f"School year {year.school_year}"
    return f"School year {year.starts_on.year}–{year.school_year % 100:02d}"


def write_organisation(to: Target, everybody: list[StaffMember]) -> Counts:
    """Writes the district, its schools, the school year, staff, roles and classes."""
    connection, district, space, people = to.connection, to.district, to.space, to.people
    year, classes = people.year, people.classes
    places = institution_ids(space, people.schools)
    rows: list[tuple[int, UUID, str, UUID | None, str, str, bool]] = [
        (district, places[0], "district", None, DISTRICT, TIMEZONE, True)
    ]
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
    copy_rows(
        connection, "academic_terms",
        ["district_id", "term_id", "code", "name", "school_year", "starts_on", "ends_on"],
        [(district, term, "year", _year_name(year), year.school_year, year.starts_on,
          year.ends_on)],
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
