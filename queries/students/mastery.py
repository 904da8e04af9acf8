"""Who of a class has mastered what, the competencies in the order in which they are learned."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import pandas as pd
from sqlalchemy import Connection, func, select

import privacy
from analytics.mastery import MASTERED, NOT_ENOUGH
from analytics.order import blocker, learning_order
from db.tables import (
    Class,
    Competency,
    CompetencyEdge,
    ContentCompetency,
    Mastery,
    Module,
    Section,
)
from privacy import Viewer, people
from queries.rows import AnyRow
from queries.students.classes import enrolled_today

MOST_BLOCKED: Final = 0.5  # from this share of a class on, a prerequisite holds up the class

_CELL: Final = ("learner", "competency", "value", "low", "high", "label", "count")

Edges = Sequence[tuple[UUID, UUID]]


@dataclass(frozen=True)
class Taught:
    """A competency as the class's course teaches it; `held_up_by` is a prerequisite's code."""

    competency_id: UUID
    code: str
    title: str
    level: str
    unit: int
    unit_title: str
    held_up_by: str = ""


@dataclass(frozen=True)
class MasteryMap:
    """Learners by name, competencies in learning order, and one row for each estimate.

    `cells` has learner, competency (identifiers), value, low, high (0 to 1), label, count,
    enough and blocked_by (the code of the prerequisite to work on first, or None).
    """

    learners: tuple[tuple[UUID, str], ...]
    competencies: tuple[Taught, ...]
    cells: pd.DataFrame


def mastery_map(viewer: Viewer, *, class_id: UUID) -> MasteryMap:
    """The whole map of a class; without competencies in its course the map has no columns."""
    with privacy.session(viewer) as db:
        taught = _taught(db, viewer, class_id)
        edges = edges_into(db, [t.competency_id for t in taught])
        codes = _codes(db, taught, edges)
        learners, rows = _estimates(db, viewer, class_id, list(codes))
        names = people.names(db, viewer, learners)
    cells = _cells(rows, edges, codes)
    held_up = _held_up(cells, len(learners))
    by_id = {
        t.competency_id: replace(t, held_up_by=held_up.get(t.competency_id, "")) for t in taught
    }
    return MasteryMap(
        tuple(sorted(((one, names[one].sorting) for one in learners), key=lambda pair: pair[1])),
        tuple(by_id[one] for one in learning_order(list(by_id), edges)),
        cells[cells["competency"].isin(by_id)].reset_index(drop=True),
    )


def _taught(db: Connection, viewer: Viewer, class_id: UUID) -> list[Taught]:
    """What the class's course teaches, each competency where it is taught first."""
    rows = db.execute(
        select(
            Competency.competency_id,
            Competency.code,
            Competency.title,
            func.coalesce(Competency.bloom_level, Module.bloom_level),
            Module.position,
            Module.title,
        )
        .select_from(Class)
        .join(Section, Section.course_id == Class.course_id)
        .join(Module, Module.module_id == Section.module_id)
        .join(ContentCompetency, ContentCompetency.section_id == Section.section_id)
        .join(Competency, Competency.competency_id == ContentCompetency.competency_id)
        .where(Class.district_id == viewer.district_id, Class.class_id == class_id)
        .order_by(Module.position, Section.position, Competency.code)
    ).all()
    first: dict[UUID, Taught] = {}
    for identifier, code, title, level, unit, unit_title in rows:
        first.setdefault(identifier, Taught(identifier, code, title, level or "", unit, unit_title))
    return list(first.values())


def edges_into(db: Connection, competencies: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """(prerequisite, what needs it), for what is directly needed by these competencies."""
    rows = db.execute(
        select(CompetencyEdge.prerequisite_id, CompetencyEdge.competency_id).where(
            CompetencyEdge.competency_id.in_(list(competencies))
        )
    ).all()
    return [(first, then) for first, then in rows]


def _estimates(
    db: Connection, viewer: Viewer, class_id: UUID, competencies: Sequence[UUID]
) -> tuple[list[UUID], Sequence[AnyRow]]:
    """The class's learners of today, and their estimates."""
    learners = enrolled_today(db, viewer, class_id)
    rows = db.execute(
        select(
            Mastery.learner_id,
            Mastery.competency_id,
            Mastery.next_right,
            Mastery.low,
            Mastery.high,
            Mastery.label,
            Mastery.evidence,
        ).where(
            Mastery.district_id == viewer.district_id,
            Mastery.learner_id.in_(learners),
            Mastery.competency_id.in_(competencies),
        )
    ).all()
    return list(learners), rows


def _codes(db: Connection, taught: Sequence[Taught], edges: Edges) -> dict[UUID, str]:
    """Codes of the competencies taught here and of their prerequisites from elsewhere."""
    here = {t.competency_id: t.code for t in taught}
    elsewhere = {first for first, _ in edges} - here.keys()
    if not elsewhere:
        return here
    rows = db.execute(
        select(Competency.competency_id, Competency.code).where(
            Competency.competency_id.in_(elsewhere)
        )
    )
    return here | dict(rows.all())


def _cells(rows: Sequence[AnyRow], edges: Edges, codes: Mapping[UUID, str]) -> pd.DataFrame:
    before: dict[UUID, list[UUID]] = {}
    for first, then in edges:
        before.setdefault(then, []).append(first)
    labels: dict[UUID, dict[UUID, str]] = {}
    for row in rows:
        labels.setdefault(row.learner_id, {})[row.competency_id] = row.label
    blocked = []
    for row in rows:
        by = None
        if row.label != MASTERED and row.competency_id in before:
            by = blocker(row.competency_id, before, labels[row.learner_id])
        blocked.append(codes[by] if by else None)
    cells = pd.DataFrame([tuple(row) for row in rows], columns=list(_CELL))
    cells["enough"] = cells["label"] != NOT_ENOUGH
    cells["blocked_by"] = pd.Series(blocked, dtype=object, index=cells.index)
    return cells


def _held_up(cells: pd.DataFrame, learners: int) -> dict[UUID, str]:
    """Competencies for which one prerequisite blocks at least half of the class."""
    blocked = cells.dropna(subset=["blocked_by"])
    counts = Counter(zip(blocked["competency"], blocked["blocked_by"], strict=True))
    return {
        competency: code
        for (competency, code), count in counts.items()
        if count >= MOST_BLOCKED * learners
    }
