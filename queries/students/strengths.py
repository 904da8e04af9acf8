"""What a learner can do, strengths first, and what holds up the rest."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from analytics.mastery import DEVELOPING, MASTERED, NOT_ENOUGH, STRUGGLING
from analytics.order import blocker
from db.tables import Competency, CompetencyEdge, Mastery
from privacy import Viewer

_RANK: Final = {MASTERED: 0, DEVELOPING: 1, STRUGGLING: 2, NOT_ENOUGH: 3}


@dataclass(frozen=True)
class Standing:
    """A learner's mastery of one competency; shares from 0 to 1."""

    competency_id: UUID
    code: str
    title: str
    label: str
    value: float
    low: float
    high: float
    answers: int
    level: str
    blocked_by: str
    last_answer_at: datetime | None
    mastered_at: datetime | None = None
    minutes: float | None = None  # spent on answers until mastery, where all times are known


def strengths_first(db: Connection, viewer: Viewer, learner: UUID) -> tuple[Standing, ...]:
    """Mastered, developing, struggling, then what nobody can say yet; the surest first."""
    rows = db.execute(
        select(
            Mastery.competency_id,
            Competency.code,
            Competency.title,
            Mastery.label,
            Mastery.next_right,
            Mastery.low,
            Mastery.high,
            Mastery.evidence,
            Mastery.bloom_level,
            Mastery.last_answer_at,
            Mastery.mastered_at,
            Mastery.minutes_to_mastery,
        )
        .join(Competency, Competency.competency_id == Mastery.competency_id)
        .where(Mastery.district_id == viewer.district_id, Mastery.learner_id == learner)
    ).all()
    labels = {row.competency_id: row.label for row in rows}
    codes = {row.competency_id: row.code for row in rows}
    before: dict[UUID, list[UUID]] = {}
    for first, then in db.execute(
        select(CompetencyEdge.prerequisite_id, CompetencyEdge.competency_id).where(
            CompetencyEdge.competency_id.in_(list(labels)),
            CompetencyEdge.prerequisite_id.in_(list(labels)),
        )
    ):
        before.setdefault(then, []).append(first)
    standings = []
    for row in rows:
        by = None if row.label == MASTERED else blocker(row.competency_id, before, labels)
        standings.append(
            Standing(
                row.competency_id,
                row.code,
                row.title,
                row.label,
                row.next_right,
                row.low,
                row.high,
                row.evidence,
                row.bloom_level or "",
                codes[by] if by else "",
                row.last_answer_at,
                row.mastered_at,
                row.minutes_to_mastery,
            )
        )
    return tuple(sorted(standings, key=lambda s: (_RANK[s.label], -s.value, s.code)))
