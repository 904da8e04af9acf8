"""The chance that a learner fails or leaves a course, as the risk model last put it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, select
from sqlalchemy.dialects.postgresql import distinct_on

from analytics.rules import chance_words
from db.tables import Class, RiskModel, RiskScore, Watermark
from privacy import Viewer
from queries.rows import AnyRow

SCORES = "risk"  # the watermark of scoring


@dataclass(frozen=True)
class Chance:
    """A learner's chance in one class on a day, from 0 to 1, with its 90 % interval.

    `usual` is the share that fails or leaves of those who are still there on that day of the
    course; `why` are the model's own terms in words, `clears` what would lower the chance.
    """

    class_id: UUID
    class_title: str
    as_of: date
    value: float
    low: float
    high: float
    usual: float | None
    why: tuple[str, ...] = ()
    clears: str = ""
    model: str = ""

    @property
    def words(self) -> str:
        """One sentence with all four figures."""
        return chance_words(self.value, self.low, self.high, self.usual)


def latest_chances(
    db: Connection, viewer: Viewer, *, classes: Sequence[UUID]
) -> Mapping[UUID, Chance]:
    """Each learner's highest chance among these classes; empty before they were scored."""
    return _highest(db, viewer, RiskScore.class_id.in_(classes))


def chances_of_learners(
    db: Connection, viewer: Viewer, *, learners: Sequence[UUID]
) -> Mapping[UUID, Chance]:
    """The same over all classes of some learners that the viewer sees."""
    return _highest(db, viewer, RiskScore.learner_id.in_(learners))


def _highest(db: Connection, viewer: Viewer, which: ColumnElement[bool]) -> Mapping[UUID, Chance]:
    rows = db.execute(
        select(RiskScore.learner_id, *_FIGURES)
        .ext(distinct_on(RiskScore.learner_id))
        .where(
            RiskScore.district_id == viewer.district_id,
            which,
            RiskScore.as_of == _scored_on(viewer),
        )
        .order_by(RiskScore.learner_id, RiskScore.probability.desc())
    ).all()
    return {row.learner_id: _chance(row) for row in rows}


def chance_history(
    db: Connection, viewer: Viewer, learner: UUID, *, until: date
) -> tuple[Chance, ...]:
    """Every score of a learner, up to a day, that is kept in the viewer's scope, the newest first.

    Each was made from what was known on its day, by a model that knew nothing later.
    """
    rows = db.execute(
        select(
            *_FIGURES,
            Class.title,
            RiskScore.reasons,
            RiskScore.clears_when,
            RiskModel.kind,
        )
        .join(
            Class,
            and_(Class.district_id == RiskScore.district_id, Class.class_id == RiskScore.class_id),
        )
        .join(
            RiskModel,
            and_(
                RiskModel.district_id == RiskScore.district_id,
                RiskModel.model_version == RiskScore.model_version,
            ),
        )
        .where(
            RiskScore.district_id == viewer.district_id,
            RiskScore.learner_id == learner,
            RiskScore.as_of <= until,
        )
        .order_by(RiskScore.as_of.desc(), RiskScore.probability.desc(), Class.title)
    ).all()
    return tuple(
        replace(
            _chance(row),
            class_title=row.title,
            why=tuple(one["words"] for one in row.reasons),
            clears=row.clears_when[0]["words"] if row.clears_when else "",
            model=row.kind,
        )
        for row in rows
    )


def _chance(row: AnyRow) -> Chance:
    return Chance(row.class_id, "", row.as_of, row.probability, row.low, row.high, row.base_rate)


def _scored_on(viewer: Viewer) -> ColumnElement[date]:
    return (
        select(Watermark.as_of)
        .where(Watermark.district_id == viewer.district_id, Watermark.name == SCORES)
        .scalar_subquery()
    )


_FIGURES = (
    RiskScore.class_id,
    RiskScore.as_of,
    RiskScore.probability,
    RiskScore.low,
    RiskScore.high,
    RiskScore.base_rate,
)
