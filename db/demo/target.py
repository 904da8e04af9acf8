"""Where a demo district is written to, and the identifiers of everything in it."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from db.demo.arrays import Bytes, Ints, as_uuid, identifiers
from db.demo.catalogue import fixed_id
from db.demo.roster import Roster, Scale
from db.demo.skills import Taught
from db.engine import step_up
from db.people import Sealer, SourceHash

Counts = dict[str, int]


@dataclass(frozen=True)
class Target:
    """A district in the making; `space` is what its identifiers are made from."""

    connection: Connection
    district: int
    space: str
    people: Roster
    taught: list[Taught]
    seal: Sealer
    source_hash: SourceHash


def space_of(district: int, scale: Scale, seed: int) -> str:
    """What identifiers are made from: no two districts share any."""
    return f"{district}/{scale}/{seed}"


def tell_planner(connection: Connection, *tables: str) -> None:
    """Has the planner look at tables that following rows refer to, or that are read next.

    A foreign key into a table it knows nothing of is checked through any index that begins with
    the district: measured on a fresh database, 40 to 250 microseconds a row instead of 10.
    """
    with step_up(connection):
        for table in tables:
            connection.exec_driver_sql(f"ANALYZE chalkline.{table}")


def add(counts: Counts, more: Counts) -> None:
    """Adds rows to rows, by table."""
    for table, rows in more.items():
        counts[table] = counts.get(table, 0) + rows


def section_id(course: str, number: int) -> UUID:
    """The identifier of a section of the shared catalogue."""
    return fixed_id("section", course, number)


def institution_ids(space: str, schools: int) -> list[UUID]:
    """The district's own, then the schools'."""
    return [as_uuid(row) for row in identifiers(space, "institution", np.arange(schools + 1))]


def term_id(space: str) -> UUID:
    """The identifier of the school year."""
    return as_uuid(identifiers(space, "term", np.arange(1))[0])


def class_ids(space: str, people: Roster) -> Bytes:
    """The identifiers of all classes."""
    return identifiers(space, "class", np.arange(len(people.classes)))


def item_ids(space: str, course: str, count: int) -> Bytes:
    """The identifiers of a course's items."""
    return identifiers(space, f"item/{course}", np.arange(count))


def paper_ids(space: str, course: str, count: int) -> Bytes:
    """The identifiers of a course's papers."""
    return identifiers(space, f"paper/{course}", np.arange(count))


def learner_ids(space: str, learners: Ints) -> Bytes:
    """The identifiers of learners by number."""
    return identifiers(space, "learner", learners)
