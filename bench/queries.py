"""Times each page's question from state beside the same answer from the raw tables."""

import random
from dataclasses import asdict, dataclass
from functools import partial
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Engine

import privacy
from bench import asking, raw
from bench.asking import Scope, Statement
from bench.home import Home, Say
from bench.measuring import crowd, milliseconds, spread
from bench.questions import QUESTIONS, Question, same

TEACHERS: Final = 12
PAIRS: Final = 120  # measurements of either side, in turn
SLOW_PAIRS: Final = 8  # of the question about the whole district
AT_ONCE: Final = 16  # connections
ROUNDS: Final = 6  # of everybody at once
SLOW_ROUNDS: Final = 2
ROUND_SECONDS: Final = 2.0
SLOW_ROUND_SECONDS: Final = 10.0


class DifferentError(AssertionError):
    """The two sides do not say the same: no figure about them is worth anything."""


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
        began = perf_counter()
        statements = _state(home, one)
        ours = (perf_counter() - began) * 1000
        alone.append((statements, ours, milliseconds(partial(_raw, home.raw, one))))
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
        "at once": _at_once(home, ready, slow=question.ask is None),
    }


def _at_once(home: Home, ready: list[Ready], *, slow: bool) -> dict[str, Any]:
    """Sixteen connections that ask without pause, the two sides in turn."""
    seconds = SLOW_ROUND_SECONDS if slow else ROUND_SECONDS
    rounds, state_all, raw_all = [], [], []
    for _ in range(SLOW_ROUNDS if slow else ROUNDS):
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
        more = {"class": scope.classes[0].class_id}
    return Ready(scope, said, dict.fromkeys(question.files, more))


def _compared(home: Home, question: Question, one: Ready) -> int:
    """Says how many figures are the same on both sides; DifferentError when one is not."""
    state, raws = question.answers(home, one.scope, _raw(home.raw, one))
    wrong = [key for key in {**state, **raws} if not same(state.get(key), raws.get(key))]
    if wrong:
        first = wrong[0]
        raise DifferentError(
            f"{question.name}: {len(wrong)} of {len(state)} figures differ, such as that of "
            f"{first}: state says {state.get(first)}, the raw tables {raws.get(first)}. If "
            f"Chalkline has changed since the district was loaded, delete {home.settings.home}."
        )
    return len(state)


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
    """Each scope equally often, in an order that no cache can learn."""
    many = ready * (times // len(ready))
    random.Random(1).shuffle(many)
    return many
