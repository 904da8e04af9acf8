"""Says what would bring a risk below the line, by moving only what the learner can change.

Marks already given, earlier attempts, study load and what the class began with stay as they are.
The model is additive and each move touches features of its own, so the effect of several moves
is the sum of theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics.risk.fitting import logit, sigmoid
from analytics.risk.model import Model, log_odds
from analytics.rules import LINE

Floats = NDArray[np.float64]

MOVES: Final = ("hand_in", "be_active", "next_mark", "attend")
MOST_PIECES: Final = 6  # beyond these, it is all of them


@dataclass(frozen=True)
class Clearing:
    """The fewest moves that bring the chance below the line, or, when none do, all of them."""

    clears: bool
    to: float  # the chance after the moves
    moves: Mapping[str, int]  # move -> how much: pieces, active days in 14, percent, school days
    words: str


def clearings(
    model: Model,
    features: pd.DataFrame,
    facts: pd.DataFrame,
    *,
    line: float = LINE,
) -> list[Clearing | None]:
    """For each row at or above the line what would clear it; None below the line.

    `features` and `facts` are of whole classes on a day, in the same order.
    """
    courses, days = facts["course"].to_numpy(object), facts["day"].to_numpy(np.int64)
    now = log_odds(model, features, courses=courses, days=days)
    by_class = facts.groupby(["class_id", "as_of"], sort=False)
    usual_days = by_class["recent_days"].transform("median")
    usual_mark = features["latest_score"].groupby([facts["class_id"], facts["as_of"]], sort=False)
    target = usual_mark.transform("median")
    high = np.flatnonzero(now >= logit(line))
    rows = facts.iloc[high].reset_index(drop=True)
    some = features.iloc[high].reset_index(drop=True)

    def effect(changed: pd.DataFrame) -> Floats:
        moved: Floats = log_odds(model, changed, courses=courses[high], days=days[high]) - now[high]
        return np.minimum(moved, 0.0)

    pieces = np.column_stack(
        [np.zeros(len(high))]
        + [effect(_handed_in(some, rows, n)) for n in range(1, MOST_PIECES + 1)]
    )
    whole = {
        "hand_in": effect(_handed_in(some, rows, None)),
        "be_active": effect(_active(some)),
        "next_mark": effect(_marked(some, target.iloc[high].reset_index(drop=True))),
        "attend": effect(some.assign(absent_share=np.minimum(some["absent_share"], 0.0))),
    }
    amounts = {
        "hand_in": rows["missed"].to_numpy(int),
        "be_active": np.maximum(1, np.ceil(usual_days.iloc[high])).to_numpy(int),
        "next_mark": np.nan_to_num(np.ceil(target.iloc[high])).astype(int),
        "attend": rows["school_days"].to_numpy(int),
    }
    found: list[Clearing | None] = [None] * len(facts)
    for here, row in enumerate(high.tolist()):
        drops = {move: float(whole[move][here]) for move in MOVES if whole[move][here] < 0}
        found[row] = _least(
            float(now[row]), drops, {move: int(amounts[move][here]) for move in drops},
            pieces[here], line,
        )  # fmt: skip
    return found


def _handed_in(features: pd.DataFrame, facts: pd.DataFrame, n: int | None) -> pd.DataFrame:
    """As if `n` missing pieces (None: all) were handed in, the latest first."""
    missed = facts["missed"].astype(float)
    left = 0.0 if n is None else (missed - n).clip(lower=0) / missed.clip(lower=1)
    latest = features["last_missed"].where(features["last_missed"].isna(), 0.0)
    return features.assign(missed_share=features["missed_share"] * left, last_missed=latest)


def _active(features: pd.DataFrame) -> pd.DataFrame:
    """As if she were active from now on on as many days as the class's middle learner."""
    return features.assign(
        idle=0.0, recent_standing=np.maximum(features["recent_standing"].to_numpy(float), 0.5)
    )


def _marked(features: pd.DataFrame, usual: pd.Series) -> pd.DataFrame:
    """As if her next mark were the class's middle one; the mean stays, to promise too little."""
    return features.assign(latest_score=np.fmax(features["latest_score"], usual))


def _least(
    now: float, drops: Mapping[str, float], amounts: Mapping[str, int], pieces: Floats, line: float
) -> Clearing:
    needed = logit(line)
    for size in range(1, len(drops) + 1):
        for moves in combinations(drops, size):
            after = now + sum(drops[move] for move in moves)
            if after >= needed:
                continue
            chosen = {move: amounts[move] for move in moves}
            if "hand_in" in chosen:
                rest = after - drops["hand_in"]
                fewer = [n for n in range(1, len(pieces)) if rest + pieces[n] < needed]
                if fewer and fewer[0] < chosen["hand_in"]:
                    chosen["hand_in"] = fewer[0]
                    after = rest + float(pieces[fewer[0]])
            return _clearing(True, after, chosen, amounts, line)
    after = now + sum(drops.values())
    return _clearing(False, after, {move: amounts[move] for move in drops}, amounts, line)


def _clearing(
    clears: bool, after: float, moves: dict[str, int], amounts: Mapping[str, int], line: float
) -> Clearing:
    to = float(sigmoid(np.array([after]))[0])
    return Clearing(clears, round(to, 4), moves, _words(clears, to, moves, amounts, line))


def _words(
    clears: bool, to: float, moves: Mapping[str, int], amounts: Mapping[str, int], line: float
) -> str:
    if not moves:
        return "Nothing the learner can change now would lower it; talk with her."
    deeds = _joined([_deed(move, amount, amounts[move]) for move, amount in moves.items()])
    if clears:
        return f"Clears (below {line:.0%}) when {deeds}.".replace("%", " %")
    return f"Stays high, but falls to {to:.0%} when {deeds}.".replace("%", " %")


def _deed(move: str, amount: int, whole: int) -> str:
    match move:
        case "hand_in":
            if whole == 1:
                return "the missing piece of work is handed in"
            if amount == whole:
                return f"all {whole} missing pieces of work are handed in"
            return f"{amount} of the {whole} missing pieces of work {_is(amount)} handed in"
        case "be_active":
            return f"there are {amount} active days in the next two weeks"
        case "next_mark":
            return f"the next mark is {amount} percent or better"
        case "attend":
            return f"the next {amount} school days pass without absence"
        case _:
            raise ValueError(f"There is no move called {move!r}.")


def _is(n: int) -> str:
    return "is" if n == 1 else "are"


def _joined(parts: Sequence[str]) -> str:
    """
    >>> _joined(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def as_json(clearing: Clearing | None) -> list[dict[str, Any]]:
    """For risk_scores.clears_when: a list of one, or empty below the line."""
    if clearing is None:
        return []
    return [
        {
            "clears": clearing.clears,
            "to": clearing.to,
            "moves": dict(clearing.moves),
            "words": clearing.words,
        }
    ]
