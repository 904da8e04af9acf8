"""What the knowledge model weighs of a learner's traces."""

from collections.abc import Sequence
from math import log1p
from typing import Final

from analytics.knowledge.traces import Trace, gap_chance

FEATURES: Final = (
    "ability",
    "form",
    "right",
    "wrong",
    "last",
    "skill ability",
    "skill form",
    "skill right",
    "skill wrong",
    "skill last",
    "gap",
    "again",
    "run",
)


def features(overall: Trace, traces: Sequence[Trace], again: float, run: float) -> list[float]:
    """What the model weighs, in the order of FEATURES; several skills of an item are averaged."""
    row = [
        overall.ability,
        overall.form,
        log1p(overall.right),
        log1p(overall.wrong),
        overall.last,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        again,
        run,
    ]
    share = 1.0 / max(len(traces), 1)
    for trace in traces:
        row[5] += share * trace.ability
        row[6] += share * trace.form
        row[7] += share * log1p(trace.right)
        row[8] += share * log1p(trace.wrong)
        row[9] += share * trace.last
        row[10] += share * gap_chance(trace.doubt)
    return row
