"""Fits the mastery model to one file of answers and scores it on other learners' answers, in order.

What `manage.py evaluate mastery` runs.
"""

from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from analytics import scoring
from analytics.knowledge.answers import Answers
from analytics.knowledge.estimating import beta, estimates, forecast, prior_forecast
from analytics.knowledge.fitting import Progress, fit, quiet
from analytics.knowledge.model import Model
from analytics.knowledge.reading import read_answers, read_q_matrix
from analytics.knowledge.replay import Trail, replay
from analytics.knowledge.sureness import AHEAD, LOOKS, ahead, trail_ease
from analytics.mastery import INTERVAL, LABELS, MASTERED_SHARE


def evaluate(
    train_path: Path,
    test_path: Path,
    q_matrix_path: Path | None = None,
    progress: Progress = quiet,
) -> dict[str, object]:
    """Figures of next-answer forecasts on the test file, as JSON-ready values.

    Every answer is foretold from the same learner's earlier answers alone, and counted once
    however many skills it asks for. A ValueError or OSError says what is wrong with a file.
    """
    item_skills = read_q_matrix(q_matrix_path) if q_matrix_path else {}
    progress(f"Reading {train_path.name}")
    train = read_answers(train_path, item_skills)
    progress(f"Reading {test_path.name}")
    test = read_answers(test_path, item_skills)
    began = perf_counter()
    model = fit(train, progress=progress)
    took = perf_counter() - began
    progress(f"Foretelling {len(test):,} answers of {len(test.learners):,} other learners")
    return {
        "train_answers": len(train),
        "train_learners": len(train.learners),
        "test_answers": len(test),
        "test_learners": len(test.learners),
        "shared_learners": len(set(train.learners) & set(test.learners)),
        "fit_seconds": round(took, 1),
        **score(model, test),
    }


def score(model: Model, test: Answers) -> dict[str, object]:
    """The figures of `evaluate` for a model and answers at hand."""
    ease = np.array(
        [
            model.ease(test.items[item], test.skill_sets[asked])
            for item, asked in zip(test.item.tolist(), test.skills.tolist(), strict=True)
        ]
    )
    seen = replay(test, ease, start=model.start(), trail=True)
    told = forecast(model, seen.rows, ease)
    truth = (test.credit >= 0.5).astype(np.float64)
    first = first_opportunity(test)
    ranked = scoring.auc(truth, told, cluster=test.learner)
    ranked_first = scoring.auc(truth[first], told[first])
    bins = scoring.calibration(truth, told)
    return {
        "auc": ranked.value if ranked else None,
        "auc_low": ranked.low if ranked else None,
        "auc_high": ranked.high if ranked else None,
        "accuracy": scoring.accuracy(truth, told),
        "brier": scoring.brier(truth, told),
        "log_loss": scoring.log_loss(truth, told),
        "auc_first": ranked_first.value if ranked_first else None,
        "first_answers": int(first.sum()),
        "calibration": [_bin(each) for each in bins],
        "calibration_error": scoring.calibration_error(bins),
        "labels": _labels(model, test, seen.trail) if seen.trail else {},
        "interval": _coverage(model, test, seen.trail) if seen.trail else {},
    }


def first_opportunity(answers: Answers) -> NDArray[np.bool_]:
    """Answers whose learner had not been asked for any of their skills before."""
    seen: set[tuple[int, str]] = set()
    first = np.zeros(len(answers), dtype=np.bool_)
    for at, (learner, asked) in enumerate(
        zip(answers.learner.tolist(), answers.skills.tolist(), strict=True)
    ):
        places = {(learner, skill) for skill in answers.skill_sets[asked]}
        first[at] = seen.isdisjoint(places)
        seen |= places
    return first


def _labels(model: Model, answers: Answers, trail: Trail) -> dict[str, object]:
    """For each word: how often it was said, and the share that got the next answer on it right."""
    found = estimates(
        model, trail.rows, trail_ease(model, trail), trail.right, trail.wrong, trail.evidence
    )
    credit, count = ahead(answers, trail, most=1)
    said: dict[str, object] = {"stated_share": MASTERED_SHARE, "sure": model.sure}
    for code, word in enumerate(LABELS):
        here = (found.label == code) & (count > 0)
        share = scoring.wilson(float(credit[here].sum()), int(here.sum()))
        if here.any():
            said[word] = {
                "n": int(here.sum()),
                "next_right": share.value,
                "low": share.low,
                "high": share.high,
                "foretold": float(found.next_right[here].mean()),
            }
    return said


def _coverage(model: Model, answers: Answers, trail: Trail) -> dict[str, object]:
    """Whether theta's interval is as wide as it should be.

    Theta itself is never seen; what the interval implies for the next answers is. `expected` is
    the share of learners who should fall within (whole answers make it more than stated),
    `observed` the share who did.
    """
    right, count = ahead(answers, trail)
    use = (count == AHEAD) & np.isin(trail.evidence, LOOKS) & (right == np.round(right))
    if not use.any():
        return {}
    prior = prior_forecast(model, trail.rows[use], trail_ease(model, trail)[use])
    sides = beta(model, prior, trail.right[use], trail.wrong[use])
    from scipy.stats import betabinom  # here: it takes half a second, and only an evaluation asks

    low = betabinom.ppf((1 - INTERVAL) / 2, AHEAD, *sides)
    high = betabinom.ppf((1 + INTERVAL) / 2, AHEAD, *sides)
    inside = betabinom.cdf(high, AHEAD, *sides) - betabinom.cdf(low - 1, AHEAD, *sides)
    within = (right[use] >= low) & (right[use] <= high)
    return {
        "n": int(use.sum()),
        "stated": INTERVAL,
        "expected": float(inside.mean()),
        "observed": float(within.mean()),
    }


def _bin(each: scoring.Bin) -> dict[str, float]:
    return {
        "n": each.n,
        "foretold": each.foretold,
        "observed": each.observed.value,
        "low": each.observed.low,
        "high": each.observed.high,
    }
