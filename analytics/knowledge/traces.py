"""What is remembered of a learner, and how one more answer changes it.

A learner carries one trace over all her answers and one per skill, eight numbers each. A right
answer moves every number of a trace up or leaves it (`wrong` and `doubt` down), a wrong one the
other way: with weights of fixed sign, one more right answer can therefore never lower an estimate.

`ability` and `form` are running Elo ratings in log-odds (a slow one and a fast one), so a right
answer to a hard item counts for more; `right` and `wrong` are counts in which older answers fade;
`last` is the latest result (1, -1). `doubt` tells whether she stands on a skill where her other
work says, or has a gap there as a learner has who missed the lesson: the log of how much likelier
her answers are in that case (two states, as in BKT: Corbett & Anderson 1995). Ratings alone take
a dozen wrong answers to believe in a gap. With time everything fades toward nought.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from typing import Final, NamedTuple

from analytics.knowledge.answers import Skills
from analytics.mastery import HALF_LIFE_DAYS

OVERALL_HALF_LIFE_DAYS: Final = 365.0  # general ability outlives a summer; one skill fades sooner
KEEP_OVERALL: Final = 0.998  # what an older answer keeps of its weight when one more arrives
KEEP_SKILL: Final = 0.95
ABILITY_STEP: Final = (0.08, 8.0)  # Elo step: first * (1 + second / (1 + answers))
SKILL_ABILITY_STEP: Final = (0.15, 3.0)
FORM_STEP: Final = 0.35
SKILL_FORM_STEP: Final = 0.5
GAP_RIGHT: Final = 0.2  # of a skill she lacks, a learner answers one question in five right
GAP_ODDS: Final = -5.0  # log-odds of a gap before any answer: one skill in 150
DOUBT_BOUNDS: Final = (-3.0, 9.0)  # so that neither years of success nor of failure stay for ever
FORETOLD_BOUNDS: Final = (0.3, 0.95)  # above GAP_RIGHT: a right answer must speak against a gap


class Trace(NamedTuple):
    """Eight numbers that stand for a history; `when` in days, `answers` plainly counted."""

    right: float = 0.0
    wrong: float = 0.0
    ability: float = 0.0
    form: float = 0.0
    last: float = 0.0
    answers: int = 0
    when: float = 0.0
    doubt: float = 0.0


NEW: Final = Trace()

Start = Callable[[str, Mapping[str, Trace], float], float]  # skill, her traces, day -> log-odds


def no_start(skill: str, skills: Mapping[str, Trace], now: float) -> float:
    """Every skill begins level with the learner's overall ability."""
    return 0.0


@dataclass(frozen=True)
class State:
    """All that is kept of one learner. `asked` are the skills of her latest answer, `run` how
    many answers in a row have asked for just these."""

    overall: Trace = NEW
    skills: Mapping[str, Trace] = field(default_factory=dict)
    asked: Skills = ()
    run: int = 0

    def to_json(self) -> dict[str, object]:
        """Lists and numbers that `json.dumps` takes."""
        skills = {skill: list(trace) for skill, trace in self.skills.items()}
        return {
            "overall": list(self.overall),
            "skills": skills,
            "asked": list(self.asked),
            "run": self.run,
        }

    @staticmethod
    def from_json(stored: Mapping[str, object]) -> "State":
        """The state that `to_json` gave; a ValueError when it is something else."""
        match stored:
            case {"overall": list(total), "skills": dict(skills), "asked": list(a), "run": int(n)}:
                traces = {str(skill): _trace(row) for skill, row in skills.items()}
                return State(_trace(total), traces, tuple(map(str, a)), n)
            case _:
                raise ValueError(_NOT_A_STATE)


_NOT_A_STATE: Final = (
    "This is not a learner's stored knowledge state: it needs overall, skills, asked and run. "
    "Replay her answers to make a new one."
)


def _trace(row: object) -> Trace:
    if not isinstance(row, list) or len(row) != len(Trace._fields):
        raise ValueError(_NOT_A_STATE)
    right, wrong, ability, form, last = (float(value) for value in row[:5])
    return Trace(right, wrong, ability, form, last, int(row[5]), float(row[6]), float(row[7]))


def aged(trace: Trace, *, now: float, half_life: float) -> Trace:
    """The trace as time has worn it: half of it left after `half_life` days.

    >>> aged(Trace(right=4.0, ability=1.0, answers=4), now=60.0, half_life=60.0)[:3]
    (2.0, 0.0, 0.5)
    """
    days = now - trace.when
    if days <= 0:
        return trace
    keep = 2.0 ** (-days / half_life)
    return Trace(
        trace.right * keep,
        trace.wrong * keep,
        trace.ability * keep,
        trace.form * keep,
        trace.last * keep,
        trace.answers,
        now,
        trace.doubt * keep,
    )


def overall_at(state: State, now: float) -> Trace:
    """The learner's overall trace on day `now`."""
    return aged(state.overall, now=now, half_life=OVERALL_HALF_LIFE_DAYS)


def skill_at(skills: Mapping[str, Trace], skill: str, now: float, start: Start) -> Trace:
    """Her trace of one skill on day `now`. A skill never tried begins where `start` says; one left
    alone fades to the learner's overall level."""
    trace = skills.get(skill)
    if trace is None:
        level = start(skill, skills, now)
        return Trace(ability=level, form=level, when=now)
    return aged(trace, now=now, half_life=HALF_LIFE_DAYS)


def absorb(
    overall: Trace, traces: Sequence[Trace], *, ease: float, credit: float, when: float
) -> tuple[Trace, list[Trace]]:
    """Both traces after one answer; `ease` in log-odds is how easy its item is.

    >>> total, (skill,) = absorb(NEW, [NEW], ease=0.0, credit=1.0, when=0.0)
    >>> round(total.ability, 2), round(skill.ability, 2), total.right, skill.last
    (0.36, 0.3, 1.0, 1.0)
    """
    share = 1.0 / max(len(traces), 1)  # an item of no skill tells of the whole alone
    known, shown = overall.ability, overall.form
    for trace in traces:
        known += share * trace.ability
        shown += share * trace.form
    gap = credit - chance(ease + known)
    form_gap = credit - chance(ease + shown)
    tells = told(chance(ease + overall.ability), credit)
    after = _moved(overall, KEEP_OVERALL, ABILITY_STEP, FORM_STEP, gap, form_gap, credit, when, 0.0)
    return after, [
        _moved(
            t, KEEP_SKILL, SKILL_ABILITY_STEP, SKILL_FORM_STEP, gap, form_gap, credit, when, tells
        )
        for t in traces
    ]


def told(foretold: float, credit: float) -> float:
    """What one answer says for a gap (above nought) or against it, as a log-likelihood ratio;
    `foretold` is the chance of a right answer by all her work.

    >>> round(told(0.8, 0.0), 2), round(told(0.8, 1.0), 2), round(told(0.3, 0.0), 2)
    (1.39, -1.39, 0.13)
    """
    p = min(max(foretold, FORETOLD_BOUNDS[0]), FORETOLD_BOUNDS[1])
    return credit * log(GAP_RIGHT / p) + (1.0 - credit) * log((1.0 - GAP_RIGHT) / (1.0 - p))


def gap_chance(doubt: float) -> float:
    """The probability of a gap on a skill, from what its answers said.

    >>> [round(gap_chance(doubt), 2) for doubt in (-3.0, 0.0, 3.0, 6.0)]
    [0.0, 0.01, 0.12, 0.73]
    """
    return chance(GAP_ODDS + doubt)


def _moved(
    trace: Trace,
    keep: float,
    step: tuple[float, float],
    form_step: float,
    gap: float,
    form_gap: float,
    credit: float,
    when: float,
    tells: float,
) -> Trace:
    right, wrong, ability, form, _, answers, _, doubt = trace
    pace = step[0] * (1.0 + step[1] / (1.0 + right + wrong))
    return Trace(
        right * keep + credit,
        wrong * keep + 1.0 - credit,
        ability + pace * gap,
        form + form_step * form_gap,
        2.0 * credit - 1.0,
        answers + 1,
        when,
        min(max(doubt * keep + tells, DOUBT_BOUNDS[0]), DOUBT_BOUNDS[1]),
    )


def chance(log_odds: float) -> float:
    """The probability of these log-odds.

    >>> chance(0.0), chance(-800.0)
    (0.5, 0.0)
    """
    if log_odds < -500.0:
        return 0.0
    return 1.0 / (1.0 + exp(-log_odds))
