"""A learner's file as the records office keeps it: found by full name, open for four hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args
from uuid import UUID

from sqlalchemy import Connection, and_, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import LargeBinary

import privacy
from db.tables import Consent, Institution, Learner, LearnerPii, LegalHold, RecordOpening
from privacy import NotAllowed, Viewer, door, fields, people
from privacy.consent import ADULT, Given, age, still_counts
from privacy.datakeys import data_keys
from privacy.names import search_tokens
from privacy.usage import used_for
from queries.trail import record

Purpose = Literal["consent", "request", "hold", "disclosures", "correction"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
CLOSED: Final = (
    "This learner's file is not open. Search for her by her full name, and say what for."
)


@dataclass(frozen=True)
class GivenConsent:
    """A consent as it stands in the file."""

    consent_id: UUID
    law: str
    purpose: str
    basis: str
    version: str
    given_by: str
    given_on: date
    method: str
    expires_on: date | None
    withdrawn_on: date | None
    counts: bool


@dataclass(frozen=True)
class LearnerFile:
    """One learner; `years` is her age in whole years, None where no birth date is known."""

    learner_id: UUID
    name: str
    school: str
    grade_level: int | None
    years: int | None
    collected: str
    consent_state: str
    ferpa_level: str
    directory_opt_out: bool
    retention_state: str
    left_on: date | None
    held: bool
    consents: tuple[GivenConsent, ...]

    @property
    def adult(self) -> bool:
        """Whether her rights are her own."""
        return self.years is not None and self.years >= ADULT


def open_files(viewer: Viewer, *, typed: str, purpose: Purpose, now: datetime) -> list[LearnerFile]:
    """The files of learners of this full name, opened for the purpose; each opening is noted."""
    _clerk(viewer)
    with privacy.session(viewer) as db, used_for("records office: search"):
        tokens = search_tokens(door().keystore.secret("index"), str(viewer.district_id), typed)
        if not tokens:
            return []
        asked = literal(tokens, ARRAY(LargeBinary))
        found = list(db.scalars(select(func.chalkline.records_search(asked))))
        for learner in found:
            db.execute(
                insert(RecordOpening)
                .values(
                    district_id=viewer.district_id,
                    staff_id=viewer.staff_id,
                    learner_id=learner,
                    purpose=purpose,
                )
                .inline()
            )
            record(db, viewer, "opened file", learner=learner, detail={"purpose": purpose})
        files = [file_of(db, viewer, learner, today=viewer.today) for learner in found]
    return sorted(files, key=lambda file: file.name)


def learner_file(viewer: Viewer, *, learner_id: UUID) -> LearnerFile:
    """The file of a learner whom the clerk has in hand; NotAllowed, in words, for another."""
    _clerk(viewer)
    with privacy.session(viewer) as db:
        return file_of(db, viewer, learner_id, today=viewer.today)


def file_of(db: Connection, viewer: Viewer, learner: UUID, *, today: date) -> LearnerFile:
    """The same within a transaction."""
    row = db.execute(
        select(
            Institution.name,
            Learner.grade_level,
            Learner.collected,
            Learner.consent_state,
            Learner.ferpa_level,
            Learner.directory_opt_out,
            Learner.retention_state,
            Learner.left_on,
            LearnerPii.birth_date,
            select(func.count())
            .where(
                LegalHold.district_id == viewer.district_id,
                (LegalHold.learner_id == learner) | LegalHold.learner_id.is_(None),
                LegalHold.lifted_at.is_(None),
            )
            .scalar_subquery()
            .label("holds"),
        )
        .select_from(Learner)
        .join(
            Institution,
            and_(
                Institution.district_id == Learner.district_id,
                Institution.institution_id == Learner.school_id,
            ),
        )
        .join(
            LearnerPii,
            and_(
                LearnerPii.district_id == Learner.district_id,
                LearnerPii.learner_id == Learner.learner_id,
            ),
        )
        .where(Learner.district_id == viewer.district_id, Learner.learner_id == learner)
    ).one_or_none()
    if row is None:
        raise NotAllowed(CLOSED)
    with used_for("records office"):
        born = birth_date(db, viewer, learner, row.birth_date)
        name = people.names(db, viewer, [learner])[learner]
    return LearnerFile(
        learner_id=learner,
        name=str(name),
        school=row.name,
        grade_level=row.grade_level,
        years=None if born is None else age(born, today),
        collected=row.collected,
        consent_state=row.consent_state,
        ferpa_level=row.ferpa_level,
        directory_opt_out=row.directory_opt_out,
        retention_state=row.retention_state,
        left_on=row.left_on,
        held=bool(row.holds),
        consents=tuple(_consents(db, viewer, learner, born, today)),
    )


def birth_date(db: Connection, viewer: Viewer, learner: UUID, stored: bytes | None) -> date | None:
    """Her sealed birth date opened; None where there is none or it is no date."""
    if stored is None:
        return None
    key = data_keys(db, door().keystore, viewer.district_id, [learner])[learner]
    text = fields.decrypt(
        key,
        stored,
        table="learner_pii",
        column="birth_date",
        row=learner,
        district=str(viewer.district_id),
    )
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _consents(
    db: Connection, viewer: Viewer, learner: UUID, born: date | None, today: date
) -> Sequence[GivenConsent]:
    rows = db.execute(
        select(Consent)
        .where(Consent.district_id == viewer.district_id, Consent.learner_id == learner)
        .order_by(Consent.given_at.desc())
    ).all()
    found = []
    for row in rows:
        withdrawn = row.withdrawn_at.date() if row.withdrawn_at else None
        given = Given(row.law, row.given_by, row.given_at.date(), row.expires_on, withdrawn)
        found.append(
            GivenConsent(
                row.consent_id,
                row.law,
                row.purpose,
                row.basis,
                row.version,
                row.given_by,
                row.given_at.date(),
                row.method,
                row.expires_on,
                withdrawn,
                still_counts(given, born, today),
            )
        )
    return found


def _clerk(viewer: Viewer) -> None:
    if viewer.role != "records":
        raise NotAllowed(
            "Learners' files are kept by the records office. Ask a records clerk of your district."
        )
