"""Who looked at a learner's record, in words that a parent can read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import column, func, insert, select

import privacy
from db.tables import Disclosure, Staff
from privacy import NotAllowed, Viewer
from queries.records.files import file_of
from queries.rows import AnyRow
from queries.trail import record

_DID: Final = {
    "viewed learner": "looked at her record",
    "saw learners": "saw her name in a list",
    "wrote note": "wrote a note about her",
    "revised note": "revised a note about her",
    "started plan": "started a plan to help her",
    "recorded progress": "recorded progress of her plan",
    "sent message": "sent a message",
    "opened contacts": "looked up whom to call",
    "recorded disclosure": "noted that her record was given to somebody",
    "approved erasure": "approved that her record be erased",
    "closed request": "closed a request about her record",
    "opened file": "opened her file in the records office",
    "emergency view": "looked at her record in an emergency",
    "recorded consent": "recorded a consent",
    "withdrew consent": "recorded that a consent was withdrawn",
    "changed directory choice": "changed what may stand in the directory",
    "registered request": "registered a request about her record",
    "verified request": "checked who made a request",
    "corrected record": "corrected her record",
    "accepted correction": "decided to correct her record",
    "declined correction": "declined to correct her record",
    "attached statement": "added the family's statement to her record",
    "opened fields to correct": "compared her record with what was asked",
    "took copy of a record": "made a copy of her record for whoever asked for it",
    "placed legal hold": "ordered that her record be kept",
    "lifted legal hold": "ended an order to keep her record",
    "exported table": "saved a table with her in it to a file",
}
_WHY: Final = {
    "teacher": "teaches one of her classes",
    "counselor": "is the counselor of her case",
    "administrator": "opened it in an emergency, which is reported",
    "records": "keeps the school's records",
    "security": "watches over the security of the records",
    "job": "part of keeping the records in order",
}
_PURPOSES: Final = {
    "consent": "to look up or record a consent",
    "request": "to answer a request",
    "hold": "for an order to keep the record",
    "disclosures": "to answer who has looked",
    "correction": "to correct it",
}


@dataclass(frozen=True)
class Look:
    """One line: who did what, when, in which role and why."""

    at: datetime
    who: str
    role: str
    what: str
    why: str


@dataclass(frozen=True)
class Outside:
    """A disclosure to somebody outside the school (34 CFR 99.32)."""

    on: date
    to: str
    what: str
    purpose: str
    legal_basis: str


@dataclass(frozen=True)
class DisclosureRecord:
    """Everybody who looked at, or was given, one learner's record; newest first."""

    name: str
    school: str
    looks: tuple[Look, ...]
    outside: tuple[Outside, ...]


def disclosure_record(viewer: Viewer, *, learner_id: UUID) -> DisclosureRecord:
    """The record of a learner whom the clerk has in hand; NotAllowed for another."""
    with privacy.session(viewer) as db:
        file = file_of(db, viewer, learner_id, today=viewer.today)
        rows: Sequence[AnyRow] = db.execute(
            select(
                *(column(name) for name in ("at", "actor", "role", "action", "detail", "reason"))
            ).select_from(func.chalkline.disclosure_log(learner_id))
        ).all()
        staff = {
            row.staff_id: row.display_name
            for row in db.execute(
                select(Staff.staff_id, Staff.display_name).where(
                    Staff.district_id == viewer.district_id,
                    Staff.staff_id.in_({row.actor for row in rows if row.actor}),
                )
            )
        }
        outside = db.execute(
            select(
                func.date(Disclosure.at),
                Disclosure.disclosed_to,
                Disclosure.what,
                Disclosure.purpose,
                Disclosure.legal_basis,
            )
            .where(
                Disclosure.district_id == viewer.district_id, Disclosure.learner_id == learner_id
            )
            .order_by(Disclosure.at.desc())
        ).all()
        record(db, viewer, "opened file", learner=learner_id, detail={"purpose": "disclosures"})
    looks = [
        Look(
            row.at,
            staff.get(row.actor, "Chalkline itself"),
            row.role,
            _DID.get(row.action, f"worked on her case ({row.action})"),
            row.reason
            or _PURPOSES.get((row.detail or {}).get("purpose", ""))
            or _WHY.get(row.role, "not recorded"),
        )
        for row in rows
    ]
    return DisclosureRecord(
        file.name, file.school, tuple(looks), tuple(Outside(*row) for row in outside)
    )


def disclose(
    viewer: Viewer, *, learner_id: UUID, to: str, what: str, purpose: str, legal_basis: str
) -> None:
    """Notes that her record was given to somebody outside the school."""
    if min(len(to.strip()), len(what.strip()), len(purpose.strip())) < 3:
        raise NotAllowed("Say to whom, what, and what for.")
    with privacy.session(viewer) as db:
        db.execute(
            insert(Disclosure)
            .values(
                district_id=viewer.district_id,
                learner_id=learner_id,
                disclosed_to=to.strip(),
                what=what.strip(),
                purpose=purpose.strip(),
                legal_basis=legal_basis.strip(),
            )
            .inline()
        )
        record(db, viewer, "recorded disclosure", learner=learner_id)
