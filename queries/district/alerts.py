"""How well flags do, for whom they err, and the decisions an administrator takes about them.

Reads only figures that the measuring job has already withheld where they tell of few; no query
here touches a learner.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

import privacy
from analytics.alerts import Cell, Tally
from db.tables import AlertGroup, AlertLine, AlertQuality, Institution, RiskModel
from privacy import NotAllowed, Viewer
from queries.district.alert_line import Decision, Kind, decision_in_force

READERS: Final = ("administrator", "counselor")


@dataclass(frozen=True)
class Alert:
    """How an alert fared; None where too few are concerned to tell, or it was not looked at.

    `tally` counts enrolments of classes that have ended; `raised` and `acted_on` flags of the last
    year; `known` of these flags have an outcome by now, and `known_right` failed or left.
    """

    name: str
    tally: Tally | None
    lead_days: float | None
    raised: int | None = None
    acted_on: int | None = None
    known: int | None = None
    known_right: int | None = None


@dataclass(frozen=True)
class Line:
    """What flagging from a line on would have meant, and would mean today."""

    percent: int
    tally: Tally | None
    lead_days: float | None
    flags_a_week: float | None  # per teacher
    busiest_week: int | None
    now_scored: int
    now_flagged: int
    now_false: float
    now_teachers: int


@dataclass(frozen=True)
class Group:
    """A group's learners by outcome and flag; None where that is withheld."""

    alert: str
    attribute: str
    value: str
    cell: Cell | None


@dataclass(frozen=True)
class Model:
    """A stored model; `last_term`: how it foretold a term it had not seen, by day of the class."""

    kind: Kind
    trained_from: date
    trained_to: date
    in_use: bool
    last_term: Mapping[str, Mapping[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Quality:
    """Everything the page on alert quality shows."""

    decision: Decision
    window: tuple[date, date] | None
    replayed: tuple[Alert, ...]
    raised: tuple[Alert, ...]
    lines: Mapping[Kind, tuple[Line, ...]]
    groups: tuple[Group, ...]
    models: tuple[Model, ...]
    k: int
    measured_at: datetime | None  # by the district's clock

    def line(self, kind: Kind, percent: int) -> Line | None:
        """The figures of one line."""
        return next((one for one in self.lines.get(kind, ()) if one.percent == percent), None)


def alert_quality(viewer: Viewer) -> Quality:
    """The figures of the viewer's district. Raises NotAllowed for other roles."""
    if viewer.role not in READERS:
        raise NotAllowed(
            f"A {viewer.role} may not open 'Alert quality'. Ask an administrator or a counselor."
        )
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(AlertQuality)
            .where(AlertQuality.district_id == viewer.district_id)
            .order_by(AlertQuality.alert)
        ).all()
        replayed = [row for row in rows if row.basis == "replayed"]
        raised = [row for row in rows if row.basis == "raised"]
        window = (replayed[0].window_from, replayed[0].window_to) if replayed else None
        lines = _lines(db, viewer)
        own = db.execute(
            select(Institution.least_group, Institution.timezone).where(
                Institution.district_id == viewer.district_id, Institution.kind == "district"
            )
        ).one()
        measured = db.scalar(
            select(AlertLine.measured_at)
            .where(AlertLine.district_id == viewer.district_id)
            .order_by(AlertLine.measured_at.desc())
            .limit(1)
        )
        return Quality(
            decision=decision_in_force(db, viewer),
            window=window,
            replayed=tuple(Alert(row.alert, _tally(row), row.lead_days) for row in replayed),
            raised=tuple(
                Alert(
                    row.alert, None, row.lead_days, row.raised, row.acted_on, row.flagged,
                    row.flagged_right,
                )
                for row in raised
            ),
            lines=lines,
            groups=_groups(db, viewer),
            models=_models(db, viewer),
            k=own.least_group,
            measured_at=measured.astimezone(ZoneInfo(own.timezone)) if measured else None,
        )  # fmt: skip


def _lines(db: Connection, viewer: Viewer) -> dict[Kind, tuple[Line, ...]]:
    rows = db.execute(
        select(AlertLine)
        .where(AlertLine.district_id == viewer.district_id)
        .order_by(AlertLine.kind, AlertLine.line)
    ).all()
    found: dict[Kind, tuple[Line, ...]] = {}
    for row in rows:
        kind: Kind = "boosted" if row.kind == "boosted" else "transparent"
        a_week = row.flagged / row.teacher_weeks if row.teacher_weeks else None
        one = Line(
            row.line, _tally(row), row.lead_days, a_week, row.busiest_week, row.now_scored,
            row.now_flagged, row.now_false, row.now_teachers,
        )  # fmt: skip
        found[kind] = (*found.get(kind, ()), one)
    return found


def _groups(db: Connection, viewer: Viewer) -> tuple[Group, ...]:
    rows = db.execute(
        select(AlertGroup)
        .where(AlertGroup.district_id == viewer.district_id)
        .order_by(AlertGroup.attribute, AlertGroup.alert, AlertGroup.group_value)
    ).all()
    return tuple(
        Group(
            row.alert, row.attribute, row.group_value,
            Cell(row.passed, row.passed_flagged, row.failed, row.failed_flagged)
            if row.shown else None,
        )
        for row in rows
    )  # fmt: skip


def _models(db: Connection, viewer: Viewer) -> tuple[Model, ...]:
    """The models of the latest training."""
    rows = db.execute(
        select(
            RiskModel.kind,
            RiskModel.trained_from,
            RiskModel.trained_to,
            RiskModel.in_use,
            RiskModel.metrics,
        )
        .where(RiskModel.district_id == viewer.district_id, RiskModel.trained_to.is_not(None))
        .order_by(RiskModel.trained_to.desc(), RiskModel.created_at.desc(), RiskModel.kind.desc())
        .limit(2)
    ).all()
    return tuple(
        Model(
            "boosted" if row.kind == "boosted" else "transparent",
            row.trained_from,
            row.trained_to,
            row.in_use,
            row.metrics.get("last_term", {}),
        )
        for row in rows
    )


def _tally(row: Any) -> Tally | None:
    counts = (row.learners, row.went_wrong, row.flagged, row.flagged_right)
    return None if any(count is None for count in counts) else Tally(*counts)
