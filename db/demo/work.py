"""Lets a school's learners do the work they are set: hand in, answer item by item, be marked."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from db.demo.arrays import Bools, Days, Floats, Ints, Spans, logistic, stream
from db.demo.days import SchoolDays
from db.demo.papers import Items, Paper
from db.demo.roster import PER_SCHOOL, SHOCK, WORK, Roster
from db.demo.skills import Taught

GUESSING = 0.2
SURE_OF_A_MISTAKE = -2.2  # below this skill a learner no longer guesses: she has it wrong
_NEWLY_TAUGHT, _REVISED = -0.15, 0.2  # how skill differs at a quiz, and at the unit's test
_WORDY = 1.3  # how much harder a wordy item is in a language not spoken at home


@dataclass(frozen=True)
class Attempts:
    """One entry an attempt; percent is NaN until it is marked."""

    enrolment: Ints
    paper: Ints
    started_at: Days
    submitted_at: Days
    marked_at: Days
    seconds: Ints
    percent: Floats


@dataclass(frozen=True)
class Responses:
    """One entry an answer; `attempt` counts within its course and school."""

    attempt: Ints
    item: Ints
    answered_at: Days
    option: Ints
    credit: Floats
    seconds: Floats


_Either = TypeVar("_Either", Attempts, Responses)


def work_done(
    people: Roster, taught: Taught, days: SchoolDays, school: int
) -> tuple[Attempts, Responses]:
    """What a school's learners of one course have handed in so far."""
    rng = stream(people.seed, people.scale, "work", taught.course.code, school)
    mine = people.school[people.enrolled[taught.enrolments]] == school
    enrolment, skill = taught.enrolments[mine], taught.skill[mine]
    lessons = taught.by_section[mine]
    due = taught.papers.due(people.year, people.enrolled_in[enrolment] % 2)
    attempts: list[Attempts] = []
    responses: list[Responses] = []
    done = 0
    for number, paper in enumerate(taught.papers.papers):
        if not people.year.past(due[number] - np.timedelta64(2, "D")).any():
            continue
        handed_in, day = _handed_in(people, paper, enrolment, due[number], days, rng)
        chosen = np.flatnonzero(handed_in)
        if len(chosen) == 0:
            continue
        begin = people.year.midnight[day[chosen]] + _second(paper, len(chosen), rng)
        if paper.kind == "homework":
            assert paper.section is not None
            marked = _homework(people, enrolment[chosen], lessons[chosen, paper.section], rng)
            attempts.append(_marked_later(people, number, enrolment[chosen], begin, marked, rng))
        else:
            shift = _REVISED if paper.kind == "test" else _NEWLY_TAUGHT
            columns = [taught.column(code) for code in taught.papers.items.code[paper.items]]
            at = skill[chosen][:, columns] + shift
            sat, answered = _answered(
                people, taught.papers.items, paper, number, enrolment[chosen], at, begin, done, rng
            )
            attempts.append(sat)
            responses.append(answered)
        done += len(chosen)
    return _all(attempts, Attempts), _all(responses, Responses)


def _second(paper: Paper, count: int, rng: np.random.Generator) -> Spans:
    """When in the day: homework after school, the rest in lessons."""
    hour = (14.5, 1.5) if paper.kind == "homework" else (8.5, 5.0)
    return (3600 * (hour[0] + hour[1] * rng.random(count))).astype(np.int64).astype("m8[s]")


def _handed_in(
    people: Roster,
    paper: Paper,
    enrolment: Ints,
    due: Days,
    days: SchoolDays,
    rng: np.random.Generator,
) -> tuple[Bools, Ints]:
    """Who has handed in, and on which of the year's school days."""
    year, learner = people.year, people.enrolled[enrolment]
    count, last = len(year.days), len(year.days) - 1
    position = year.position(due)
    struck = (people.cause[learner] == SHOCK) & (due >= people.onset[learner])
    idle = (people.cause[learner] == WORK) & (due >= people.onset[learner])
    there = days.there()[learner - school_start(learner)]
    if paper.kind == "homework":
        likely = logistic(3.8 + 0.6 * people.engagement[learner])
        late = rng.random(len(learner)) < 0.07
        moved = np.where(late, rng.integers(1, 5, len(learner)), -rng.integers(0, 3, len(learner)))
        day = position + moved
    else:
        likely = np.full(len(learner), 0.995)
        absent = ~there[np.arange(len(learner)), np.minimum(position, last)]
        likely = np.where(absent, 0.82, likely)
        day = position + np.where(absent, rng.integers(1, 6, len(learner)), 0)
    likely = np.where(struck, 0.12, np.where(idle, 0.15, likely))
    # Whoever is away does it on the next day at school, or not at all.
    for _ in range(3):
        away = (day < count) & ~there[np.arange(len(learner)), np.clip(day, 0, last)]
        day = day + away
    inside = (day >= 0) & (day < count)
    at_school = there[np.arange(len(learner)), np.clip(day, 0, last)]
    return inside & at_school & (rng.random(len(learner)) < likely), np.clip(day, 0, last)


def school_start(learner: Ints) -> int:
    """The number of the first learner of their school."""
    return int(learner[0]) // PER_SCHOOL * PER_SCHOOL


def _homework(people: Roster, enrolment: Ints, skill: Floats, rng: np.random.Generator) -> Floats:
    effort = people.engagement[people.enrolled[enrolment]]
    value = 76 + 9 * np.tanh(skill) + 4 * effort + rng.normal(0, 7, len(skill))
    return np.round(np.clip(value, 5, 100) / 5) * 5


def _marked_later(
    people: Roster,
    number: int,
    enrolment: Ints,
    begin: Days,
    percent: Floats,
    rng: np.random.Generator,
) -> Attempts:
    seconds = rng.integers(900, 3600, len(begin))
    handed = begin + seconds.astype("m8[s]")
    marked = handed + rng.integers(20, 90, len(begin)).astype("m8[h]")
    unmarked = ~people.year.past(marked)
    return Attempts(
        enrolment=enrolment,
        paper=np.full(len(enrolment), number),
        started_at=begin,
        submitted_at=handed,
        marked_at=np.where(unmarked, np.datetime64("NaT"), marked),
        seconds=seconds,
        percent=np.where(unmarked, np.nan, percent),
    )


def _answered(
    people: Roster,
    items: Items,
    paper: Paper,
    number: int,
    enrolment: Ints,
    skill: Floats,
    begin: Days,
    done: int,
    rng: np.random.Generator,
) -> tuple[Attempts, Responses]:
    part = paper.items
    wordy = (
        items.wordy[part][None, :] & (people.home_language[people.enrolled[enrolment]] > 0)[:, None]
    )
    steep = items.discrimination[part]
    able = logistic(1.6 * steep * (skill - _WORDY * wordy - items.difficulty[part]))
    guesses = GUESSING * logistic(4 * (skill - SURE_OF_A_MISTAKE))
    knows = rng.random(skill.shape) < guesses + (1 - guesses) * able
    cut = np.cumsum(items.popularity[part], axis=1)
    draw = rng.random(skill.shape)
    mistake = (draw > cut[:, 0]).astype(np.int64) + (draw > cut[:, 1])
    right = items.right[part]
    option = np.where(knows, right, (right + 1 + mistake) % 4)
    credit = (option == items.key[part]).astype(np.float64)
    seconds: Floats = np.clip(rng.lognormal(3.9, 0.5, skill.shape), 4, 400).round(1)
    passed = np.cumsum(seconds, axis=1)
    answered = begin[:, None] + passed.astype(np.int64).astype("m8[s]")
    size = skill.shape[1]
    attempts = Attempts(
        enrolment=enrolment,
        paper=np.full(len(enrolment), number),
        started_at=begin,
        submitted_at=answered[:, -1],
        marked_at=answered[:, -1],
        seconds=passed[:, -1].astype(np.int64),
        percent=np.round(100 * credit.mean(axis=1), 1),
    )
    return attempts, Responses(
        attempt=np.repeat(done + np.arange(len(enrolment)), size),
        item=np.tile(np.arange(part.start, part.stop), len(enrolment)),
        answered_at=answered.ravel(),
        option=option.ravel(),
        credit=credit.ravel(),
        seconds=seconds.ravel(),
    )


def _all(parts: list[_Either], kind: type[_Either]) -> _Either:
    """Several as one."""
    names = kind.__dataclass_fields__
    return kind(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})
