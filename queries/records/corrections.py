"""What a clerk decides about a request for correction: the new values, or why not."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid4

import orjson
from sqlalchemy import Connection, insert, select, update

import privacy
from db.tables import Correction, Learner
from privacy import NotAllowed, Viewer, corrections, door, people
from privacy.consent import age
from privacy.corrections import PARTS
from privacy.datakeys import data_keys
from privacy.session import SEEN_KEY
from privacy.usage import used_for
from queries.records.requests import Request, changed, still_open
from queries.students.contacts import Contact, parsed
from queries.trail import record

LONGEST: Final = 80  # letters of a name
LONGEST_WORDS: Final = 2_000  # letters of a reason or statement
OLDEST: Final = 120  # years
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
Changes = Mapping[str, str | None]


@dataclass(frozen=True)
class Held:
    """What is held now, opened to be compared with what is asked."""

    given_name: str
    family_name: str
    email: str
    birth_date: date | None
    contacts: tuple[Contact, ...]


@dataclass(frozen=True)
class Declined:
    """A correction that was declined; `statement` is what the family says about it, or empty."""

    correction_id: UUID
    on: date
    reason: str
    statement: str


def held(viewer: Viewer, *, request: Request) -> Held:
    """The fields of a verified request's learner; opening them is noted."""
    learner = _verified(request)
    with privacy.session(viewer) as db, used_for("records office: correction"):
        row = people.whole(db, viewer, learner)
        said = b"fields to correct" + (viewer.session or viewer.staff_id.bytes) + learner.bytes
        digest = sha256(said).digest()
        if not door().seen.lately(digest):  # the form is drawn anew at every click
            record(db, viewer, "opened fields to correct", learner=learner)
            db.info.setdefault(SEEN_KEY, []).append(digest)
    return Held(
        row["given_name"] or "",
        row["family_name"] or "",
        row["email"] or "",
        _day(row["birth_date"]),
        parsed(row["contacts"] or ""),
    )


def accept(viewer: Viewer, *, request: Request, asked: Changes, now: datetime) -> tuple[str, ...]:
    """Hands what differs from what is held to the job that corrects; returns its fields' names.

    NotAllowed, in words, for values that can not be, and when nothing differs.
    """
    learner = _verified(request)
    wanted = {part: checked(part, value, today=viewer.today) for part, value in asked.items()}
    with privacy.session(viewer) as db, used_for("records office: correction"):
        now_held = people.whole(db, viewer, learner)
        changes = {part: new for part, new in wanted.items() if _differs(part, new, now_held[part])}
        if not changes:
            raise NotAllowed("That is what is held already. Change what is wrong, or decline.")
        if not (changes.get("given_name", "x") or changes.get("family_name", "x")):
            raise NotAllowed("A learner needs a name.")
        _still_allowed(db, viewer, learner, changes)
        correction, key = uuid4(), _key(db, viewer, learner)
        _decide(
            db,
            viewer,
            request,
            learner,
            correction_id=correction,
            outcome="accepted",
            parts=sorted(changes),
            asked=_sealed(viewer, key, correction, "asked", orjson.dumps(changes).decode()),
            decided_at=now,
        )
        detail = {"request": str(request.request_id), "parts": sorted(changes)}
        record(db, viewer, "accepted correction", learner=learner, detail=detail)
    return tuple(sorted(changes))


def decline(
    viewer: Viewer, *, request: Request, reason: str, statement: str, now: datetime
) -> None:
    """Closes the request with the reason given; a statement of the family stays with the record."""
    learner = _verified(request)
    why = _words(reason)
    if not why:
        raise NotAllowed("Say why it is declined: the family is told, and may answer.")
    with privacy.session(viewer) as db, used_for("records office: correction"):
        correction, key = uuid4(), _key(db, viewer, learner)
        said = _words(statement)
        _decide(
            db,
            viewer,
            request,
            learner,
            correction_id=correction,
            outcome="declined",
            reason=_sealed(viewer, key, correction, "reason", why),
            statement=_sealed(viewer, key, correction, "statement", said) if said else None,
            decided_at=now,
        )
        changed(db, viewer, request, "declined correction", [], done_at=now, outcome="declined")


def attach(viewer: Viewer, *, learner_id: UUID, correction_id: UUID, statement: str) -> None:
    """Adds or replaces the family's statement on what was declined (34 CFR 99.21(b)(2))."""
    said = _words(statement)
    if not said:
        raise NotAllowed("Type what the family says.")
    with privacy.session(viewer) as db, used_for("records office: correction"):
        sealed = _sealed(viewer, _key(db, viewer, learner_id), correction_id, "statement", said)
        done = db.execute(
            update(Correction)
            .where(
                Correction.district_id == viewer.district_id,
                Correction.correction_id == correction_id,
                Correction.learner_id == learner_id,
                Correction.outcome == "declined",
            )
            .values(statement=sealed, stated_by=viewer.staff_id)
        ).rowcount
        if not done:
            raise NotAllowed("This correction is not in your hands. Reload the page.")
        record(db, viewer, "attached statement", learner=learner_id)


def declined(viewer: Viewer, *, learner_id: UUID) -> list[Declined]:
    """What was declined of a learner whom the clerk has in hand, the latest first."""
    with privacy.session(viewer) as db, used_for("records office: correction"):
        rows = db.execute(
            select(
                Correction.correction_id,
                Correction.decided_at,
                Correction.reason,
                Correction.statement,
            )
            .where(
                Correction.district_id == viewer.district_id,
                Correction.learner_id == learner_id,
                Correction.outcome == "declined",
            )
            .order_by(Correction.decided_at.desc())
        ).all()
        key = _key(db, viewer, learner_id) if rows else b""

        def plain(stored: bytes | None, correction: UUID, column: str) -> str:
            if stored is None:
                return ""
            return corrections.opened(
                key, stored, correction=correction, column=column, district=viewer.district_id
            )

        return [
            Declined(
                row.correction_id,
                row.decided_at.date(),
                plain(row.reason, row.correction_id, "reason"),
                plain(row.statement, row.correction_id, "statement"),
            )
            for row in rows
        ]


def checked(part: str, value: str | None, *, today: date) -> str | None:
    """A value as it is stored; None for an empty one. NotAllowed, in words, for what can not be.

    >>> checked("family_name", "  De  La Cruz ", today=date(2026, 11, 25))
    'De La Cruz'
    >>> checked("email", "", today=date(2026, 11, 25))
    """
    if part not in PARTS:
        raise NotAllowed(f"'{part}' is not held here. Correct it in the student system.")
    text = (value or "").strip() if part == "contacts" else " ".join((value or "").split())
    if not text.isprintable():
        raise NotAllowed("There is a sign in it that can not be printed. Type it again.")
    match part:
        case "given_name" | "family_name":
            if len(text) > LONGEST:
                raise NotAllowed(f"A name has at most {LONGEST} letters.")
            return text
        case "email":
            if text and (len(text) > 254 or not _ADDRESS.fullmatch(text)):
                raise NotAllowed("That is no e-mail address, such as ana@school.example.")
        case "birth_date":
            born = _day(text)
            if text and (born is None or born >= today or age(born, today) > OLDEST):
                raise NotAllowed("That can not be a birth date. Give the day, such as 2013-04-05.")
        case _:
            pass
    return text or None


def contacts_text(contacts: list[Contact]) -> str | None:
    """Contacts as loaders seal them; None when nobody is left.

    >>> contacts_text([Contact("", "", "", "", True)])
    """
    kept = [
        {
            "name": one.name.strip(),
            "relation": one.relation.strip(),
            "phone": one.phone.strip(),
            "email": one.email.strip(),
            "first": one.first,
        }
        for one in contacts
        if one.name.strip()
    ]
    return orjson.dumps(kept).decode() if kept else None


def _decide(
    db: Connection, viewer: Viewer, request: Request, learner: UUID, **values: object
) -> None:
    still_open(db, viewer, request)
    done = db.scalar(
        select(Correction.correction_id).where(
            Correction.district_id == viewer.district_id,
            Correction.request_id == request.request_id,
        )
    )
    if done is not None:
        raise NotAllowed("This request was decided before. Reload the page.")
    db.execute(
        insert(Correction)
        .values(
            district_id=viewer.district_id,
            request_id=request.request_id,
            learner_id=learner,
            decided_by=viewer.staff_id,
            **values,
        )
        .inline()
    )


def _verified(request: Request) -> UUID:
    if request.kind != "correction" or request.verified_at is None or request.learner_id is None:
        raise NotAllowed("Make sure first who asks; then the record can be corrected.")
    return request.learner_id


def _still_allowed(db: Connection, viewer: Viewer, learner: UUID, changes: Changes) -> None:
    """Online data of whoever turns out to be a child needs a parent's consent first (COPPA)."""
    born = _day(changes.get("birth_date"))
    if born is None or age(born, viewer.today) > 13:  # the age group of 13 holds 11 and 12 too
        return
    row = db.execute(
        select(Learner.collected, Learner.consent_state).where(
            Learner.district_id == viewer.district_id, Learner.learner_id == learner
        )
    ).one()
    if row.collected == "online" and row.consent_state == "pending":
        raise NotAllowed(
            "By this birth date she may be under 13, and her data was collected online: a parent "
            "must consent first. Record the consent in her file, then correct the date."
        )


def _differs(part: str, new: str | None, old: str | None) -> bool:
    if part == "contacts":
        return parsed(new or "") != parsed(old or "")
    return (new or "") != (old or "")


def _key(db: Connection, viewer: Viewer, learner: UUID) -> bytes:
    found = data_keys(db, door().keystore, viewer.district_id, [learner])
    if learner not in found:
        raise NotAllowed("This learner's file is not open. Search for her by her full name.")
    return found[learner]


def _sealed(viewer: Viewer, key: bytes, correction: UUID, column: str, text: str) -> bytes:
    return corrections.sealed(
        key, text, correction=correction, column=column, district=viewer.district_id
    )


def _words(typed: str) -> str:
    return typed.strip()[:LONGEST_WORDS]


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None
