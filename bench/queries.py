"""Times each page's question from state beside the same answer from the raw tables."""

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from math import isclose
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, select

import privacy
from analytics.rules import LOW_MASTERY
from bench import asking, raw
from bench.asking import Scope, Statement
from bench.home import Home, Say
from bench.measuring import crowd, milliseconds, spread
from db.tables import Mastery

TEACHERS: Final = 12
PAIRS: Final = 120  # measurements of either side, in turn
SLOW_PAIRS: Final = 8  # of the question about the whole district
AT_ONCE: Final = 16  # connections
ROUNDS: Final = 6  # of everybody at once
ROUND_SECONDS: Final = 2.0
ROUND_SLOW: Final = 10.0


class Different(AssertionError):
    """The two sides do not say the same: no figure about them is worth anything."""


@dataclass(frozen=True)
class Question:
    """One question: how the page asks it, how the raw tables answer, and the figure to reach."""

    name: str
    to_reach: float  # milliseconds, p50 of the statements: twice DESIGN.md's prototype
    ask: Callable[[Scope], object] | None  # None: a job's own, with no page behind it
    tables: tuple[str, ...]
    files: tuple[str, ...]
    answers: Callable[[Home, Scope, Sequence[Any]], tuple[Any, Any]]
    one_class: bool = False


@dataclass(frozen=True)
class Ready:
    """A question about one scope: what either side sends."""

    scope: Scope
    said: list[Statement]
    files: dict[str, dict[str, Any]]


def run(home: Home, say: Say) -> list[dict[str, Any]]:
    """Compares, then measures, question by question; one dict each."""
    return [_measured(home, question, say) for question in QUESTIONS]


def _measured(home: Home, question: Question, say: Say) -> dict[str, Any]:
    teachers = asking.scopes(home, TEACHERS if question.ask else 1)
    if question.one_class:
        teachers = [scope.one for scope in teachers]
    say(f"{question.name}: comparing {len(teachers)} answers ...")
    ready = [_ready(home, question, scope) for scope in teachers]
    size = sum(_compared(home, question, one) for one in ready)
    say(f"{question.name}: measuring ...")
    alone, wholes = [], []
    for one in _shuffled(ready, PAIRS if question.ask else SLOW_PAIRS):
        sent: list[float] = []
        ours = milliseconds(lambda one=one: sent.append(_state(home, one)))  # type: ignore[misc]
        theirs = milliseconds(lambda one=one: _raw(home.raw, one))  # type: ignore[misc]
        alone.append((sent[0], ours, theirs))
        if question.ask:
            wholes.append(milliseconds(partial(question.ask, one.scope)))
    return {
        "question": question.name,
        "figures in the answer": size // len(ready),
        "to reach": question.to_reach,
        "statements": asdict(spread([one[0] for one in alone])),
        "state": asdict(spread([one[1] for one in alone])),
        "raw": asdict(spread([one[2] for one in alone])),
        "ratio": asdict(spread([one[2] / one[1] for one in alone])),
        "whole question": asdict(spread(wholes)) if wholes else None,
        "at once": _at_once(home, ready, ROUND_SECONDS if question.ask else ROUND_SLOW),
    }


def _at_once(home: Home, ready: list[Ready], seconds: float) -> dict[str, Any]:
    """Sixteen connections that ask without pause, the two sides in turn."""
    rounds = []
    state_all, raw_all = [], []
    for _ in range(ROUNDS if seconds == ROUND_SECONDS else 2):
        state = crowd(
            lambda n: _state(home, ready[n % len(ready)]), people=AT_ONCE, seconds=seconds
        )
        raws = crowd(
            lambda n: _raw(home.raw, ready[n % len(ready)]), people=AT_ONCE, seconds=seconds
        )
        rounds.append(spread(raws).p50 / spread(state).p50)
        state_all += state
        raw_all += raws
    return {
        "state": asdict(spread(state_all)),
        "raw": asdict(spread(raw_all)),
        "ratio": asdict(spread(rounds)),
    }


def _ready(home: Home, question: Question, scope: Scope) -> Ready:
    more: dict[str, Any] = {}
    if question.ask is None:
        with home.jobs.begin() as connection:
            said = asking.statements(
                home.jobs, lambda: asking.schools(connection, scope), question.tables
            )
    else:
        ask = partial(question.ask, scope)
        said = asking.statements(privacy.door().engine, ask, question.tables)
    if "heatmap" in question.files:
        found = asking.heatmap(scope)
        more = {
            "class": scope.classes[0].class_id,
            "competencies": [one.competency_id for one in found.competencies],
        }
    return Ready(scope, said, {name: more for name in question.files})


def _compared(home: Home, question: Question, one: Ready) -> int:
    """Says how many figures are the same on both sides; Different when one is not."""
    state, raws = question.answers(home, one.scope, _raw(home.raw, one))
    wrong = [key for key in {**state, **raws} if not same(state.get(key), raws.get(key))]
    if wrong:
        first = wrong[0]
        raise Different(
            f"{question.name}: {len(wrong)} of {len(state)} figures differ, such as that of "
            f"{first}: state says {state.get(first)}, the raw tables {raws.get(first)}."
        )
    return len(state)


def same(one: object, other: object) -> bool:
    """Equal, with figures as near as four bytes hold them.

    >>> same((3, 0.1234567, "mastered"), (3, 0.1234568, "mastered")), same((3, 0.12), (3, 0.13))
    (True, False)
    """
    match one, other:
        case (float(), float()):
            return isclose(one, other, rel_tol=1e-5, abs_tol=1e-5)
        case (tuple(), tuple()):
            return len(one) == len(other) and all(map(same, one, other))
        case _:
            return one == other


def _state(home: Home, one: Ready) -> float:
    """Sends what the page sends; a job's question as the job."""
    if one.files.keys() != {"schools"}:
        return asking.replayed(one.scope.viewer, one.said)
    with home.jobs.begin() as connection:
        return milliseconds(
            lambda: [connection.exec_driver_sql(s.sql, s.parameters).all() for s in one.said]
        )


def _raw(engine: Engine, one: Ready) -> list[Any]:
    with engine.begin() as connection:
        return [raw.look(connection, name, one.scope, **more) for name, more in one.files.items()]


def _shuffled(ready: list[Ready], times: int) -> list[Ready]:
    """Each scope equally often, once beforehand to warm up nothing but the timing's own code."""
    many = ready * (times // len(ready))
    random.Random(1).shuffle(many)
    return many


def _triage(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    """All flags but those of mastery (the heatmap compares that), and each flagged one's weeks."""
    activity, work, attendance = rows
    found = asking.triage(scope, most=asking.EVERYBODY).learners
    state = {
        (reason.class_id, one.learner_id, reason.rule): dict(reason.evidence)
        for one in found
        for reason in one.reasons
        if reason.rule != LOW_MASTERY
    }
    raws: dict[Any, Any] = dict(raw.findings(activity, work, attendance, scope.viewer.today))
    weeks = raw.weekly(activity)
    flagged = [one for one in found if one.learner_id in weeks]
    return (
        state | {one.learner_id: tuple(one.weekly_clicks) for one in flagged},
        raws | {one.learner_id: weeks[one.learner_id] for one in flagged},
    )


def _heatmap(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    cells = asking.heatmap(scope).cells
    state = {
        (row.learner, row.competency): (row.count, row.value, row.label)
        for row in cells.itertuples(index=False)
    }
    return state, raw.estimates(rows[0], _priors(home))


def _priors(home: Home) -> dict[UUID, float]:
    """Where estimates start: a mean over the district, given to the raw side as a gift."""
    with home.jobs.begin() as connection:
        rows = connection.execute(
            select(Mastery.competency_id, Mastery.model_state)
            .where(Mastery.district_id == home.district_id)
            .distinct(Mastery.competency_id)
        ).all()
    return {competency: float(state["prior"]) for competency, state in rows}


def _items(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    found = asking.content(scope)
    state, offered = {}, {}
    for one in found.items:
        offered[one.item_id] = {choice.key for choice in one.choices}
        figures = (one.difficulty, one.discrimination, one.upper, one.lower)
        chosen = {choice.key: choice.chosen for choice in one.choices if choice.chosen}
        state[one.item_id] = (one.learners, *figures, chosen)
    raws = {
        item: (*figures[:-1], {k: n for k, n in figures[-1].items() if k in offered.get(item, ())})
        for item, figures in raw.item_figures(rows[0], found.k).items()
    }
    return state, raws


def _sections(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    found = asking.content(scope)
    state = {
        (one.unit, one.position): (
            one.started,
            one.completed,
            one.timed,
            one.minutes,
            one.checked,
            one.sum_understood,
            one.helped,
        )
        for one in found.sections
    }
    return state, raw.section_figures(rows[0], found.k)


def _schools(home: Home, scope: Scope, rows: Sequence[Any]) -> tuple[Any, Any]:
    with home.jobs.begin() as connection:
        state = asking.schools(connection, scope)
    return _by_school(state), _by_school(rows[0])


def _by_school(rows: Sequence[Any]) -> dict[Any, Any]:
    return {
        (row.school_id, row.grade_level): (
            row.learners,
            row.active_28,
            row.sum_progress or 0.0,
            row.sum_score or 0.0,
            row.scored,
            row.chronically_absent,
        )
        for row in rows
    }


def _same_course(scope: Scope) -> Scope:
    course = scope.classes[0].course_id
    mine = tuple(one for one in scope.classes if one.course_id == course)
    return Scope(scope.viewer, mine, scope.cut, scope.timezone)


_TRIAGE = ("activity", "work", "attendance")
QUESTIONS: Final = (
    Question(
        "Whom to see, one class",
        1.0,
        asking.triage,
        ("flags", "enrollment_state"),
        _TRIAGE,
        _triage,
        one_class=True,
    ),
    Question(
        "Whom to see, all classes",
        2.8,
        asking.triage,
        ("flags", "enrollment_state"),
        _TRIAGE,
        _triage,
    ),
    Question(
        "Mastery of a class",
        1.4,
        asking.heatmap,
        ("enrollments", "mastery"),
        ("heatmap",),
        _heatmap,
        one_class=True,
    ),
    Question(
        "A course's questions", 1.6, asking.content, ("assessment_state",), ("items",), _items
    ),
    Question(
        "A course's sections", 1.6, asking.content, ("section_state",), ("sections",), _sections
    ),
    Question(
        "Schools and grades", 2.2, None, ("school_grade_state",), ("schools",), _schools
    ),
)
