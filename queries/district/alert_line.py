"""The line from which flags are raised and the kind of model that scores, as somebody decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, and_, insert, select

import privacy
from analytics.alerts import LINES
from analytics.rules import LINE
from db.tables import RiskDecision, Staff
from privacy import NotAllowed, Viewer
from queries.trail import record

Kind = Literal["transparent", "boosted"]


@dataclass(frozen=True)
class Decision:
    """What holds now; `by` is empty while nobody has decided anything."""

    kind: Kind
    line: int  # percent
    by: str = ""
    at: datetime | None = None


def decide(viewer: Viewer, *, kind: Kind, line: int) -> None:
    """Decides from which chance (percent) flags are raised and which kind of model scores.

    Holds from the next scoring on, within seconds; stands in the audit trail.
    """
    if viewer.role != "administrator":
        raise NotAllowed(
            f"A {viewer.role} may not change when flags are raised. Ask an administrator."
        )
    if line not in LINES:
        raise ValueError(f"A line is one of {', '.join(map(str, LINES))} percent, not {line}.")
    with privacy.session(viewer) as db:
        before = decision_in_force(db, viewer)
        db.execute(
            insert(RiskDecision)
            .values(
                district_id=viewer.district_id,
                kind=kind,
                line=line / 100,
                decided_by=viewer.staff_id,
            )
            .inline()
        )
        record(
            db,
            viewer,
            "risk line decided",
            detail={
                "kind": kind, "line": line, "kind_before": before.kind, "line_before": before.line
            },
        )  # fmt: skip


def decision_in_force(db: Connection, viewer: Viewer) -> Decision:
    """The latest decision, or what is delivered where nobody has decided."""
    row = db.execute(
        select(RiskDecision.kind, RiskDecision.line, RiskDecision.decided_at, Staff.display_name)
        .join(
            Staff,
            and_(
                Staff.district_id == RiskDecision.district_id,
                Staff.staff_id == RiskDecision.decided_by,
            ),
        )
        .where(RiskDecision.district_id == viewer.district_id)
        .order_by(RiskDecision.decided_at.desc(), RiskDecision.decision_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return Decision("transparent", round(LINE * 100))
    kind: Kind = "boosted" if row.kind == "boosted" else "transparent"
    return Decision(kind, round(row.line * 100), row.display_name, row.decided_at)
