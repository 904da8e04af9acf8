"""Groups of a class to teach together: who lacks the same, what to use, and who is ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, select

import privacy
from analytics.recommending import Activity, Group, Known, Worked, best, groups
from analytics.rules import CURRENT_WEEKS
from db import tables
from db.tables import (
    Class,
    Competency,
    ContentCompetency,
    Enrollment,
    Mastery,
    Module,
    Section,
    SectionEvidence,
)
from privacy import Viewer, people
from queries.rows import AnyRow
from queries.students.mastery import edges_into


@dataclass(frozen=True)
class Table:
    """A group: `learners` are (identifier, name, expected share right or None), by name.

    `code` and `title` say what to teach; for those ahead they are what the course teaches next.
    `worked` is how the section worked in other teachers' classes, or None where too few are known.
    """

    kind: str
    competency_id: UUID
    code: str
    title: str
    learners: tuple[tuple[UUID, str, float | None], ...]
    holds_up: tuple[str, ...]
    section: str
    minutes: float | None
    worked: Worked | None
    whole_class: bool


@dataclass(frozen=True)
class Grouping:
    """The groups of a class, the largest first; who is in the class, and how many in no group."""

    tables: tuple[Table, ...]
    learners: int
    in_none: int
    everybody: tuple[tuple[UUID, str], ...]  # identifier and name, by name


def groups_of(viewer: Viewer, *, class_id: UUID) -> Grouping:
    """The groups of one class, from the state as it stands."""
    with privacy.session(viewer) as db:
        taught = _taught(db, viewer, class_id)
        current = {row.competency_id for row in taught if row.current}
        learners = enrolled_in(db, viewer, class_id)
        known = _known(db, viewer, learners)
        edges = edges_into(db, current)
        edges += edges_into(db, {first for first, _ in edges})
        needs: dict[UUID, list[UUID]] = {}
        for first, then in dict.fromkeys(edges):
            needs.setdefault(then, []).append(first)
        found = groups(current, known, needs, notices=_notices(db, viewer, class_id))
        named = {one for group in found for one in (group.competency_id, *group.holds_up)}
        codes = _codes(db, named)
        activities, sections = _activities(db, viewer, class_id, taught, named)
        names = people.names(db, viewer, learners)
    tables_ = tuple(
        _table(group, known, codes, activities, sections, taught, names) for group in found
    )
    grouped = {one for group in found for one in group.learners}
    everybody = sorted(((one, name.sorting) for one, name in names.items()), key=lambda one: one[1])
    return Grouping(tables_, len(learners), len(set(learners) - grouped), tuple(everybody))


def _table(
    group: Group,
    known: Mapping[UUID, Mapping[UUID, Known]],
    codes: Mapping[UUID, tuple[str, str]],
    activities: Mapping[UUID, Sequence[Activity]],
    sections: Mapping[UUID, tuple[str, float | None]],
    taught: Sequence[AnyRow],
    names: Mapping[UUID, people.Name],
) -> Table:
    competency = group.competency_id
    section: tuple[str, float | None] = ("", None)
    worked = None
    if group.kind == "enrich":
        following = [row for row in taught if row.ahead]
        code, title = (following[0].code, following[0].title) if following else ("", "")
        chosen = None
        section = (
            (following[0].section, following[0].estimated_minutes) if following else ("", None)
        )
    else:
        code, title = codes[competency]
        chosen = best(activities.get(competency, ()))
        if chosen:
            section, worked = sections[chosen.section_id], chosen.worked
    members = [
        (
            one,
            names[one].sorting,
            known[one][competency].next_right if competency in known[one] else None,
        )
        for one in group.learners
        if one in names
    ]
    return Table(
        group.kind,
        competency,
        code,
        title,
        tuple(sorted(members, key=lambda member: member[1])),
        tuple(codes[one][0] for one in group.holds_up if one in codes),
        *section,
        worked,
        group.whole_class,
    )


def _taught(db: Connection, viewer: Viewer, class_id: UUID) -> list[AnyRow]:
    """What the class's course teaches, in order; whether it is current, or still ahead."""
    opens = Class.starts_on + 7 * Section.opens_week
    today = viewer.today
    return list(
        db.execute(
            select(
                ContentCompetency.competency_id,
                Competency.code,
                Competency.title,
                Section.section_id,
                Section.title.label("section"),
                Section.estimated_minutes,
                opens.between(today - timedelta(weeks=CURRENT_WEEKS), today).label("current"),
                (opens > today).label("ahead"),
            )
            .select_from(Class)
            .join(Section, Section.course_id == Class.course_id)
            .join(Module, Module.module_id == Section.module_id)
            .join(ContentCompetency, ContentCompetency.section_id == Section.section_id)
            .join(Competency, Competency.competency_id == ContentCompetency.competency_id)
            .where(Class.district_id == viewer.district_id, Class.class_id == class_id)
            .order_by(Module.position, Section.position, Competency.code)
        )
    )


def enrolled_in(db: Connection, viewer: Viewer, class_id: UUID) -> list[UUID]:
    """The learners of a class today."""
    return list(
        db.scalars(
            select(Enrollment.learner_id).where(
                Enrollment.district_id == viewer.district_id,
                Enrollment.class_id == class_id,
                Enrollment.enrolled_on <= viewer.today,
                (Enrollment.left_on.is_(None)) | (Enrollment.left_on > viewer.today),
            )
        )
    )


def _known(
    db: Connection, viewer: Viewer, learners: Sequence[UUID]
) -> dict[UUID, dict[UUID, Known]]:
    known: dict[UUID, dict[UUID, Known]] = {one: {} for one in learners}
    for learner, competency, label, next_right, evidence in db.execute(
        select(
            Mastery.learner_id,
            Mastery.competency_id,
            Mastery.label,
            Mastery.next_right,
            Mastery.evidence,
        ).where(Mastery.district_id == viewer.district_id, Mastery.learner_id.in_(learners))
    ):
        known[learner][competency] = Known(label, next_right, evidence)
    return known


def _notices(db: Connection, viewer: Viewer, class_id: UUID) -> list[UUID]:
    """Competencies that stand as the whole class's."""
    notice = tables.ClassNotice
    return list(
        db.scalars(
            select(notice.competency_id).where(
                notice.district_id == viewer.district_id,
                notice.class_id == class_id,
                notice.closed_on.is_(None),
            )
        )
    )


def _codes(db: Connection, competencies: set[UUID]) -> dict[UUID, tuple[str, str]]:
    rows = db.execute(
        select(Competency.competency_id, Competency.code, Competency.title).where(
            Competency.competency_id.in_(competencies)
        )
    )
    return {identifier: (code, title) for identifier, code, title in rows}


def _activities(
    db: Connection,
    viewer: Viewer,
    class_id: UUID,
    taught: Sequence[AnyRow],
    wanted: set[UUID],
) -> tuple[dict[UUID, list[Activity]], dict[UUID, tuple[str, float | None]]]:
    """Sections that teach what is wanted, in this course, with how they worked elsewhere."""
    worked = {
        section: Worked(learners, share, gained)
        for section, learners, share, gained in db.execute(
            select(
                SectionEvidence.section_id,
                SectionEvidence.learners,
                SectionEvidence.share,
                SectionEvidence.gained,
            ).where(
                SectionEvidence.district_id == viewer.district_id,
                SectionEvidence.class_id == class_id,
            )
        )
    }
    activities: dict[UUID, list[Activity]] = {}
    for row in taught:
        if row.competency_id in wanted:
            activities.setdefault(row.competency_id, []).append(
                Activity(
                    row.section_id,
                    row.competency_id,
                    "",
                    frozenset(),
                    worked.get(row.section_id),
                )
            )
    return activities, {row.section_id: (row.section, row.estimated_minutes) for row in taught}
