"""Records who consented to what, and who took it back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnClause, Connection, column, exists, func, insert, or_, select, update

import privacy
from db.tables import Consent, Learner, LearnerPii
from privacy import NotAllowed, Viewer
from privacy.consent import METHODS, ConsentError, Law, check_giver
from queries.records.files import CLOSED, LearnerFile, birth_date, file_of
from queries.trail import record

LISTED: Final = 25  # learners without consent who are listed; the rest is a number


@dataclass(frozen=True)
class NewConsent:
    """What a clerk types off a form."""

    law: Law
    purpose: str
    version: str
    given_by: str
    method: str
    expires_on: date | None = None


@dataclass(frozen=True)
class Standing:
    """How many learners are held on which ground, and those whom somebody must ask."""

    counts: dict[str, int]
    asked_for: tuple[LearnerFile, ...]
    more: int


def counts(viewer: Viewer) -> dict[str, int]:
    """How many learners of the district are held on which ground."""
    with privacy.session(viewer) as db:
        return _counts(db)


def standing(viewer: Viewer) -> Standing:
    """The district's consents at a glance."""
    with privacy.session(viewer) as db:
        found = _counts(db)
        missing = db.scalars(
            select(Learner.learner_id)
            .where(
                Learner.district_id == viewer.district_id,
                Learner.consent_state.in_(("pending", "withdrawn")),
            )
            .order_by(Learner.created_at, Learner.learner_id)
            .limit(LISTED)
        ).all()
        files = [file_of(db, viewer, learner, today=viewer.today) for learner in missing]
    of = found.get("pending", 0) + found.get("withdrawn", 0)
    return Standing(found, tuple(sorted(files, key=lambda f: f.name)), of - len(files))


def _counts(db: Connection) -> dict[str, int]:
    state: ColumnClause[str] = column("consent_state")
    learners: ColumnClause[int] = column("learners")
    rows = db.execute(select(state, learners).select_from(func.chalkline.consent_counts()))
    return {row[0]: row[1] for row in rows}


def give(viewer: Viewer, *, learner_id: UUID, consent: NewConsent, now: datetime) -> None:
    """Adds a consent; ConsentError when that person's does not count at the learner's age."""
    if consent.method not in METHODS:
        raise ConsentError(f"Say how it is known who consented: {', '.join(METHODS)}.")
    if consent.expires_on is not None and consent.expires_on <= viewer.today:
        raise ConsentError(
            "The last day of this consent has passed. Leave it empty, or correct it."
        )
    with privacy.session(viewer) as db:
        born = _born(db, viewer, learner_id)
        check_giver(consent.law, consent.given_by, born, viewer.today)
        db.execute(
            insert(Consent)
            .values(
                district_id=viewer.district_id,
                consent_id=uuid4(),
                learner_id=learner_id,
                law=consent.law,
                purpose=consent.purpose,
                basis="parental consent" if consent.given_by == "parent" else "own consent",
                version=consent.version,
                given_by=consent.given_by,
                given_at=now,
                expires_on=consent.expires_on,
                recorded_by=viewer.staff_id,
                method=consent.method,
            )
            .inline()
        )
        _set_state(db, viewer, learner_id, ("pending", "withdrawn"), _STATES[consent.given_by])
        record(db, viewer, "recorded consent", learner=learner_id, detail={"law": consent.law})


def withdraw(viewer: Viewer, *, learner_id: UUID, consent_id: UUID, now: datetime) -> None:
    """Takes a consent back; a learner held on consent alone is then held on none."""
    with privacy.session(viewer) as db:
        changed = db.execute(
            update(Consent)
            .where(
                Consent.district_id == viewer.district_id,
                Consent.learner_id == learner_id,
                Consent.consent_id == consent_id,
                Consent.withdrawn_at.is_(None),
            )
            .values(withdrawn_at=now)
        ).rowcount
        if not changed:
            raise NotAllowed("This consent was withdrawn before, or the file is closed. Reload.")
        left = db.scalar(
            select(
                exists().where(
                    Consent.district_id == viewer.district_id,
                    Consent.learner_id == learner_id,
                    Consent.withdrawn_at.is_(None),
                    or_(Consent.expires_on.is_(None), Consent.expires_on >= viewer.today),
                )
            )
        )
        if not left:
            _set_state(db, viewer, learner_id, ("parental", "own"), "withdrawn")
        record(db, viewer, "withdrew consent", learner=learner_id)


def set_directory(viewer: Viewer, *, learner_id: UUID, opt_out: bool, restricted: bool) -> None:
    """FERPA: whether she may stand in a directory (34 CFR 99.37), and whether her record is
    restricted.
    """
    with privacy.session(viewer) as db:
        changed = db.execute(
            update(Learner)
            .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner_id)
            .values(
                directory_opt_out=opt_out, ferpa_level="restricted" if restricted else "standard"
            )
        ).rowcount
        if not changed:
            raise NotAllowed(CLOSED)
        record(db, viewer, "changed directory choice", learner=learner_id)


_STATES: Final = {"parent": "parental", "learner": "own", "school": "school_official"}


def _born(db: Connection, viewer: Viewer, learner: UUID) -> date | None:
    row = db.execute(
        select(LearnerPii.birth_date).where(
            LearnerPii.district_id == viewer.district_id, LearnerPii.learner_id == learner
        )
    ).one_or_none()
    if row is None:
        raise NotAllowed(CLOSED)
    return birth_date(db, viewer, learner, row.birth_date)


def _set_state(
    db: Connection, viewer: Viewer, learner: UUID, before: Sequence[str], after: str
) -> None:
    db.execute(
        update(Learner)
        .where(
            Learner.district_id == viewer.district_id,
            Learner.learner_id == learner,
            Learner.consent_state.in_(before),
        )
        .values(consent_state=after)
    )
