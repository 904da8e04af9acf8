"""Whether a course teaches and asks about the standards on its own list."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, and_, func, select, tuple_

import privacy
from analytics.content.alignment import LEAST_QUESTIONS, coverage
from db.tables import (
    Assessment,
    AssessmentItem,
    Class,
    Competency,
    ContentCompetency,
    Course,
    ItemCompetency,
    Section,
)
from privacy import Viewer
from queries.rows import AnyRow
from queries.students.classes import taught_classes


@dataclass(frozen=True)
class StandardReport:
    """A standard: on the course's own list or not, taught in so many sections, asked about in so
    many questions this term."""

    code: str
    title: str
    listed: bool
    sections: int
    questions: int

    @property
    def said(self) -> str:
        """What is to be said of it."""
        match self.listed, self.sections, self.questions:
            case False, _, _:
                return "not on the list"
            case True, 0, 0:
                return "neither taught nor asked about"
            case True, 0, _:
                return "asked about, not taught"
            case True, _, asked if asked < LEAST_QUESTIONS:
                return "taught, hardly asked about"
            case _:
                return "covered"


def standards_of(viewer: Viewer, *, course_id: UUID) -> tuple[StandardReport, ...]:
    """The course's own list (the standards in its objectives, or else its grade's in the
    frameworks it teaches), then what it teaches besides."""
    with privacy.session(viewer) as db:
        ids = [c.class_id for c in taught_classes(db, viewer) if c.course_id == course_id]
        taught = _taught(db, course_id)
        asked = _asked(db, viewer, course_id, ids)
        listed = _listed(db, course_id, taught)
    known = {row.competency_id: row for row in (*listed, *taught)}
    sections = {row.competency_id: row.sections for row in taught}
    own = {row.competency_id for row in listed}
    order = [*(row.competency_id for row in listed), *(one for one in sections if one not in own)]
    return tuple(
        StandardReport(
            known[one.standard].code,
            known[one.standard].title,
            one.standard in own,
            one.sections,
            one.questions,
        )
        for one in coverage(order, sections, asked)
    )


def _taught(db: Connection, course: UUID) -> Sequence[AnyRow]:
    return db.execute(
        select(
            Competency.competency_id,
            Competency.code,
            Competency.title,
            Competency.framework,
            Competency.subject,
            func.count().label("sections"),
        )
        .join(ContentCompetency, ContentCompetency.competency_id == Competency.competency_id)
        .join(Section, Section.section_id == ContentCompetency.section_id)
        .where(Section.course_id == course)
        .group_by(Competency.competency_id)
        .order_by(Competency.framework, Competency.code)
    ).all()


def _asked(
    db: Connection, viewer: Viewer, course: UUID, classes: Sequence[UUID]
) -> dict[UUID, int]:
    terms = select(Class.term_id).where(
        Class.district_id == viewer.district_id, Class.class_id.in_(classes)
    )
    rows = db.execute(
        select(ItemCompetency.competency_id, func.count())
        .join(
            AssessmentItem,
            and_(
                AssessmentItem.district_id == ItemCompetency.district_id,
                AssessmentItem.item_id == ItemCompetency.item_id,
            ),
        )
        .join(
            Assessment,
            and_(
                Assessment.district_id == AssessmentItem.district_id,
                Assessment.assessment_id == AssessmentItem.assessment_id,
            ),
        )
        .where(
            ItemCompetency.district_id == viewer.district_id,
            Assessment.course_id == course,
            Assessment.term_id.in_(terms),
        )
        .group_by(ItemCompetency.competency_id)
    ).all()
    return dict(rows)


def _listed(db: Connection, course: UUID, taught: Sequence[AnyRow]) -> Sequence[AnyRow]:
    """The course's own list."""
    own = db.execute(
        select(Course.grade_level, Course.learning_objectives).where(Course.course_id == course)
    ).one()
    codes = [one for one in own.learning_objectives if isinstance(one, str)]
    kin = sorted({(row.framework, row.subject) for row in taught})
    wanted = (
        Competency.code.in_(codes)
        if codes
        else and_(
            tuple_(Competency.framework, Competency.subject).in_(kin),
            Competency.grade_level == own.grade_level,
        )
    )
    return db.execute(
        select(Competency.competency_id, Competency.code, Competency.title)
        .where(wanted)
        .order_by(Competency.framework, Competency.code)
    ).all()
