"""Tries the risk model on terms it was not trained on, day by day, beside challenger and rules."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from analytics import risk
from analytics.risk import Snapshots, TooLittleError, days_for, score
from analytics.risk.auditing import audit
from analytics.risk.evaluation import beside_rule, covered, measures, rule_severity, unflagged
from db.people import Progress, quiet
from db.risk.history import RiskError, TaughtClass, classes, district_with, snapshots
from db.risk.known import MARKING_DAYS

Floats = NDArray[np.float64]

AUDITED = ("gender", "disability")
LONGEST = 400  # days of a class that can be asked for


def evaluate(
    engine: Engine,
    *,
    train: Sequence[str],
    test: Sequence[str],
    days: Sequence[int],
    district: int | None = None,
    strict: bool = False,
    marking_days: int = MARKING_DAYS,
    progress: Progress = quiet,
) -> dict[str, Any]:
    """Figures for learners still enrolled on each of these days of the test terms' classes.

    `train` and `test` are term codes. `strict` trains only on classes that had ended by the first
    of the days tried. Protected attributes are read after scoring, for the audit. Raises RiskError.
    """
    _checked(train, test, days)
    wanted = sorted(set(days))
    with engine.connect() as connection:
        place = district_with(connection, [*train, *test]) if district is None else district
        learned, tried = (_classes(connection, place, terms) for terms in (train, test))
        first = min(one.starts_on for one in tried)
        overlapping = [one.title for one in learned if one.ends_on > first]
        tables: list[pd.DataFrame] = []
        history = snapshots(
            connection, place, learned, days_for(wanted),
            known_by=first if strict else None, marking_days=marking_days, progress=progress,
        )  # fmt: skip
        later = snapshots(
            connection, place, tried, wanted,
            known_by=None, marking_days=marking_days, progress=progress, looked_at=tables.append,
        )  # fmt: skip
        protected = _protected(connection, place)
        connection.rollback()
    facts = pd.concat(tables, ignore_index=True)
    return {
        "train": list(train),
        "test": list(test),
        "strict": strict,
        "marking_days": marking_days,
        "outcome_known_after_test_began": [] if strict else overlapping,
        "days": _tried(history, later, facts, wanted, protected, progress),
    }


def _checked(train: Sequence[str], test: Sequence[str], days: Sequence[int]) -> None:
    if not train or not test:
        raise RiskError("Name at least one term to train on and one to test on.")
    both = sorted(set(train) & set(test))
    if both:
        raise RiskError(f"{', '.join(both)} can not be trained on and tested on at once.")
    if not days or any(not 0 <= day <= LONGEST for day in days):
        raise RiskError(f"Days are counted from a class's first day: 0 to {LONGEST}, at least one.")


def _classes(connection: Connection, district: int, terms: Sequence[str]) -> list[TaughtClass]:
    found = classes(connection, district, terms)
    there = sorted({one.term for one in classes(connection, district)})
    missing = [term for term in terms if term not in {one.term for one in found}]
    if missing:
        raise RiskError(
            f"Not loaded: {', '.join(missing)}. Loaded are {', '.join(there) or 'no terms yet'}."
        )
    return found


def _tried(
    history: Snapshots,
    later: Snapshots,
    facts: pd.DataFrame,
    days: Sequence[int],
    protected: dict[str, pd.Series],
    progress: Progress,
) -> list[dict[str, Any]]:
    empty = [str(day) for day in days if not (later.days == day).any()]
    if empty:
        raise RiskError(f"No class of the test terms has learners on day {', '.join(empty)}.")
    progress("Training the transparent model", 0, 2)
    try:
        model = risk.train(history, days)
    except TooLittleError as error:
        raise RiskError(str(error)) from None
    progress("Training the boosted challenger", 1, 2)
    challenger = risk.train_boosted(history, model)
    progress("Training", 2, 2)
    found = []
    for day in days:
        rows = np.flatnonzero(later.days == day)
        own = later.some(rows)
        scored = score(model, own.features, own.identity)
        chances = {
            "transparent": scored.probability,
            "boosted": challenger.probability(scored.log_odds, own.features, own.identity),
        }
        severity = rule_severity(facts.iloc[rows].reset_index(drop=True))
        of = own.identity["class_id"].to_numpy(object)
        found.append(
            {
                "day": day,
                "n": len(rows),
                "base_rate": round(float(own.truth.mean()), 4),
                "transparent": {
                    **measures(own.truth, scored.probability),
                    "interval_covers": covered(own.truth, scored.probability, scored.deviation, of),
                },
                "boosted": measures(own.truth, chances["boosted"]),
                "rule": beside_rule(own.truth, severity, chances),
                "unflagged": unflagged(own.truth, severity, chances),
                "audit": {
                    attribute: _audited(own, chances, values)
                    for attribute, values in protected.items()
                },
            }
        )
    return found


def _audited(own: Snapshots, chances: dict[str, Floats], values: pd.Series) -> dict[str, Any]:
    """The transparent model's audit, and within it the challenger's."""
    groups = values.reindex(own.identity["learner_id"]).to_numpy(object)
    of = own.identity["class_id"].astype(str).to_numpy(object)
    found = {kind: audit(own.truth, chance, groups, of) for kind, chance in chances.items()}
    return {**found["transparent"], "boosted": found["boosted"]}


def _protected(connection: Connection, district: int) -> dict[str, pd.Series]:
    """Attribute -> value by learner, for the audit alone."""
    rows = connection.execute(
        text(
            "SELECT attribute, learner_id, value FROM chalkline.protected_attributes "
            "WHERE district_id = :district AND attribute = ANY (:attributes)"
        ),
        {"district": district, "attributes": list(AUDITED)},
    ).all()
    table = pd.DataFrame(rows, columns=["attribute", "learner_id", "value"])
    return {
        str(attribute): own.set_index("learner_id")["value"]
        for attribute, own in table.groupby("attribute")
    }
