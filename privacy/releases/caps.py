"""The caps on the budget: one administrator proposes, a second one decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import insert, select, update
from sqlalchemy.orm import aliased

from db.tables import BudgetProposal, Staff
from privacy.metrics import latest_version, releaser_session
from privacy.releases import ledger
from privacy.releases.ledger import Budget, Refused
from privacy.session import NotAllowed, session
from privacy.viewer import Viewer

Decision = Literal["approved", "refused"]
SHORTEST_REASON = 10  # characters; the database says the same


@dataclass(frozen=True)
class Proposal:
    """Other caps for a school year: who proposed them, why, and what somebody else decided."""

    proposal_id: UUID
    school_year: int
    cap: Decimal
    each: Decimal
    reason: str
    proposed_by: str
    proposed_at: datetime
    mine: bool
    decision: str | None
    decided_by: str | None
    decided_at: datetime | None


def current(viewer: Viewer) -> Budget | None:
    """The budget of the school year of the latest week's data; None before there is data."""
    _administrator(viewer)
    with session(viewer) as db:
        week = latest_version(db, viewer.district_id)
        return ledger.budget(db, viewer.district_id, week.school_year) if week else None


def propose(viewer: Viewer, *, school_year: int, cap: Decimal, each: Decimal, reason: str) -> UUID:
    """Writes a proposal down; nothing changes before another administrator approves it."""
    _administrator(viewer)
    if not Decimal(0) < each <= cap:
        raise Refused("One release can not cost more than the whole year, nor nothing.")
    if len(reason.strip()) < SHORTEST_REASON:
        raise Refused("Say why in a sentence; whoever decides about it reads that.")
    proposal = uuid4()
    with session(viewer) as db:
        db.execute(
            insert(BudgetProposal)
            .values(
                district_id=viewer.district_id,
                proposal_id=proposal,
                school_year=school_year,
                rho_cap=cap,
                rho_each=each,
                reason=reason.strip()[:500],
                proposed_by=viewer.staff_id,
            )
            .inline()
        )
    return proposal


def decide(viewer: Viewer, proposal: UUID, decision: Decision, *, now: datetime) -> None:
    """A second administrator's word on a proposal; Refused for one's own or one decided already."""
    _administrator(viewer)
    with session(viewer) as db:
        row = db.execute(
            select(BudgetProposal.proposed_by, BudgetProposal.school_year).where(
                BudgetProposal.district_id == viewer.district_id,
                BudgetProposal.proposal_id == proposal,
                BudgetProposal.decision.is_(None),
            )
        ).one_or_none()
        if row is None:
            raise Refused("This proposal was decided already, or there is none.")
        if row.proposed_by == viewer.staff_id:
            raise Refused(
                "You proposed this yourself; another administrator has to decide about it."
            )
        db.execute(
            update(BudgetProposal)
            .where(
                BudgetProposal.district_id == viewer.district_id,
                BudgetProposal.proposal_id == proposal,
                BudgetProposal.decision.is_(None),
            )
            .values(decision=decision, decided_by=viewer.staff_id, decided_at=now)
        )
    if decision == "approved":
        with releaser_session(viewer) as db:
            ledger.locked(db, viewer.district_id, row.school_year, ledger.database_name(db))


def proposals(viewer: Viewer) -> Sequence[Proposal]:
    """All proposals of the district, the latest first."""
    _administrator(viewer)
    first, second = aliased(Staff), aliased(Staff)
    with session(viewer) as db:
        rows = db.execute(
            select(
                BudgetProposal.proposal_id,
                BudgetProposal.school_year,
                BudgetProposal.rho_cap,
                BudgetProposal.rho_each,
                BudgetProposal.reason,
                first.display_name.label("proposer"),
                BudgetProposal.proposed_at,
                (BudgetProposal.proposed_by == viewer.staff_id).label("mine"),
                BudgetProposal.decision,
                second.display_name.label("decider"),
                BudgetProposal.decided_at,
            )
            .join(
                first,
                (first.district_id == BudgetProposal.district_id)
                & (first.staff_id == BudgetProposal.proposed_by),
            )
            .outerjoin(
                second,
                (second.district_id == BudgetProposal.district_id)
                & (second.staff_id == BudgetProposal.decided_by),
            )
            .where(BudgetProposal.district_id == viewer.district_id)
            .order_by(BudgetProposal.proposed_at.desc())
        ).all()
    return [Proposal(*row) for row in rows]


def _administrator(viewer: Viewer) -> None:
    if viewer.role != "administrator":
        raise NotAllowed("The privacy budget is the administrators'. Ask yours.")
