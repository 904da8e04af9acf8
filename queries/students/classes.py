"""The classes a teacher teaches today: the scope and the picker of all her pages."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

import privacy
from db.tables import Class, ClassStaff, Course, Enrollment, Institution
from privacy import Viewer


@dataclass(frozen=True)
class TaughtClass:
    """A class as its teacher would name it; `label` is unlike that of her other classes."""

    class_id: UUID
    course_id: UUID
    label: str
    course: str


def my_classes(viewer: Viewer) -> list[TaughtClass]:
    """The teacher's running classes, by title."""
    with privacy.session(viewer) as db:
        return taught_classes(db, viewer)


def taught_classes(db: Connection, viewer: Viewer) -> list[TaughtClass]:
    """The same, within a transaction that asks for more."""
    today = viewer.today
    rows = db.execute(
        select(Class.class_id, Class.course_id, Class.title, Class.period, Course.title)
        .distinct()
        .join(
            ClassStaff,
            (ClassStaff.district_id == Class.district_id) & (ClassStaff.class_id == Class.class_id),
        )
        .join(Course, Course.course_id == Class.course_id)
        .where(
            ClassStaff.district_id == viewer.district_id,
            ClassStaff.staff_id == viewer.staff_id,
            ClassStaff.starts_on <= today,
            ClassStaff.ends_on.is_(None) | (ClassStaff.ends_on >= today),
            Class.starts_on <= today,
            Class.ends_on >= today,
        )
        .order_by(Class.title, Class.period, Class.class_id)
    ).all()
    titles = Counter(title for _, _, title, _, _ in rows)
    used: Counter[str] = Counter()
    classes = []
    for class_id, course_id, title, period, course in rows:
        label = title if titles[title] == 1 or not period else f"{title}, {period}"
        used[label] += 1
        if used[label] > 1:
            label = f"{label} ({used[label]})"
        classes.append(TaughtClass(class_id, course_id, label, course))
    return classes


def enrolled_today(db: Connection, viewer: Viewer, class_id: UUID) -> Sequence[UUID]:
    """The learners who are in a class today, of those that the viewer sees."""
    return db.scalars(
        select(Enrollment.learner_id).where(
            Enrollment.district_id == viewer.district_id,
            Enrollment.class_id == class_id,
            Enrollment.enrolled_on <= viewer.today,
            (Enrollment.left_on.is_(None)) | (Enrollment.left_on > viewer.today),
        )
    ).all()


def least_group(db: Connection, viewer: Viewer) -> int:
    """k: the district says nothing about fewer learners than this."""
    return db.scalars(
        select(Institution.least_group).where(
            Institution.district_id == viewer.district_id, Institution.kind == "district"
        )
    ).one()
