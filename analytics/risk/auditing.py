"""Asks whether a flag is worth the same to each group, and where a difference comes from.

Three ways of flagging are told apart: the riskiest fifth of everybody; the riskiest fifth of each
class, as a teacher with room for so many would see it; and a chance at or above the line from
which the product raises a flag. A score that is right in each group still gives unequal precision
where the groups' chances differ: hence what was foretold of the flagged stands beside what came
true, and the difference within classes beside the difference overall.
"""

from math import sqrt
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics import scoring
from analytics.rules import LINE

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

AUDITED: Final = 0.20
LEAST_GROUP: Final = 20  # learners (flagged ones, for precision) below which nothing is told
_REACH: Final = NormalDist().inv_cdf(0.975)


def audit(
    truth: Floats, chance: Floats, groups: NDArray[Any], classes: NDArray[Any]
) -> dict[str, Any]:
    """Precision by group among the riskiest fifth, and among those flagged in the other two ways;
    for everybody, what was foretold and what came true by group."""
    table = pd.DataFrame({"truth": truth, "chance": chance, "group": groups, "class": classes})
    return {
        "flagged_share": AUDITED,
        **_precision(table, _fifth(table["chance"])),
        "fifth_of_each_class": _precision(
            table, table.groupby("class", sort=False)["chance"].transform(_fifth).to_numpy(bool)
        ),
        "at_line": {"line": LINE, **_precision(table, (chance >= LINE))},
        "everybody": _rows(table, "n", "base_rate"),
    }


def _fifth(chance: pd.Series) -> Mask:
    top = np.zeros(len(chance), dtype=bool)
    order = np.argsort(-chance.to_numpy(float), kind="stable")
    top[order[: round(AUDITED * len(chance))]] = True
    return top


def _precision(table: pd.DataFrame, flagged: Mask) -> dict[str, Any]:
    """`gap` is the first group's precision less the second's, largest groups first; `within` is
    the same between learners of the same class, `within_foretold` what the scores say it is."""
    top = table[flagged]
    rows = _rows(top, "flagged", "precision")
    found: dict[str, Any] = {"groups": rows}
    if len(rows) >= 2:
        found |= _gap(rows[0], rows[1])
        found |= _within(top, rows[0]["group"], rows[1]["group"])
    return found


def _rows(table: pd.DataFrame, count: str, share: str) -> list[dict[str, Any]]:
    """By group, largest first: how many, the share that came true, and what was foretold."""
    rows = []
    for name, many in table["group"].value_counts().items():
        if many < LEAST_GROUP:
            continue
        own = table[table["group"] == name]
        hits = scoring.wilson(float(own["truth"].sum()), float(many))
        rows.append(
            {
                "group": str(name),
                count: int(many),
                share: _short(hits.value),
                "low": _short(hits.low),
                "high": _short(hits.high),
                "foretold": _short(own["chance"].mean()),
            }
        )
    return rows


def _gap(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Difference of two shares with Newcombe's interval (1998, method 10).

    >>> a = {"precision": 0.8, "low": 0.7, "high": 0.9}
    >>> b = {"precision": 0.7, "low": 0.6, "high": 0.8}
    >>> _gap(a, b)
    {'gap': 0.1, 'gap_low': -0.0414, 'gap_high': 0.2414}
    """
    gap = one["precision"] - other["precision"]
    below = sqrt((one["precision"] - one["low"]) ** 2 + (other["high"] - other["precision"]) ** 2)
    above = sqrt((one["high"] - one["precision"]) ** 2 + (other["precision"] - other["low"]) ** 2)
    return {"gap": _short(gap), "gap_low": _short(gap - below), "gap_high": _short(gap + above)}


def _within(top: pd.DataFrame, one: str, other: str) -> dict[str, Any]:
    """The difference of the two groups' shares within classes: Mantel and Haenszel's common risk
    difference, with Sato's variance (1989). Empty where no class has both groups flagged.

    >>> rows = [(1, "a", 1)] * 3 + [(0, "a", 1)] + [(1, "b", 1)] + [(0, "b", 1)] + [(1, "a", 2)]
    >>> top = pd.DataFrame(rows, columns=["truth", "group", "class"]).assign(chance=0.5)
    >>> _within(top, "a", "b")["within_gap"], _within(top, "a", "b")["within_foretold"]
    (0.25, 0.0)
    """
    cells = pd.merge(_cells(top, one), _cells(top, other), left_index=True, right_index=True)
    if not len(cells):
        return {}
    n1, a, e, n2, c, f = cells.to_numpy(float).T
    n = n1 + n2
    weight = (n1 * n2 / n).sum()
    gap = ((a * n2 - c * n1) / n).sum() / weight
    p = ((n1**2 * c - n2**2 * a + n1 * n2 * (n2 - n1) / 2) / n**2).sum()
    q = ((a * (n2 - c) + c * (n1 - a)) / (2 * n)).sum()
    reach = _REACH * sqrt(max(0.0, gap * p + q)) / weight
    return {
        "within_gap": _short(gap),
        "within_low": _short(gap - reach),
        "within_high": _short(gap + reach),
        "within_foretold": _short(((e * n2 - f * n1) / n).sum() / weight),
    }


def _cells(top: pd.DataFrame, name: str) -> pd.DataFrame:
    """By class: how many of the group, how many came true, how many were foretold."""
    own = top[top["group"] == name].groupby("class", sort=True)
    return pd.DataFrame(
        {"n": own.size(), "truth": own["truth"].sum(), "foretold": own["chance"].sum()}
    )


def _short(number: float) -> float:
    return round(float(number), 4)
