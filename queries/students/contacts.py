"""A learner's contacts, opened on demand for those responsible for her, and noted each time."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import select

import privacy
from db.tables import LearnerPii
from privacy import NotAllowed, Viewer
from queries.students.sealing import key_of, opened
from queries.trail import record

_TABLE: Final = "learner_pii"


@dataclass(frozen=True)
class Contact:
    """Somebody at home; `first` is whom to call first."""

    name: str
    relation: str
    phone: str
    email: str
    first: bool


@dataclass(frozen=True)
class Contacts:
    """How to reach a learner's home, and herself; empty where the school's data has nothing."""

    home: tuple[Contact, ...]
    email: str


def contacts_of(viewer: Viewer, *, learner: UUID) -> Contacts:
    """Opens the sealed contacts; NotAllowed, in words, for a learner who is not the viewer's."""
    if viewer.role not in ("teacher", "counselor"):
        raise NotAllowed("Contacts are for those who teach or counsel this learner.")
    with privacy.session(viewer) as db:
        key = key_of(db, viewer, learner)
        row = db.execute(
            select(LearnerPii.contacts, LearnerPii.email).where(
                LearnerPii.district_id == viewer.district_id, LearnerPii.learner_id == learner
            )
        ).one()
        record(db, viewer, "opened contacts", learner=learner)

        def plain(sealed: bytes | None, column: str) -> str:
            if sealed is None:
                return ""
            return opened(key, viewer, sealed, place=(_TABLE, column), row=learner)

        return Contacts(parsed(plain(row.contacts, "contacts")), plain(row.email, "email"))


def parsed(text: str) -> tuple[Contact, ...]:
    """The contacts as a loader wrote them; a text that is no list is one contact in words.

    >>> parsed('[{"name": "Luz Ruiz", "relation": "mother", "phone": "555", "first": true}]')[0]
    Contact(name='Luz Ruiz', relation='mother', phone='555', email='', first=True)
    >>> parsed("call the aunt"), parsed("")
    ((Contact(name='call the aunt', relation='', phone='', email='', first=True),), ())
    """
    if not text:
        return ()
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = text
    if not isinstance(found, list):
        return (Contact(str(found), "", "", "", True),)
    people = [_person(one) for one in found if isinstance(one, dict)]
    return tuple(sorted(people, key=lambda one: not one.first))


def _person(one: dict[str, Any]) -> Contact:
    def said(name: str) -> str:
        return str(one.get(name, ""))

    return Contact(
        said("name"), said("relation"), said("phone"), said("email"), bool(one.get("first"))
    )
