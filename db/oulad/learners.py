"""Writes learners: sealed under invented names, found again by a keyed hash of their number."""

import hashlib
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, Engine, select

from db.keys import hold_keys
from db.oulad.names import invented_name
from db.oulad.roster import Ids
from db.oulad.source import Person, Source
from db.oulad.writing import upsert
from db.people import PlainPerson, Progress, Sealer, SourceHash, write_sealed
from db.tables import Learner

AT_ONCE = 2000  # learners sealed and written in one transaction


def write(
    engine: Engine,
    ids: Ids,
    source: Source,
    *,
    seal: Sealer,
    source_hash: SourceHash,
    progress: Progress,
) -> dict[int, UUID]:
    """Adds the learners who are not there yet; returns OULAD's number -> learner for all.

    A learner who is there keeps identifier, name and key; her age group and protected attributes
    follow the files.
    """
    people = sorted(source.people.values(), key=lambda one: one.student)
    found: dict[int, UUID] = {}
    for start in range(0, len(people), AT_ONCE):
        some = people[start : start + AT_ONCE]
        hashes = [source_hash(ids.district, f"oulad/{one.student}") for one in some]
        with engine.begin() as connection:
            identifiers = _identified(connection, ids, hashes)
            _learners(connection, ids, some, hashes, identifiers, seal)
        found |= dict(zip((one.student for one in some), identifiers, strict=True))
        progress("Writing learners", len(found), len(people))
    return found


def _identified(connection: Connection, ids: Ids, hashes: Sequence[bytes]) -> list[UUID]:
    """Each learner's identifier: the one she has, or one made from her keyed hash, so that a
    load that was killed and run again makes the same.
    """
    there = connection.execute(
        select(Learner.source_hash, Learner.learner_id).where(
            Learner.district_id == ids.district, Learner.source_hash.in_(hashes)
        )
    )
    known = {row.source_hash: row.learner_id for row in there}
    return [known.get(one) or _identifier(one) for one in hashes]


def _identifier(source_hash: bytes) -> UUID:
    digest = hashlib.sha256(b"chalkline/oulad/learner" + source_hash).digest()
    return UUID(bytes=digest[:16], version=4)


def _learners(
    connection: Connection,
    ids: Ids,
    people: Sequence[Person],
    hashes: Sequence[bytes],
    identifiers: Sequence[UUID],
    seal: Sealer,
) -> None:
    there = set(
        connection.scalars(
            select(Learner.learner_id).where(
                Learner.district_id == ids.district, Learner.learner_id.in_(identifiers)
            )
        )
    )
    upsert(
        connection,
        "learners",
        (
            "district_id",
            "learner_id",
            "school_id",
            "age_group",
            "academic_level",
            "learning_pace",
            "source_hash",
        ),
        (
            (
                ids.district,
                identifier,
                ids.school,
                person.age_group,
                "undergraduate",
                "cohort_based",
                source_hash,
            )
            for person, identifier, source_hash in zip(people, identifiers, hashes, strict=True)
        ),
        keys=("district_id", "learner_id"),
    )
    upsert(
        connection,
        "protected_attributes",
        ("district_id", "learner_id", "attribute", "value"),
        (
            (ids.district, identifier, attribute, value)
            for person, identifier in zip(people, identifiers, strict=True)
            for attribute, value in person.protected.items()
        ),
        keys=("district_id", "learner_id", "attribute"),
    )
    fresh = [
        PlainPerson(identifier, *invented_name(person.student))
        for person, identifier in zip(people, identifiers, strict=True)
        if identifier not in there
    ]
    hold_keys(connection)
    write_sealed(connection, ids.district, seal(ids.district, fresh))
