"""Opens just the first letter of family names, for the rule that shares learners by alphabet."""

import unicodedata
from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, select

from db.tables import LearnerPii
from privacy import fields
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore


def initials(
    db: Connection, keystore: KeyStore, district: int, learners: Collection[UUID]
) -> dict[UUID, str]:
    """A letter from A to Z a learner; those whose name begins otherwise are not in the answer."""
    keys = data_keys(db, keystore, district, learners)
    rows = db.execute(
        select(LearnerPii.learner_id, LearnerPii.family_name).where(
            LearnerPii.district_id == district, LearnerPii.learner_id.in_(learners)
        )
    ).all()
    found = {}
    for learner, sealed in rows:
        if learner in keys:
            family = fields.decrypt(
                keys[learner],
                sealed,
                table="learner_pii",
                column="family_name",
                row=learner,
                district=str(district),
            )
            letter = letter_of(family)
            if letter:
                found[learner] = letter
    return found


def letter_of(family: str) -> str:
    """
    >>> letter_of("Öztürk"), letter_of("đặng"), letter_of("李"), letter_of("")
    ('O', 'D', '', '')
    """
    plain = unicodedata.normalize("NFKD", family.strip().replace("đ", "d").replace("Đ", "D"))
    first = next((sign for sign in plain if sign.isalpha()), "").upper()
    return first if first.isascii() else ""
