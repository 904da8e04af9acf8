"""Trains a district's risk models on the terms whose outcomes are known, and stores them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, text

from analytics import risk, scoring
from analytics.risk import STAGES, Boosted, Model, Snapshots, TooLittleError, days_for
from analytics.risk.evaluation import measures
from analytics.rules import LINE
from db.locks import Work, alone
from db.people import Progress, quiet
from db.refresh.due import note_due
from db.risk import store
from db.risk.alerts import measure_ended
from db.risk.ended import unseen
from db.risk.history import classes, snapshots
from db.risk.known import MARKING_DAYS
from db.risk.scoring import STATE_OF


@dataclass(frozen=True)
class Trained:
    """What a training gave; `why_not` says in a sentence why there is no new model."""

    transparent: str | None
    boosted: str | None
    in_use: str | None
    classes: int
    enrollments: int
    why_not: str = ""


def train(
    engine: Engine,
    *,
    district: int,
    today: date,
    marking_days: int = MARKING_DAYS,
    progress: Progress = quiet,
) -> Trained:
    """Trains on every class that has ended by `today` and puts the new version to use.

    Run it when a term has ended. Stored with it: features, training window, and what the same
    training without the last term foretold of that term. The challenger is stored beside it and
    takes over only where an administrator had chosen a boosted model already.
    """
    with engine.begin() as connection:
        alone(connection, Work.TRAINING, district)
        reached = connection.scalar(text(STATE_OF), {"district": district})
        ended = [one for one in classes(connection, district) if one.ends_on <= today]
        if not ended:
            return _none("No class has ended yet: the shipped model is used until one has.")
        tables: list[pd.DataFrame] = []
        history = snapshots(
            connection, district, ended, days_for(STAGES),
            known_by=today, marking_days=marking_days, progress=progress,
            looked_at=tables.append, from_state=reached is not None and reached >= today,
        )  # fmt: skip
        progress("Training", 0, None)
        try:
            model = risk.train(history)
        except TooLittleError as error:
            return _none(str(error))
        challenger = risk.train_boosted(history, model)
        window = (min(one.starts_on for one in ended), max(one.ends_on for one in ended))
        done = _stored(connection, district, model, challenger, history, window)
        progress("Replaying alerts", 0, None)
        apart = unseen(history, pd.concat(tables, ignore_index=True), window)
        decided = store.decision(connection, district)
        line = decided.line if decided else LINE
        measure_ended(connection, district, apart, line=line, now=datetime.now(UTC))
        return done


def _none(why: str) -> Trained:
    return Trained(None, None, None, 0, 0, why)


def _stored(
    connection: Connection,
    district: int,
    model: Model,
    challenger: Boosted,
    history: Snapshots,
    window: tuple[date, date],
) -> Trained:
    learned = history.identity
    enrollments = len(learned.drop_duplicates(["class_id", "learner_id"]))
    said: dict[str, Any] = {
        "classes": int(learned["class_id"].nunique()),
        "enrollments": enrollments,
        "failed_or_left": round(float(history.truth.mean()), 4),
        "slope": round(model.slope, 4),
        "spread": round(model.spread, 4),
        **_held_out(history),
    }
    given = {"trained_from": window[0], "trained_to": window[1]}
    transparent = store.keep(
        connection, district, kind="transparent", parameters=model.to_json(), metrics=said, **given
    )
    boosted = store.keep(
        connection, district, kind="boosted", parameters=challenger.to_json(),
        metrics={**said, "beside": transparent}, **given,
    )  # fmt: skip
    chosen = boosted if store.in_use_kind(connection, district) == "boosted" else transparent
    store.use(connection, district, chosen)
    note_due(connection, district, None)
    return Trained(transparent, boosted, chosen, said["classes"], enrollments)


def _held_out(history: Snapshots) -> dict[str, Any]:
    """How both kinds, trained without the last term, foretold it; empty with one term."""
    terms = history.identity["term"].to_numpy(object)
    last = terms == max(terms)
    if last.all():
        return {}
    earlier, later = history.some(~last), history.some(last)
    try:
        model = risk.train(earlier)
    except TooLittleError:
        return {}
    challenger = risk.train_boosted(earlier, model)
    found: dict[str, Any] = {}
    for stage in model.stages:
        own = later.some(np.flatnonzero(later.days == stage.day))
        if scoring.auc(own.truth, own.truth) is None:
            continue
        scored = risk.score(model, own.features, own.identity)
        further = challenger.probability(scored.log_odds, own.features, own.identity)
        found[str(stage.day)] = {
            "transparent": measures(own.truth, scored.probability),
            "boosted": measures(own.truth, further),
        }
    return {"last_term": found}
