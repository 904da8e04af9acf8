"""What loaders hand over to have a person's fields sealed, and how the sealed rows are written.

The keys live above this layer: whoever runs a loader passes the sealer in.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection

from db.copying import copy_rows
from db.keys import Use, note_uses

PERSONAL = (
    "learner_id",
    "given_name",
    "family_name",
    "email",
    "birth_date",
    "contacts",
    "name_token",
)


@dataclass(frozen=True)
class PlainPerson:
    """A learner's personal fields on their way into the database; never logged, never stored."""

    learner_id: UUID
    given_name: str
    family_name: str
    email: str | None = None
    birth_date: str | None = None
    contacts: str | None = None
    collected: Literal["roster", "online"] = "roster"
    parent_consented_on: date | None = None  # COPPA; needed for a child's online data

    def __repr__(self) -> str:
        return f"PlainPerson({self.learner_id})"


@dataclass(frozen=True)
class SealedPerson:
    """The same learner as it may be stored."""

    learner_id: UUID
    kek_id: str
    wrapped: bytes
    given_name: bytes
    family_name: bytes
    email: bytes | None
    birth_date: bytes | None
    contacts: bytes | None
    name_token: bytes | None


Sealer = Callable[[int, Sequence[PlainPerson]], Sequence[SealedPerson]]
"""(district_id, people) -> the people sealed, in the same order."""

SourceHash = Callable[[int, str], bytes]
"""(district_id, source identifier) -> keyed hash for learners.source_hash."""

Progress = Callable[[str, int, int | None], None]
"""(what is being done, how far, of how many or None) -> shown to whoever waits."""


def quiet(_what: str, _done: int, _of: int | None) -> None:
    """A Progress that shows nothing."""


def write_sealed(connection: Connection, district: int, people: Sequence[SealedPerson]) -> None:
    """Writes data keys and personal fields of learners whose rows already stand in `learners`.

    The transaction must have called `db.keys.hold_keys` before `people` were sealed.
    """
    copy_rows(
        connection,
        "data_keys",
        ("district_id", "learner_id", "kek_id", "wrapped"),
        ((district, person.learner_id, person.kek_id, person.wrapped) for person in people),
    )
    copy_rows(
        connection,
        "learner_pii",
        ("district_id", *PERSONAL),
        ((district, *(getattr(person, column) for column in PERSONAL)) for person in people),
    )
    used = Counter(person.kek_id for person in people)
    note_uses(
        connection,
        [Use(district, "loader", kek, "sealing new learners", n) for kek, n in used.items()],
    )
