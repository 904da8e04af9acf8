"""Requests about a learner's record: registered, verified, approved, answered by a deadline."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

import privacy
from db.locks import Work, alone
from db.tables import (
    Backup,
    Correction,
    ErasureRequest,
    Learner,
    LearnerPii,
    LegalHold,
    SealedExport,
    Staff,
)
from privacy import NotAllowed, Viewer, copies, door, people
from privacy.consent import Law, answer_days, check_giver
from privacy.rotation import ROTATE_AFTER
from privacy.usage import used_for
from queries.records.files import CLOSED, birth_date
from queries.trail import record

Kind = Literal["access", "erasure", "correction"]
CHECKS: Final = (
    "known to the school in person",
    "identity document shown",
    "signed request matches the file",
    "called back on the number in the file",
)
GONE: Final = "This request was answered before, or is not yours to change. Reload the page."


@dataclass(frozen=True)
class Request:
    """An open request; `name` is None when the learner is gone already."""

    request_id: UUID
    kind: str
    law: str
    learner_id: UUID | None
    name: str | None
    requested_by: str
    received_on: date
    due_on: date
    registered_by: UUID | None
    registered_by_name: str | None
    verified_at: datetime | None
    identity_check: str | None
    approved_by: UUID | None
    approved_by_name: str | None
    keep_history: bool
    held: bool
    copy: UUID | None
    accepted: bool  # a correction that the job is about to carry out

    @property
    def step(self) -> str:
        """What it waits for."""
        if self.verified_at is None:
            return "verify"
        match self.kind:
            case "access":
                return "hand over" if self.copy else "copy"
            case "erasure":
                return "approve" if self.approved_by is None else "held" if self.held else "erase"
            case _:
                return "correcting" if self.accepted else "correct"


@dataclass(frozen=True)
class InBackups:
    """What backups still hold: the newest one, and by when its keys are destroyed at the latest."""

    newest: datetime | None
    key_made: date
    key_destroyed_by: date


def open_requests(viewer: Viewer) -> list[Request]:
    """All that wait, the nearest deadline first."""
    with privacy.session(viewer) as db:
        return _requests(db, viewer)


def register(
    viewer: Viewer,
    *,
    learner_id: UUID,
    kind: Kind,
    law: Law,
    requested_by: str,
    received_on: date,
    keep_history: bool = False,
) -> date:
    """Adds a request and returns its deadline. ConsentError when another holds the rights."""
    if received_on > viewer.today:
        raise NotAllowed("A request can not have arrived in the future. Correct the day.")
    due = received_on + timedelta(days=answer_days(law))
    with privacy.session(viewer) as db:
        alone(db, Work.ERASING, viewer.district_id)  # who asks to see a record keeps it till then
        row = db.execute(
            select(Learner.anonymous_id, LearnerPii.birth_date)
            .join(
                LearnerPii,
                (LearnerPii.district_id == Learner.district_id)
                & (LearnerPii.learner_id == Learner.learner_id),
            )
            .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner_id)
        ).one_or_none()
        if row is None:
            raise NotAllowed(CLOSED)
        born = birth_date(db, viewer, learner_id, row.birth_date)
        check_giver(law, requested_by, born, viewer.today)
        request = uuid4()
        db.execute(
            insert(ErasureRequest)
            .values(
                district_id=viewer.district_id,
                request_id=request,
                kind=kind,
                anonymous_id=row.anonymous_id,
                learner_id=learner_id,
                requested_by=requested_by,
                received_on=received_on,
                due_on=due,
                law=law,
                registered_by=viewer.staff_id,
                keep_history=keep_history,
            )
            .inline()
        )
        _note(db, viewer, "registered request", request, learner_id)
    return due


def verify(viewer: Viewer, *, request: Request, check: str, now: datetime) -> None:
    """Says how it was made sure who asks. From here on the request is worked on."""
    if check not in CHECKS:
        raise NotAllowed(f"Say how you made sure: {', '.join(CHECKS)}.")
    _change(
        viewer,
        request,
        "verified request",
        [ErasureRequest.verified_at.is_(None)],
        verified_at=now,
        verified_by=viewer.staff_id,
        identity_check=check,
    )


def approve(viewer: Viewer, *, request: Request) -> None:
    """A second person's yes to an erasure; the job carries it out within a minute or two."""
    if request.registered_by == viewer.staff_id:
        raise NotAllowed(
            "You registered this request yourself. Erasing needs a second person: ask a colleague "
            "of the records office to approve it."
        )
    _change(
        viewer,
        request,
        "approved erasure",
        [ErasureRequest.verified_at.is_not(None), ErasureRequest.approved_by.is_(None)],
        approved_by=viewer.staff_id,
    )


def close(viewer: Viewer, *, request: Request, outcome: str, now: datetime) -> None:
    """Ends a request that a person answered: handed over, corrected elsewhere, or refused."""
    with privacy.session(viewer) as db:
        still_open(db, viewer, request)
        accepted = select(Correction.correction_id).where(
            Correction.district_id == viewer.district_id,
            Correction.request_id == request.request_id,
            Correction.outcome == "accepted",
        )
        if db.scalar(accepted) is not None:
            raise NotAllowed(
                "A correction was accepted and is made within minutes; that ends the request."
            )
        free = [ErasureRequest.approved_by.is_(None)]
        changed(db, viewer, request, "closed request", free, done_at=now, outcome=outcome)


def still_open(db: Connection, viewer: Viewer, request: Request) -> None:
    """Keeps the request as it is for this transaction; NotAllowed when it is open no more."""
    row = db.scalar(
        select(ErasureRequest.request_id)
        .where(
            ErasureRequest.district_id == viewer.district_id,
            ErasureRequest.request_id == request.request_id,
            ErasureRequest.done_at.is_(None),
        )
        .with_for_update()
    )
    if row is None:
        raise NotAllowed(GONE)


def copy_of(viewer: Viewer, *, request: Request) -> dict[str, Any]:
    """The copy made for a request for access, opened; taking it is noted."""
    with privacy.session(viewer) as db, used_for("records office: copy of a record"):
        row = db.execute(
            select(SealedExport.export_id, SealedExport.learner_id, SealedExport.content).where(
                SealedExport.district_id == viewer.district_id,
                SealedExport.export_id == request.copy,
            )
        ).one_or_none()
        if row is None:
            raise NotAllowed("There is no copy any more: it was deleted after 30 days. Ask again.")
        found = copies.opened(
            db,
            door().keystore,
            viewer.district_id,
            row.learner_id,
            export=row.export_id,
            content=row.content,
        )
        _note(db, viewer, "took copy of a record", request.request_id, row.learner_id)
    return found


def in_backups(viewer: Viewer) -> InBackups:
    """What a backup still holds of somebody who is erased today, and until when."""
    with privacy.session(viewer) as db:
        newest = db.scalar(select(func.max(Backup.started_at)).where(Backup.kind == "base"))
    made = door().keystore.current().created_at.date()
    return InBackups(newest, made, made + ROTATE_AFTER)


def _requests(db: Connection, viewer: Viewer) -> list[Request]:
    registrar, approver = aliased(Staff), aliased(Staff)
    held = (
        select(func.count())
        .where(
            LegalHold.district_id == ErasureRequest.district_id,
            LegalHold.lifted_at.is_(None),
            or_(LegalHold.learner_id == ErasureRequest.learner_id, LegalHold.learner_id.is_(None)),
        )
        .scalar_subquery()
    )
    made = (
        select(SealedExport.export_id)
        .where(
            SealedExport.district_id == ErasureRequest.district_id,
            SealedExport.request_id == ErasureRequest.request_id,
        )
        .limit(1)
        .scalar_subquery()
    )
    accepted = exists().where(
        Correction.district_id == ErasureRequest.district_id,
        Correction.request_id == ErasureRequest.request_id,
    )
    rows = db.execute(
        select(
            ErasureRequest,
            registrar.display_name.label("registrar"),
            approver.display_name.label("approver"),
            held.label("holds"),
            made.label("copy"),
            accepted.label("accepted"),
        )
        .outerjoin(
            registrar,
            (registrar.district_id == ErasureRequest.district_id)
            & (registrar.staff_id == ErasureRequest.registered_by),
        )
        .outerjoin(
            approver,
            (approver.district_id == ErasureRequest.district_id)
            & (approver.staff_id == ErasureRequest.approved_by),
        )
        .where(ErasureRequest.district_id == viewer.district_id, ErasureRequest.done_at.is_(None))
        .order_by(ErasureRequest.due_on, ErasureRequest.request_id)
    ).all()
    with used_for("records office"):
        names = people.names(db, viewer, [row.learner_id for row in rows if row.learner_id])
    return [
        Request(
            request_id=row.request_id,
            kind=row.kind,
            law=row.law,
            learner_id=row.learner_id,
            name=str(names[row.learner_id]) if row.learner_id in names else None,
            requested_by=row.requested_by,
            received_on=row.received_on,
            due_on=row.due_on,
            registered_by=row.registered_by,
            registered_by_name=row.registrar,
            verified_at=row.verified_at,
            identity_check=row.identity_check,
            approved_by=row.approved_by,
            approved_by_name=row.approver,
            keep_history=row.keep_history,
            held=bool(row.holds),
            copy=row.copy,
            accepted=row.accepted,
        )
        for row in rows
    ]


def _change(viewer: Viewer, request: Request, action: str, where: list[Any], **values: Any) -> None:
    with privacy.session(viewer) as db:
        changed(db, viewer, request, action, where, **values)


def changed(
    db: Connection, viewer: Viewer, request: Request, action: str, where: list[Any], **values: Any
) -> None:
    """Changes an open request and notes it. NotAllowed when it is open no more, or not so."""
    # First, while her row can still be seen: with the request closed, it may not be.
    _note(db, viewer, action, request.request_id, request.learner_id)
    done = db.execute(
        update(ErasureRequest)
        .where(
            ErasureRequest.district_id == viewer.district_id,
            ErasureRequest.request_id == request.request_id,
            ErasureRequest.done_at.is_(None),
            *where,
        )
        .values(**values)
    ).rowcount
    if not done:
        raise NotAllowed(GONE)


def _note(db: Connection, viewer: Viewer, action: str, request: UUID, learner: UUID | None) -> None:
    record(db, viewer, action, learner=learner, detail={"request": str(request)})
