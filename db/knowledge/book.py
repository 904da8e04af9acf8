"""What the model remembers of some learners, as arrays: brought in, carried on, written down."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import orjson
from numpy.typing import NDArray

from analytics.knowledge import Model, crowd, estimates
from analytics.knowledge.crowd import ANSWERS, RIGHT, WRONG, Beginnings, Uses, Walked
from analytics.knowledge.traces import Trace
from analytics.mastery import Estimates
from db.knowledge.answers import SECONDS_A_DAY, Answers
from db.knowledge.store import InUse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
UNKNOWN: Final = np.nan


@dataclass(frozen=True)
class Book:
    """Learners by row of `overall`, and the places (a learner and a competency) by row of `traces`.

    `credit`, `level` (Bloom's, 0 unknown), `first`, `last` (seconds since 1970), `spent` (seconds,
    NaN unknown), `reached` and `minutes` (when mastery was first sure, and time until then; NaN)
    are per place.
    """

    learners: list[UUID]
    skills: list[UUID]
    overall: Floats
    learner: Ints
    skill: Ints
    traces: Floats
    credit: Floats
    level: Ints
    first: Floats
    last: Floats
    spent: Floats
    reached: Floats
    minutes: Floats

    def states(self) -> list[str]:
        """The places' model_state, as JSON."""
        return [
            orjson.dumps(
                {
                    "trace": trace,
                    "spent": None if np.isnan(spent) else spent,
                    "reached": None
                    if np.isnan(reached)
                    else [reached, None if np.isnan(minutes) else minutes],
                }
            ).decode()
            for trace, spent, reached, minutes in zip(
                self.traces.tolist(),
                self.spent.round(3).tolist(),
                self.reached.tolist(),
                self.minutes.round(3).tolist(),
                strict=True,
            )
        ]


def opened(
    learners: Sequence[UUID], overall: dict[UUID, list[float]], held: Sequence[Any], found: Answers,
    use: InUse,
) -> Book:  # fmt: skip
    """The book before new answers: what is held, and an empty place for each new competency.

    `held` rows: learner_id, competency_id, model_state, credit, level, first_at, last_at.
    """
    named = {UUID(one) for one in use.model.prerequisites}
    named |= {UUID(need) for needs in use.model.prerequisites.values() for need in needs}
    skills = sorted(named | set(found.competencies) | {row.competency_id for row in held})
    row_of = {one: row for row, one in enumerate(learners)}
    code_of = {one: code for code, one in enumerate(skills)}
    mine = np.array([row_of[one] for one in found.learners], dtype=np.int64)
    theirs = np.array([code_of[one] for one in found.competencies], dtype=np.int64)
    new = mine[found.learner] * len(skills) + theirs[found.competency]
    old = np.array(
        [row_of[r.learner_id] * len(skills) + code_of[r.competency_id] for r in held],
        dtype=np.int64,
    )
    keys = np.unique(np.concatenate([old, new]))
    places = np.searchsorted(keys, old)
    total = np.zeros((len(learners), len(Trace._fields)))
    for one, trace in overall.items():
        total[row_of[one]] = trace
    book = Book(
        learners=list(learners),
        skills=skills,
        overall=total,
        learner=keys // max(len(skills), 1),
        skill=keys % max(len(skills), 1),
        traces=np.zeros((len(keys), len(Trace._fields))),
        credit=np.zeros(len(keys)),
        level=np.zeros(len(keys), dtype=np.int64),
        first=np.full(len(keys), np.inf),
        last=np.zeros(len(keys)),
        spent=np.zeros(len(keys)),
        reached=np.full(len(keys), np.nan),
        minutes=np.full(len(keys), np.nan),
    )
    for place, row in zip(places.tolist(), held, strict=True):
        state = row.model_state
        book.traces[place] = state["trace"]
        book.credit[place], book.level[place] = row.credit, row.level
        book.first[place], book.last[place] = row.first_at, row.last_at
        book.spent[place] = np.nan if state["spent"] is None else state["spent"]
        if state["reached"]:
            when, minutes = state["reached"]
            book.reached[place] = when
            book.minutes[place] = np.nan if minutes is None else minutes
    return book


def carried_on(book: Book, found: Answers, use: InUse) -> Book:
    """The book with these answers in it."""
    if not len(found.at):
        return book
    row_of = {one: row for row, one in enumerate(book.learners)}
    code_of = {one: code for code, one in enumerate(book.skills)}
    mine = np.array([row_of[one] for one in found.learners], dtype=np.int64)
    theirs = np.array([code_of[one] for one in found.competencies], dtype=np.int64)
    index = np.full((len(book.learners), len(book.skills)), -1, dtype=np.int64)
    index[book.learner, book.skill] = np.arange(len(book.learner))
    place = index[mine[found.learner], theirs[found.competency]]
    uses = uses_of(found, use.model, mine, place)
    needs = [
        [code_of[UUID(need)] for need in use.model.prerequisites.get(str(skill), ())]
        for skill in book.skills
    ]
    lifts = [
        {
            code_of[UUID(s)]: lift
            for s, lift in use.lifts.get(room, {}).items()
            if UUID(s) in code_of
        }
        for room in found.rooms
    ]
    walked = crowd.walk(
        uses, book.overall, book.traces, book.skill, Beginnings(needs, lifts, index)
    )
    return _summed(book, found, place, walked, use.model)


def uses_of(found: Answers, model: Model, learner: Ints, place: Ints) -> Uses:
    """The answers as `crowd.walk` takes them; `learner` gives the row of each learner's code."""
    opens = np.flatnonzero(found.opens == 1)
    return Uses(
        learner=learner[found.learner[opens]],
        when=found.at[opens] / SECONDS_A_DAY,
        credit=found.credit[opens],
        ease=eases(found, model)[opens],
        room=found.room[opens],
        answer=np.cumsum(found.opens) - 1,
        place=place,
    )


def eases(found: Answers, model: Model) -> Floats:
    """How easy the item of each entry is."""
    asked: dict[int, tuple[str, ...]] = {}
    for item, skill in sorted(
        set(zip(found.item.tolist(), found.competency.tolist(), strict=True))
    ):
        asked[item] = (*asked.get(item, ()), str(found.competencies[skill]))
    ease = [model.ease(str(one), asked[code]) for code, one in enumerate(found.items)]
    return np.array(ease, dtype=np.float64)[found.item]


def _summed(book: Book, found: Answers, place: Ints, walked: Walked, model: Model) -> Book:
    """Counts, dates and times, now that the traces are known."""
    count = len(book.learner)
    level, first, last = book.level.copy(), book.first.copy(), book.last.copy()
    np.maximum.at(level, place, np.where(found.credit >= 1, found.level, 0))
    np.minimum.at(first, place, found.at)
    np.maximum.at(last, place, found.at)
    seconds = np.where(found.seconds < 0, UNKNOWN, found.seconds)
    reached, minutes = book.reached.copy(), book.minutes.copy()
    ease = skill_ease(book, model)[place]
    sure = crowd.surely(model, walked, ease)
    earliest = np.full(count, len(place), dtype=np.int64)
    np.minimum.at(earliest, place[sure], sure)
    new = np.flatnonzero((earliest < len(place)) & np.isnan(reached))
    reached[new] = found.at[earliest[new]]
    until = np.zeros(count)
    early = np.arange(len(place)) <= earliest[place]
    np.add.at(until, place[early], seconds[early])
    minutes[new] = ((book.spent + until) / 60)[new]
    spent = book.spent.copy()
    np.add.at(spent, place, seconds)
    return Book(
        book.learners, book.skills, walked.overall, book.learner, book.skill, walked.traces,
        book.credit + np.bincount(place, found.credit, count), level, first, last, spent, reached,
        minutes,
    )  # fmt: skip


def skill_ease(book: Book, model: Model) -> Floats:
    """How easy the usual question of each place's competency is."""
    ease = [model.skill_ease(str(one)) for one in book.skills]
    return np.array(ease, dtype=np.float64)[book.skill]


def said(model: Model, overall: Floats, traces: Floats, ease: Floats, day: float) -> Estimates:
    """What is said of places (`overall` repeated for each) on a day, in days since 1970."""
    total, parts = crowd.faded(overall, traces, day)
    return estimates(
        model,
        crowd.features(total, parts),
        ease,
        parts[:, RIGHT],
        parts[:, WRONG],
        parts[:, ANSWERS].astype(np.int64),
    )
