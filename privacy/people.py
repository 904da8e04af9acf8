"""Turns learners' sealed fields back into names, for those responsible for them, and finds by name.

Names leave the database only through a viewer's own session, so policies decide whose they are.
"""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import Connection, select

from db.people import PlainPerson, SealedPerson, Sealer, SourceHash
from db.tables import DataKey, LearnerPii
from privacy import fields, trail
from privacy.consent import Given, check_online_collection
from privacy.datakeys import open_keys
from privacy.keystore import KeyStore, learner_context
from privacy.names import name_token, search_tokens
from privacy.session import SEEN_KEY, NotAllowed, door
from privacy.viewer import Viewer

TABLE = "learner_pii"
SEALED = ("given_name", "family_name", "email", "birth_date", "contacts")


@dataclass(frozen=True)
class Name:
    """A learner's name as her teacher says and sorts it."""

    given: str
    family: str

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()

    @property
    def sorting(self) -> str:
        """Family name first, as lists are sorted."""
        return f"{self.family}, {self.given}"


def names(db: Connection, viewer: Viewer, learners: Iterable[UUID]) -> dict[UUID, Name]:
    """Names of those of `learners` whom the viewer may see; others are simply not in the answer."""
    wanted = list(dict.fromkeys(learners))
    if not wanted:
        return {}
    rows = db.execute(
        select(
            LearnerPii.learner_id,
            LearnerPii.given_name,
            LearnerPii.family_name,
            DataKey.kek_id,
            DataKey.wrapped,
        )
        .join(
            DataKey,
            (DataKey.district_id == LearnerPii.district_id)
            & (DataKey.learner_id == LearnerPii.learner_id),
        )
        .where(LearnerPii.district_id == viewer.district_id, LearnerPii.learner_id.in_(wanted))
    ).all()
    keys = open_keys(
        db,
        door().keystore,
        viewer.district_id,
        ((learner, kek_id, wrapped) for learner, _, _, kek_id, wrapped in rows),
    )
    found = {}
    for learner, given, family, _, _ in rows:
        plain = fields.decrypt_row(
            keys[learner],
            {"given_name": given, "family_name": family},
            table=TABLE,
            row=learner,
            district=str(viewer.district_id),
        )
        found[learner] = Name(plain["given_name"] or "", plain["family_name"] or "")
    if found:
        _note(db, viewer, list(found))
    return found


def _note(db: Connection, viewer: Viewer, learners: list[UUID]) -> None:
    """Whoever reads a name has seen a learner: every page's lists come through here."""
    said = [viewer.session or viewer.staff_id.bytes, viewer.role.encode()]
    said += sorted(learner.bytes for learner in learners)
    digest = sha256(b"".join(said)).digest()
    if not door().seen.lately(digest):
        trail.saw(db, viewer, learners)
        db.info.setdefault(SEEN_KEY, []).append(digest)


def whole(db: Connection, viewer: Viewer, learner: UUID) -> dict[str, str | None]:
    """All sealed fields of one learner whom the viewer may see; NotAllowed for any other."""
    row = db.execute(
        select(
            LearnerPii.given_name,
            LearnerPii.family_name,
            LearnerPii.email,
            LearnerPii.birth_date,
            LearnerPii.contacts,
            DataKey.kek_id,
            DataKey.wrapped,
        )
        .join(
            DataKey,
            (DataKey.district_id == LearnerPii.district_id)
            & (DataKey.learner_id == LearnerPii.learner_id),
        )
        .where(LearnerPii.district_id == viewer.district_id, LearnerPii.learner_id == learner)
    ).one_or_none()
    if row is None:
        raise NotAllowed("This learner is not yours to see today.")
    keys = open_keys(db, door().keystore, viewer.district_id, [(learner, row.kek_id, row.wrapped)])
    sealed = {name: getattr(row, name) for name in SEALED}
    return fields.decrypt_row(
        keys[learner], sealed, table=TABLE, row=learner, district=str(viewer.district_id)
    )


def tokens_of(viewer: Viewer, typed: str) -> list[bytes]:
    """The search tokens of a full name, for a search that the database itself must answer."""
    return list(search_tokens(door().keystore.secret("index"), str(viewer.district_id), typed))


def find_by_name(db: Connection, viewer: Viewer, typed: str) -> list[UUID]:
    """Learners in the viewer's scope with the full name typed; empty for half a name."""
    tokens = tokens_of(viewer, typed)
    if not tokens:
        return []
    return list(
        db.scalars(
            select(LearnerPii.learner_id).where(
                LearnerPii.district_id == viewer.district_id, LearnerPii.name_token.in_(tokens)
            )
        )
    )


def sealer(keystore: KeyStore, *, today: date | None = None) -> Sealer:
    """The function with which loaders seal people: a fresh data key each, every field by itself.

    It is the only way for a learner into the database, and so the place where a child's data that
    was collected online is refused without a parent's consent: ConsentError, before any is sealed.
    """
    index_key = keystore.secret("index")

    def seal(district: int, people: Sequence[PlainPerson]) -> list[SealedPerson]:
        for person in people:
            if person.collected == "online":
                _check_consent(person, today or datetime.now(UTC).date())
        return [_seal(keystore, index_key, str(district), person) for person in people]

    return seal


def source_hash(keystore: KeyStore) -> SourceHash:
    """The keyed hash by which a loader finds a learner again without storing her number."""
    key = keystore.secret("pseudonym")

    def hashed(district: int, source: str) -> bytes:
        return hmac.digest(
            key, fields.framed("chalkline/source/v1", str(district), source), "sha256"
        )

    return hashed


def _check_consent(person: PlainPerson, today: date) -> None:
    given = person.parent_consented_on
    consents = [Given("COPPA", "parent", given)] if given and given <= today else []
    check_online_collection(person.birth_date, consents, today)


def _seal(keystore: KeyStore, index_key: bytes, district: str, person: PlainPerson) -> SealedPerson:
    data_key = fields.new_data_key()
    wrapped = keystore.wrap(data_key, context=learner_context(district, person.learner_id))
    sealed = fields.encrypt_row(
        data_key,
        {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "email": person.email,
            "birth_date": person.birth_date,
            "contacts": person.contacts,
        },
        table=TABLE,
        row=person.learner_id,
        district=district,
    )
    return SealedPerson(
        learner_id=person.learner_id,
        kek_id=wrapped.kek_id,
        wrapped=wrapped.blob,
        given_name=sealed["given_name"] or b"",
        family_name=sealed["family_name"] or b"",
        email=sealed["email"],
        birth_date=sealed["birth_date"],
        contacts=sealed["contacts"],
        name_token=name_token(
            index_key, district, given=person.given_name, family=person.family_name
        ),
    )
