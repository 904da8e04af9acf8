"""Tells tests what was planted in a demo district; computed again, never stored in the database."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np

from db.demo.arrays import as_uuid
from db.demo.catalogue import courses, prerequisites
from db.demo.helping import KINDS, planted
from db.demo.roster import CAUSES, Cause, Roster, Scale, roster
from db.demo.skills import WEAK, Taught, all_taught
from db.demo.target import class_ids, item_ids, learner_ids, section_id, space_of
from db.demo.terms import WEEK_NOW, Year


@dataclass(frozen=True)
class Trouble:
    """Why a learner really struggles, and since when; `subject` for a gap in one subject."""

    cause: Cause
    onset: date
    subject: int | None


@dataclass(frozen=True)
class Reteach:
    """The class a third and more of which fail one competency."""

    class_id: UUID
    code: str
    learners: frozenset[UUID]


@dataclass(frozen=True)
class Truth:
    """What the pages ought to find.

    `helped` is how many days of activity a week each type of plan added, over all schools.
    `blocked` holds (learner, competency, weak prerequisite) for competencies taught lately.
    """

    struggling: dict[UUID, Trouble]
    flat_items: frozenset[UUID]
    negative_items: frozenset[UUID]
    wrong_key_items: frozenset[UUID]
    wordy_items: frozenset[UUID]
    poor_sections: frozenset[UUID]
    reteach: Reteach
    blocked: frozenset[tuple[UUID, str, str]]
    class_of_one: UUID
    empty_class: UUID
    helped: dict[str, float]


def truth(scale: Scale, seed: int, today: date, *, district: int = 1) -> Truth:
    """The truth about the district that `load` made with the same arguments."""
    space = space_of(district, scale, seed)
    people = roster(scale, seed, Year(today))
    taught = all_taught(people)
    ids = learner_ids(space, np.arange(len(people.school)))
    classes = class_ids(space, people)
    struggling = {
        as_uuid(ids[learner]): Trouble(
            CAUSES[people.cause[learner]],
            people.onset[learner].astype(object),
            int(people.gap_subject[learner]) if CAUSES[people.cause[learner]] == "gap" else None,
        )
        for learner in np.flatnonzero(people.cause)
    }
    return Truth(
        struggling=struggling,
        flat_items=_items(taught, space, "flat"),
        negative_items=_items(taught, space, "negative"),
        wrong_key_items=_items(taught, space, "wrong key"),
        wordy_items=_items(taught, space, "language"),
        poor_sections=frozenset(
            section_id(each.course.code, int(number))
            for each in taught
            for number in np.flatnonzero(each.poor)
        ),
        reteach=_reteach(people, taught, space),
        blocked=frozenset(_blocked(people, taught, space)),
        class_of_one=as_uuid(classes[-2]),
        empty_class=as_uuid(classes[-1]),
        helped=_helped(people),
    )


def _helped(people: Roster) -> dict[str, float]:
    schools = [planted(people, school) for school in range(people.schools)]
    return {
        kind: float(np.mean([school.effect(number) for school in schools]))
        for number, (kind, _, _) in enumerate(KINDS)
    }


def _items(taught: list[Taught], space: str, flaw: str) -> frozenset[UUID]:
    return frozenset(
        as_uuid(item_ids(space, each.course.code, len(each.papers.items.flaw))[number])
        for each in taught
        for number, found in enumerate(each.papers.items.flaw)
        if found == flaw
    )


def _reteach(people: Roster, taught: list[Taught], space: str) -> Reteach:
    each = next(course for course in taught if course.reteach is not None)
    assert each.reteach is not None
    number, code = each.reteach
    failing = (people.enrolled_in[each.enrolments] == number) & (
        each.skill[:, each.column(code)] < -2.5
    )
    learners = learner_ids(space, people.enrolled[each.enrolments[failing]])
    return Reteach(
        as_uuid(class_ids(space, people)[number]), code, frozenset(as_uuid(row) for row in learners)
    )


def _blocked(people: Roster, taught: list[Taught], space: str) -> list[tuple[UUID, str, str]]:
    found = []
    for each in taught:
        ids = learner_ids(space, people.enrolled[each.enrolments])
        current = {
            code
            for section in courses()[courses().index(each.course)].sections
            if WEEK_NOW - 6 <= section.opens_week <= WEEK_NOW and not section.review
            for code in section.codes
        }
        for code in sorted(current):
            for before in prerequisites().get(code, ()):
                if before not in each.papers.codes:
                    continue
                weak = (each.skill[:, each.column(code)] < WEAK) & (
                    each.skill[:, each.column(before)] < WEAK
                )
                found += [(as_uuid(ids[row]), code, before) for row in np.flatnonzero(weak)]
    return found
