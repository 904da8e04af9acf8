"""Writes the organisation: district, school, terms, classes, assessments and staff."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from db.oulad.catalogue import course_id
from db.oulad.report import LoadError, StaffMember
from db.oulad.source import Source
from db.oulad.words import ASSESSMENTS
from db.oulad.writing import made, upsert
from db.tables import Institution

SOURCE = "OULAD"
SCHOOL = "Open University"
ROSTER_FROM = date(2000, 1, 1)  # staff are on the roster before any presentation starts
PASS_PERCENT = 40  # the Open University's pass mark
ABOUT = {
    "data": "Open University Learning Analytics Dataset (OULAD), CC BY 4.0, "
    "Kuzilek, Hlosta and Zdrahal 2017, doi:10.1038/sdata.2017.171",
    "names": "invented: the dataset has none",
}


@dataclass(frozen=True)
class Ids:
    """The identifiers under which a district's own things are written."""

    district: int

    def of(self, *parts: object) -> UUID:
        return made(self.district, *parts)

    @property
    def institution(self) -> UUID:
        return self.of("district")

    @property
    def school(self) -> UUID:
        return self.of("school")

    def tutor(self, course: str) -> UUID:
        return self.of("staff", "tutor", course)

    @property
    def counselor(self) -> UUID:
        return self.of("staff", "counselor")


def district(connection: Connection, name: str) -> Ids:
    """The district of that name, made with its school if it does not exist."""
    connection.execute(text("LOCK TABLE chalkline.institutions IN SHARE ROW EXCLUSIVE MODE"))
    found = connection.execute(
        select(Institution.district_id, Institution.source_id).where(
            Institution.kind == "district", Institution.name == name
        )
    ).all()
    for number, source in found:
        if source == SOURCE:
            return Ids(number)
    if found:
        raise LoadError(
            f"'{name}' is the name of a district that was not loaded from OULAD. "
            "Load OULAD into a district of another name."
        )
    highest = connection.scalar(select(func.max(Institution.district_id)))
    ids = Ids((highest or 0) + 1)
    columns = (
        "district_id",
        "institution_id",
        "kind",
        "parent_id",
        "name",
        "type",
        "timezone",
        "settings",
        "source_id",
    )
    upsert(
        connection,
        "institutions",
        columns,
        [
            (
                ids.district,
                identifier,
                kind,
                parent,
                called,
                "university",
                "Europe/London",
                about,
                SOURCE,
            )
            for identifier, kind, parent, called, about in (
                (ids.institution, "district", None, name, json.dumps(ABOUT)),
                (ids.school, "school", ids.institution, SCHOOL, "{}"),
            )
        ],
        keys=("district_id", "institution_id"),
    )
    return ids


def classes(connection: Connection, ids: Ids, source: Source) -> tuple[int, int]:
    """Terms, classes and assessments; returns how many (classes, assessments) changed."""
    starts = {one.code: one.starts_on for one in source.presentations}
    upsert(
        connection,
        "academic_terms",
        ("district_id", "term_id", "code", "name", "school_year", "starts_on", "ends_on"),
        (
            (
                ids.district,
                ids.of("term", code),
                code,
                f"{start:%B %Y}",
                source.term_ends[code].year,
                start,
                source.term_ends[code],
            )
            for code, start in starts.items()
        ),
        keys=("district_id", "term_id"),
    )
    changed_classes = upsert(
        connection,
        "classes",
        (
            "district_id",
            "class_id",
            "school_id",
            "course_id",
            "term_id",
            "title",
            "starts_on",
            "ends_on",
            "source_id",
        ),
        (
            (
                ids.district,
                ids.of("class", one.key),
                ids.school,
                course_id(one.course),
                ids.of("term", one.code),
                f"{one.course} {one.code}",
                one.starts_on,
                one.ends_on,
                one.key,
            )
            for one in source.presentations
        ),
        keys=("district_id", "class_id"),
    )
    return changed_classes, _assessments(connection, ids, source)


def _assessments(connection: Connection, ids: Ids, source: Source) -> int:
    changed = upsert(
        connection,
        "assessments",
        (
            "district_id",
            "assessment_id",
            "course_id",
            "term_id",
            "title",
            "type",
            "format",
            "passing_percent",
            "weight",
            "source_id",
        ),
        (
            (
                ids.district,
                ids.of("assessment", one.number),
                course_id(one.presentation.split("/")[0]),
                ids.of("term", one.presentation.split("/")[1]),
                one.title,
                "summative" if one.weight else "formative",
                ASSESSMENTS[one.kind][1],
                PASS_PERCENT,
                one.weight,
                str(one.number),
            )
            for one in source.assessments
        ),
        keys=("district_id", "assessment_id"),
    )
    upsert(
        connection,
        "class_assessments",
        ("district_id", "class_id", "assessment_id", "due_on"),
        (
            (
                ids.district,
                ids.of("class", one.presentation),
                ids.of("assessment", one.number),
                one.due_on,
            )
            for one in source.assessments
        ),
        keys=("district_id", "class_id", "assessment_id"),
    )
    return changed


def staff_of(ids: Ids, courses: Sequence[str]) -> tuple[StaffMember, ...]:
    """A tutor a course, one counselor, one administrator."""
    return (
        *(
            StaffMember(
                ids.tutor(course), f"{course} course tutor", "teacher", f"tutor.{course.lower()}"
            )
            for course in courses
        ),
        StaffMember(ids.counselor, "Student support counselor", "counselor", "support"),
        StaffMember(ids.of("staff", "administrator"), "Registrar", "administrator", "registrar"),
    )


def staff(connection: Connection, ids: Ids, source: Source) -> None:
    """Puts the staff on the roster, and each tutor in charge of her course's classes."""
    people = staff_of(ids, source.courses)
    upsert(
        connection,
        "staff",
        ("district_id", "staff_id", "display_name", "source_id"),
        ((ids.district, one.staff_id, one.display_name, one.sign_in_name) for one in people),
        keys=("district_id", "staff_id"),
    )
    upsert(
        connection,
        "staff_roles",
        ("district_id", "staff_id", "role", "school_id", "starts_on"),
        (
            (
                ids.district,
                one.staff_id,
                one.role,
                ids.institution if one.role == "administrator" else ids.school,
                ROSTER_FROM,
            )
            for one in people
        ),
        keys=("district_id", "staff_id", "role", "school_id", "starts_on"),
    )
    upsert(
        connection,
        "class_staff",
        ("district_id", "class_id", "staff_id", "starts_on"),
        (
            (ids.district, ids.of("class", one.key), ids.tutor(one.course), one.starts_on)
            for one in source.presentations
        ),
        keys=("district_id", "class_id", "staff_id", "starts_on"),
    )
