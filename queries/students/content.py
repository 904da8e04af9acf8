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
    AssessmentStatistics,
    Class,
    ItemStatistics,
    Module,
    Section,
    SectionState,
)
from privacy import Viewer
from queries.rows import AnyRow
from queries.students.classes import TaughtClass, least_group, taught_classes
from queries.students.items import ItemReport, PaperReport, papers, report
from queries.students.measured import SectionReport, measured_sections, ranked
from queries.students.own import SectionFigures

WEEKS_OPEN: Final = 3  # so long after a section opens, learners may well be in the middle of it


@dataclass(frozen=True)
class CourseReport:
    """A course: nothing in it is about fewer than k learners.

    `measured` is over the district, as the job left it, `worth` those of it worth fixing; the rest
    is over the teacher's own classes, `too_few` sections being begun by fewer than k of them.
    """

    classes: tuple[TaughtClass, ...]
    k: int
    measured: tuple[SectionReport, ...]
    worth: tuple[SectionReport, ...]
    sections: tuple[SectionFigures, ...]
    too_few: int
    items: tuple[ItemReport, ...]
    papers: tuple[PaperReport, ...]


def worth_fixing_first(viewer: Viewer, *, course_id: UUID) -> CourseReport:
    """Sections and questions of a course, those most worth fixing first."""
    with privacy.session(viewer) as db:
        classes = [c for c in taught_classes(db, viewer) if c.course_id == course_id]
        ids = [c.class_id for c in classes]
        k = least_group(db, viewer)
        measured = measured_sections(db, viewer, course=course_id, classes=ids, k=k)
        sections = _sections(db, viewer, ids)
        tests = _tests(db, viewer, ids)
        questions = _questions(db, viewer, course_id, ids, k)
    return CourseReport(
        tuple(classes),
        k,
        measured,
        ranked(measured),
        tuple(s for s in sections if s.started >= k),
        sum(0 < s.started < k for s in sections),
        report(tests, questions, k=k),
        papers(tests, questions, k=k),
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
    db: Connection, viewer: Viewer, course: UUID, classes: Sequence[UUID], k: int
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
            ItemStatistics.learners.label("all_learners"),
            ItemStatistics.difficulty,
            ItemStatistics.point_biserial,
            ItemStatistics.d_index,
            ItemStatistics.options.label("shares"),
            ItemStatistics.dif,
            AssessmentStatistics.learners.label("paper_learners"),
            AssessmentStatistics.alpha,
            AssessmentStatistics.alpha_low,
            AssessmentStatistics.alpha_high,
        )
        .join(
            Assessment,
            and_(
                Assessment.district_id == AssessmentItem.district_id,
                Assessment.assessment_id == AssessmentItem.assessment_id,
            ),
        )
        .outerjoin(
            ItemStatistics,
            and_(
                ItemStatistics.district_id == AssessmentItem.district_id,
                ItemStatistics.item_id == AssessmentItem.item_id,
                ItemStatistics.learners >= k,
            ),
        )
        .outerjoin(
            AssessmentStatistics,
            and_(
                AssessmentStatistics.district_id == AssessmentItem.district_id,
                AssessmentStatistics.assessment_id == AssessmentItem.assessment_id,
                AssessmentStatistics.learners >= k,
            ),
        )
        .where(
            AssessmentItem.district_id == viewer.district_id,
            AssessmentItem.assessment_id.in_(answered),
            Assessment.course_id == course,
        )
        .order_by(Assessment.title, AssessmentItem.position)
    ).all()
