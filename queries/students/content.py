"""How well a course's sections and questions work in the teacher's own classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

import privacy
from db.tables import (
    Assessment,
    AssessmentItem,
    AssessmentState,
    Class,
    Module,
    Section,
    SectionState,
)
from privacy import Viewer
from queries.rows import AnyRow
from queries.students.classes import TaughtClass, least_group, taught_classes
from queries.students.items import ItemReport, report
from queries.students.worth import SectionFigures, Verdict, worth_fixing

WEEKS_OPEN: Final = 3  # so long after a section opens, learners may well be in the middle of it


@dataclass(frozen=True)
class CourseReport:
    """A course over the teacher's classes of it: nothing in it is about fewer than k learners."""

    classes: tuple[TaughtClass, ...]
    k: int
    sections: tuple[SectionFigures, ...]
    worth: tuple[Verdict, ...]
    too_few: int
    items: tuple[ItemReport, ...]


def worth_fixing_first(viewer: Viewer, *, course_id: UUID) -> CourseReport:
    """Sections and questions of a course, those most worth fixing first."""
    with privacy.session(viewer) as db:
        classes = [c for c in taught_classes(db, viewer) if c.course_id == course_id]
        ids = [c.class_id for c in classes]
        k = least_group(db, viewer)
        sections = _sections(db, viewer, ids)
        items = report(_tests(db, viewer, ids), _questions(db, viewer, course_id, ids), k=k)
    verdicts = worth_fixing(sections, k=k)
    return CourseReport(
        tuple(classes),
        k,
        tuple(s for s in sections if s.started >= k),
        tuple(verdicts),
        sum(0 < s.started < k for s in sections),
        items,
    )


def _sections(db: Connection, viewer: Viewer, classes: Sequence[UUID]) -> list[SectionFigures]:
    """Sums over the classes; the typical time is the classes' medians, weighted by learners."""
    timed = SectionState.timed * func.coalesce(SectionState.median_minutes, 0)
    rows: Sequence[AnyRow] = db.execute(
        select(
            Section.title,
            Module.position,
            Module.title,
            Section.position,
            Section.estimated_minutes,
            func.sum(SectionState.learners),
            func.sum(SectionState.started),
            func.sum(SectionState.completed),
            func.sum(SectionState.timed),
            func.sum(timed) / func.nullif(func.sum(SectionState.timed), 0),
            func.sum(SectionState.checked),
            func.sum(SectionState.sum_comprehension),
            func.sum(SectionState.sum_comprehension_squared),
            func.sum(SectionState.learners_helped),
            func.coalesce(
                func.bool_or(
                    Class.starts_on + 7 * (Section.opens_week + WEEKS_OPEN) > viewer.today
                ),
                False,
            ),
        )
        .join(
            Class,
            and_(
                Class.district_id == SectionState.district_id,
                Class.class_id == SectionState.class_id,
            ),
        )
        .join(Section, Section.section_id == SectionState.section_id)
        .join(Module, Module.module_id == Section.module_id)
        .where(SectionState.district_id == viewer.district_id, SectionState.class_id.in_(classes))
        .group_by(Section.section_id, Module.module_id)
        .order_by(Module.position, Section.position)
    ).all()
    return [SectionFigures(*row) for row in rows]


def _tests(db: Connection, viewer: Viewer, classes: Sequence[UUID]) -> Sequence[AnyRow]:
    return db.execute(
        select(
            AssessmentState.assessment_id,
            AssessmentState.complete,
            AssessmentState.sum_total,
            AssessmentState.sum_total_squared,
            AssessmentState.items,
            AssessmentState.item_n,
            AssessmentState.item_sum,
            AssessmentState.item_sum_squared,
            AssessmentState.item_sum_product,
            AssessmentState.item_upper,
            AssessmentState.item_upper_right,
            AssessmentState.item_lower,
            AssessmentState.item_lower_right,
            AssessmentState.item_options,
        ).where(
            AssessmentState.district_id == viewer.district_id,
            AssessmentState.class_id.in_(classes),
            AssessmentState.complete > 0,
        )
    ).all()


def _questions(
    db: Connection, viewer: Viewer, course: UUID, classes: Sequence[UUID]
) -> Sequence[AnyRow]:
    answered = select(AssessmentState.assessment_id).where(
        AssessmentState.district_id == viewer.district_id, AssessmentState.class_id.in_(classes)
    )
    return db.execute(
        select(
            AssessmentItem.item_id,
            AssessmentItem.assessment_id,
            AssessmentItem.position,
            AssessmentItem.stem,
            AssessmentItem.options,
            AssessmentItem.answer_key,
            Assessment.title,
        )
        .join(
            Assessment,
            and_(
                Assessment.district_id == AssessmentItem.district_id,
                Assessment.assessment_id == AssessmentItem.assessment_id,
            ),
        )
        .where(
            AssessmentItem.district_id == viewer.district_id,
            AssessmentItem.assessment_id.in_(answered),
            Assessment.course_id == course,
        )
        .order_by(Assessment.title, AssessmentItem.position)
    ).all()
