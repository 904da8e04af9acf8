"""Finds learners by full name, and classes, competencies and courses by a part of theirs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, or_, select

import privacy
from db.tables import Competency, ContentCompetency, Section
from privacy import Viewer, people
from queries.students.classes import TaughtClass, taught_classes

MOST: Final = 8  # of each kind; more than that is a list to scroll, not an answer
SHORTEST: Final = 2  # letters; one would find half of everything


@dataclass(frozen=True)
class FoundCompetency:
    """A competency that a class of the viewer's works on."""

    code: str
    title: str
    class_label: str


@dataclass(frozen=True)
class Found:
    """What a person's words stand for, among what she may see."""

    learners: tuple[tuple[UUID, str], ...]
    classes: tuple[TaughtClass, ...]
    competencies: tuple[FoundCompetency, ...]
    courses: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.learners or self.classes or self.competencies or self.courses)


def find(viewer: Viewer, *, typed: str) -> Found:
    """Learners of exactly that full name; of the rest, whatever has the words in its name."""
    words = typed.split()
    with privacy.session(viewer) as db:
        named = _called(db, viewer, typed)
        classes = taught_classes(db, viewer)
        if len(typed.strip()) < SHORTEST:
            return Found(named, (), (), ())
        competencies = _competencies(db, classes, words)
    return Found(
        named,
        tuple(one for one in classes if _has(words, one.label))[:MOST],
        tuple(competencies)[:MOST],
        tuple(dict.fromkeys(one.course for one in classes if _has(words, one.course)))[:MOST],
    )


def _called(db: Connection, viewer: Viewer, typed: str) -> tuple[tuple[UUID, str], ...]:
    names = people.names(db, viewer, people.find_by_name(db, viewer, typed))
    return tuple((learner, str(name)) for learner, name in names.items())


def _has(words: Iterable[str], name: str) -> bool:
    """Whether every word stands in the name, in any case.

    >>> _has(["maths", "7"], "Mathematics 7"), _has(["math", "7"], "Mathematics 7, period 2")
    (False, True)
    """
    return all(word.casefold() in name.casefold() for word in words)


def _competencies(
    db: Connection, classes: Sequence[TaughtClass], words: Sequence[str]
) -> list[FoundCompetency]:
    """Each competency once, in the first class (by label) that works on it."""
    named = [
        or_(
            Competency.code.icontains(word, autoescape=True),
            Competency.title.icontains(word, autoescape=True),
        )
        for word in words
    ]
    rows = db.execute(
        select(Competency.code, Competency.title, Section.course_id)
        .distinct()
        .join(ContentCompetency, ContentCompetency.competency_id == Competency.competency_id)
        .join(Section, Section.section_id == ContentCompetency.section_id)
        .where(Section.course_id.in_({one.course_id for one in classes}), *named)
        .order_by(Competency.code)
    ).all()
    labels: dict[UUID, str] = {}
    for one in classes:
        labels.setdefault(one.course_id, one.label)
    found: dict[str, FoundCompetency] = {}
    for code, title, course in rows:
        found.setdefault(code, FoundCompetency(code, title, labels[course]))
    return list(found.values())
