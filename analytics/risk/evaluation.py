"""Measures forecasts of failing or leaving: ranking, calibration, what a flag is worth, to whom."""

from datetime import date
from math import sqrt
from statistics import NormalDist
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analytics import rules, scoring

Floats = NDArray[np.float64]

SHARES: Final = {"10": 0.10, "20": 0.20}  # of learners flagged, the riskiest first
REPLAYED: Final = (rules.MISSING_WORK, rules.FALLING_ACTIVITY, rules.ATTENDANCE)


def measures(truth: Floats, chance: Floats, *, calibrated: bool = True) -> dict[str, Any]:
    """The figures of one forecast; those that need a probability only when it is one."""
    ranking = scoring.auc(truth, chance)
    found: dict[str, Any] = {
        "auc": ranking and _short(ranking.value),
        "auc_low": ranking and _short(ranking.low),
        "auc_high": ranking and _short(ranking.high),
        "average_precision": _maybe(scoring.average_precision(truth, chance)),
    }
    if calibrated:
        bins = scoring.calibration(truth, chance)
        found["brier"] = _maybe(scoring.brier(truth, chance))
        found["log_loss"] = _maybe(scoring.log_loss(truth, chance))
        found["calibration_error"] = _maybe(scoring.calibration_error(bins))
        found["calibration"] = [
            {
                "n": one.n,
                "foretold": _short(one.foretold),
                "observed": _short(one.observed.value),
                "low": _short(one.observed.low),
                "high": _short(one.observed.high),
            }
            for one in bins
        ]
    for name, share in SHARES.items():
        at = scoring.flagged(truth, chance, share)
        found[f"precision_at_{name}"] = at and _short(at[0])
        found[f"recall_at_{name}"] = at and _short(at[1])
    return found


def rule_severities(facts: pd.DataFrame) -> dict[str, Floats]:
    """By rule, the severity of what it finds for each row of facts; 0 where it finds nothing.

    The rules as of each row's day, over work, activity and attendance. Mastery is not replayed:
    it is known only as it stands now.
    """
    group = [facts["class_id"], facts["as_of"]]
    change = (facts["clicks_28"] / facts["clicks_before"].where(facts["clicks_before"] > 0)).astype(
        float
    )
    usual_change = change.groupby(group, sort=False).transform("median")
    usual_days = facts["recent_days"].groupby(group, sort=False).transform("median")
    found = {rule: np.zeros(len(facts)) for rule in REPLAYED}
    table = facts.assign(usual_change=usual_change, usual_days=usual_days)
    for place, row in enumerate(table.itertuples(index=False)):
        for one in _findings(row):
            found[one.rule][place] = one.severity
    return found


def rule_severity(facts: pd.DataFrame) -> Floats:
    """The most severe finding of any rule for each row of facts; 0 if none."""
    worst: Floats = np.max(list(rule_severities(facts).values()), axis=0)
    return worst


def _findings(row: Any) -> list[rules.Finding]:
    today: date = row.as_of
    activity = rules.Activity(
        days=row.days_28,
        days_before=row.days_before,
        clicks=row.clicks_28,
        clicks_before=row.clicks_before,
        last_on=row.last_on,
        enrolled_on=row.enrolled_on,
        class_change=None if pd.isna(row.usual_change) else row.usual_change,
        class_days=row.usual_days,
    )
    work = rules.Work(row.rule_due, row.rule_missing, row.rule_since, row.rule_due)
    found = [rules.missing_work(work), rules.falling_activity(activity, today=today)]
    absent, days = row.absent_days, row.school_days
    if rules.is_chronically_absent(absent=absent, days=days):
        found.append(rules.Finding(rules.ATTENDANCE, 0.3 + 1.4 * absent / days, {}))
    return [one for one in found if one is not None]


def beside_rule(truth: Floats, severity: Floats, chances: dict[str, Floats]) -> dict[str, Any]:
    """The rules' own figures, and each model's when it flags as many learners as the rules do."""
    flagged = severity > 0
    share = float(flagged.mean()) if len(flagged) else 0.0
    hits = scoring.wilson(float(truth[flagged].sum()), float(flagged.sum()))
    found = {
        **measures(truth, severity, calibrated=False),
        "flag_rate": _short(share),
        "precision": _short(hits.value) if flagged.any() else None,
        "precision_low": _short(hits.low),
        "precision_high": _short(hits.high),
        "recall": _short(float(truth[flagged].sum() / truth.sum())) if truth.sum() else None,
    }
    for name, chance in chances.items():
        at = scoring.flagged(truth, chance, share)
        found[f"{name}_precision"] = at and _short(at[0])
        found[f"{name}_recall"] = at and _short(at[1])
    return found


def unflagged(truth: Floats, severity: Floats, chances: dict[str, Floats]) -> dict[str, Any]:
    """Every model's figures among the learners for whom no rule speaks."""
    quiet = severity == 0
    return {
        "n": int(quiet.sum()),
        "base_rate": _short(float(truth[quiet].mean())) if quiet.any() else None,
        **{name: measures(truth[quiet], chance[quiet]) for name, chance in chances.items()},
    }


def covered(
    truth: Floats, chance: Floats, deviation: Floats, classes: NDArray[Any]
) -> float | None:
    """Share of groups (a class's thirds by chance) whose observed rate an average learner's
    90 % interval contains, once chance in so small a group is allowed for."""
    z90 = NormalDist().inv_cdf(0.95)
    table = pd.DataFrame({"y": truth, "p": chance, "s": deviation, "c": [str(c) for c in classes]})
    table["third"] = table.groupby("c")["p"].rank(pct=True).mul(3).clip(upper=2.999).astype(int)
    found = []
    for _, own in table.groupby(["c", "third"]):
        p = float(own["p"].mean())
        spread = float((own["s"] * own["p"] * (1 - own["p"])).mean())
        reach = z90 * sqrt(spread**2 + p * (1 - p) / len(own))
        found.append(abs(float(own["y"].mean()) - p) <= reach)
    return _short(float(np.mean(found))) if found else None


def _short(number: float) -> float:
    return round(float(number), 4)


def _maybe(number: float | None) -> float | None:
    return None if number is None else _short(number)
