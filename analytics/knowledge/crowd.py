"""The walk of `replay` for a thousand learners abreast: each one's next answer, then each one's
after that. What a refresh runs; a test holds it to `replay`, answer by answer.

A trace is a row of eight numbers in the order of `Trace`. A *place* is one learner's trace of one
skill; a *use* is one answer's use of a place (an answer to an item of two skills uses two).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaincc, expit

from analytics.knowledge.answers import Floats, Ints
from analytics.knowledge.estimating import beta, prior_forecast
from analytics.knowledge.features import FEATURES
from analytics.knowledge.model import BORROWED, Model
from analytics.knowledge.traces import (
    ABILITY_STEP,
    DOUBT_BOUNDS,
    FORETOLD_BOUNDS,
    FORM_STEP,
    GAP_ODDS,
    GAP_RIGHT,
    KEEP_OVERALL,
    KEEP_SKILL,
    OVERALL_HALF_LIFE_DAYS,
    SKILL_ABILITY_STEP,
    SKILL_FORM_STEP,
    Trace,
)
from analytics.mastery import HALF_LIFE_DAYS, LEAST_ANSWERS, MASTERY_LINE

RIGHT, WRONG, ABILITY, FORM, LAST, ANSWERS, WHEN, DOUBT = range(len(Trace._fields))
WEEK: Final = 7.0  # days: so often an estimate that nobody answers to fades by a step
_LIKELY: Final = 0.6  # no share below is sure to lie above the line: the costly function for few


@dataclass(frozen=True)
class Uses:
    """Answers, sorted by learner and time, and which places each of them uses.

    `learner`, `when` (days), `credit`, `ease` and `room` (a code for the class in which it was
    given) are per answer; `answer` and `place` per use, sorted by answer.
    """

    learner: Ints
    when: Floats
    credit: Floats
    ease: Floats
    room: Ints
    answer: Ints
    place: Ints


@dataclass(frozen=True)
class Beginnings:
    """Where a skill begins that a learner has not tried (Model.start), in codes: `needs` of each
    skill, `lifts` of each room by skill, `index` the place of (learner, skill) or -1."""

    needs: Sequence[Sequence[int]]
    lifts: Sequence[Mapping[int, float]]
    index: Ints

    @property
    def level(self) -> bool:
        """Whether every skill begins at nought."""
        return not any(self.needs) and not any(self.lifts)


@dataclass(frozen=True)
class Walked:
    """The traces after all answers; and of each use, its features, counts and answers after it."""

    overall: Floats
    traces: Floats
    rows: Floats
    right: Floats
    wrong: Floats
    evidence: Ints


def walk(
    uses: Uses, overall: Floats, traces: Floats, skill: Ints, beginnings: Beginnings
) -> Walked:
    """Takes every answer into the traces, which are copied. `skill` is the code of each place."""
    overall, traces = overall.copy(), traces.copy()
    count = len(uses.place)
    rows = np.zeros((count, len(FEATURES)))
    counts = np.zeros((count, 3))
    fresh = np.append(True, uses.learner[1:] != uses.learner[:-1])[: len(uses.learner)]
    begins = np.flatnonzero(fresh)
    position = np.arange(len(fresh)) - np.repeat(begins, np.diff(np.append(begins, len(fresh))))
    steps = int(position.max()) + 1 if len(position) else 0
    by_step = np.argsort(position, kind="stable")
    edges = np.searchsorted(position[by_step], np.arange(steps + 1))
    use_step = position[uses.answer]
    use_by_step = np.argsort(use_step, kind="stable")
    use_edges = np.searchsorted(use_step[use_by_step], np.arange(steps + 1))
    level = beginnings.level
    for step in range(steps):
        now = by_step[edges[step] : edges[step + 1]]
        used = use_by_step[use_edges[step] : use_edges[step + 1]]
        who, when = uses.learner[now], uses.when[now]
        mine = np.searchsorted(now, uses.answer[used])  # each use's answer among those of now
        place = uses.place[used]
        total = _aged(overall[who], when, OVERALL_HALF_LIFE_DAYS)
        parts = _aged(traces[place], when[mine], HALF_LIFE_DAYS)
        new = parts[:, ANSWERS] == 0
        parts[new] = 0.0
        if not level and new.any():
            parts[new, ABILITY] = [
                _begin(beginnings, traces, who[m], skill[p], when[m], uses.room[now[m]], {})
                for m, p in zip(mine[new], place[new], strict=True)
            ]
            parts[new, FORM] = parts[new, ABILITY]
        total, parts = _absorbed(total, parts, mine, uses.ease[now], uses.credit[now], when)
        overall[who], traces[place] = total, parts
        rows[used] = features(total[mine], parts)
        counts[used] = parts[:, [RIGHT, WRONG, ANSWERS]]
    return Walked(overall, traces, rows, counts[:, 0], counts[:, 1], counts[:, 2].astype(np.int64))


def _aged(traces: Floats, when: Floats, half_life: float) -> Floats:
    """The traces as time has worn them by `when`; one that is newer stays as it is."""
    keep = np.exp2(-np.maximum(when - traces[:, WHEN], 0.0) / half_life)[:, None]
    aged = traces * keep
    aged[:, ANSWERS] = traces[:, ANSWERS]
    aged[:, WHEN] = np.maximum(when, traces[:, WHEN])
    return aged


def _begin(
    beginnings: Beginnings,
    traces: Floats,
    learner: int,
    skill: int,
    when: float,
    room: int,
    told: dict[int, float],
) -> float:
    if skill not in told:
        told[skill] = 0.0  # a circle of prerequisites ends here
        levels = []
        for need in beginnings.needs[skill]:
            place = beginnings.index[learner, need]
            if place >= 0 and traces[place, ANSWERS] > 0:
                days = max(when - traces[place, WHEN], 0.0)
                levels.append(float(traces[place, ABILITY] * 2.0 ** (-days / HALF_LIFE_DAYS)))
            else:
                levels.append(_begin(beginnings, traces, learner, need, when, room, told))
        own = BORROWED * sum(levels) / len(levels) if levels else 0.0
        told[skill] = own + beginnings.lifts[room].get(skill, 0.0)
    return told[skill]


def _absorbed(
    total: Floats, parts: Floats, mine: Ints, ease: Floats, credit: Floats, when: Floats
) -> tuple[Floats, Floats]:
    many = len(total)
    share = (1.0 / np.maximum(np.bincount(mine, minlength=many), 1))[mine]
    known = total[:, ABILITY] + np.bincount(mine, share * parts[:, ABILITY], many)
    shown = total[:, FORM] + np.bincount(mine, share * parts[:, FORM], many)
    gap, form_gap = credit - expit(ease + known), credit - expit(ease + shown)
    foretold = np.clip(expit(ease + total[:, ABILITY]), *FORETOLD_BOUNDS)
    tells = credit * np.log(GAP_RIGHT / foretold)
    tells += (1.0 - credit) * np.log((1.0 - GAP_RIGHT) / (1.0 - foretold))
    nothing = np.zeros(many)
    return (
        _moved(total, KEEP_OVERALL, ABILITY_STEP, FORM_STEP, gap, form_gap, credit, when, nothing),
        _moved(
            parts, KEEP_SKILL, SKILL_ABILITY_STEP, SKILL_FORM_STEP,
            gap[mine], form_gap[mine], credit[mine], when[mine], tells[mine],
        ),
    )  # fmt: skip


def _moved(
    traces: Floats,
    keep: float,
    step: tuple[float, float],
    form_step: float,
    gap: Floats,
    form_gap: Floats,
    credit: Floats,
    when: Floats,
    tells: Floats,
) -> Floats:
    pace = step[0] * (1.0 + step[1] / (1.0 + traces[:, RIGHT] + traces[:, WRONG]))
    after = np.empty_like(traces)
    after[:, RIGHT] = traces[:, RIGHT] * keep + credit
    after[:, WRONG] = traces[:, WRONG] * keep + 1.0 - credit
    after[:, ABILITY] = traces[:, ABILITY] + pace * gap
    after[:, FORM] = traces[:, FORM] + form_step * form_gap
    after[:, LAST] = 2.0 * credit - 1.0
    after[:, ANSWERS] = traces[:, ANSWERS] + 1
    after[:, WHEN] = when
    after[:, DOUBT] = np.clip(traces[:, DOUBT] * keep + tells, *DOUBT_BOUNDS)
    return after


def features(total: Floats, parts: Floats) -> Floats:
    """Of places with their learners' overall traces; `again` and `run` are left at nought."""
    rows = np.zeros((len(parts), len(FEATURES)))
    for begin, traces in ((0, total), (5, parts)):
        rows[:, begin] = traces[:, ABILITY]
        rows[:, begin + 1] = traces[:, FORM]
        rows[:, begin + 2] = np.log1p(traces[:, RIGHT])
        rows[:, begin + 3] = np.log1p(traces[:, WRONG])
        rows[:, begin + 4] = traces[:, LAST]
    rows[:, 10] = expit(GAP_ODDS + parts[:, DOUBT])
    return rows


def faded(overall: Floats, traces: Floats, day: float) -> tuple[Floats, Floats]:
    """Both traces of each place (`overall` repeated for it) as of `day`, in whole weeks since the
    learner last answered on it: so a day's passing moves one estimate in seven."""
    weeks = np.floor(np.maximum(day - traces[:, WHEN], 0.0) / WEEK)
    when = traces[:, WHEN] + WEEK * weeks
    return _aged(overall, when, OVERALL_HALF_LIFE_DAYS), _aged(traces, when, HALF_LIFE_DAYS)


def surely(model: Model, walked: Walked, ease: Floats) -> Ints:
    """The uses after which mastery was sure; `ease` is that of each use's skill."""
    rows = np.flatnonzero(walked.evidence >= LEAST_ANSWERS)
    prior = prior_forecast(model, walked.rows[rows], ease[rows])
    a, b = beta(model, prior, walked.right[rows], walked.wrong[rows])
    likely = a > _LIKELY * (a + b)
    sure = betaincc(a[likely], b[likely], MASTERY_LINE) >= model.sure
    found: Ints = rows[likely][sure]
    return found
