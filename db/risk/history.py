"""Finds the classes of some terms and what became of their learners, as far as it may be known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from analytics.risk.definitions import IDENTITY, features
from analytics.risk.training import Snapshots
from db.people import Progress
from db.risk.known import Cut, facts

Floats = NDArray[np.float64]


class RiskError(RuntimeError):
    """A risk model can not be trained, tried or used as asked. Says why and the way out."""


@dataclass(frozen=True)
class TaughtClass:
    """A class with its term, its course and its days."""

    class_id: UUID
    term: str
    term_starts_on: date
    course: str
    title: str
    starts_on: date
    ends_on: date


def classes(
    connection: Connection, district: int, terms: Sequence[str] | None = None
) -> list[TaughtClass]:
    """The classes of these terms (by code; None: of all), by term and title."""
    wanted = None if terms is None else list(terms)
    rows = connection.execute(text(_CLASSES), {"district": district, "terms": wanted})
    return [TaughtClass(*row) for row in rows]


def district_with(connection: Connection, terms: Sequence[str]) -> int:
    """The one district that has all these terms. Raises RiskError naming those that are loaded."""
    loaded: dict[int, tuple[str, set[str]]] = {}
    for number, name, code in connection.execute(text(_TERMS)):
        loaded.setdefault(number, (name, set()))[1].add(code)
    fitting = [number for number, (_, codes) in loaded.items() if set(terms) <= codes]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise RiskError(
            f"Several districts have the terms {', '.join(terms)}: "
            f"{', '.join(loaded[number][0] for number in fitting)}. Name one with --district."
        )
    there = "; ".join(f"{name}: {', '.join(sorted(codes))}" for name, codes in loaded.values())
    missing = ", ".join(
        sorted(
            term for term in set(terms) if not any(term in codes for _, codes in loaded.values())
        )
    )
    raise RiskError(
        f"{'Not loaded: ' + missing if missing else 'No one district has all of these terms'}. "
        f"{'Loaded are ' + there if there else 'Nothing is loaded yet: see manage.py load'}."
    )


def snapshots(
    connection: Connection,
    district: int,
    of: Sequence[TaughtClass],
    days: Sequence[int],
    *,
    known_by: date | None,
    marking_days: int = 0,
    progress: Progress,
    looked_at: Callable[[pd.DataFrame], None] = lambda _: None,
    from_state: bool = False,
) -> Snapshots:
    """What was known on these days of the classes, and what became of everybody who was there.

    `known_by` leaves out classes that had not ended by that day (None: whatever is recorded).
    `looked_at` is shown the facts of each term, in the order of the snapshots' rows. `from_state`
    as for `facts`.
    """
    usable = [one for one in of if known_by is None or one.ends_on <= known_by]
    outcomes = _outcomes(connection, district, [one.class_id for one in usable])
    identities: list[pd.DataFrame] = []
    tables: list[pd.DataFrame] = []
    truths: list[Floats] = []
    for term, group in groupby(usable, key=lambda one: one.term):
        taught = list(group)
        progress(f"Reading {term}", len(identities), len({one.term for one in usable}))
        cuts = [
            Cut(one.class_id, one.starts_on + timedelta(days=day))
            for one in taught
            for day in days
            if one.starts_on + timedelta(days=day) < one.ends_on
        ]
        found = facts(
            connection, district=district, cuts=cuts, marking_days=marking_days,
            from_state=from_state, kinds=True,
        )  # fmt: skip
        keys = zip(found["class_id"], found["learner_id"], strict=True)
        truth = np.array([outcomes.get(key, np.nan) for key in keys], dtype=float)
        known = found[~np.isnan(truth)].reset_index(drop=True)
        looked_at(known)
        identities.append(known[[*IDENTITY, "term"]])
        tables.append(features(found)[~np.isnan(truth)])
        truths.append(truth[~np.isnan(truth)])
    if not tables:
        raise RiskError("None of these classes has ended, so nothing is known to learn from.")
    return Snapshots(
        pd.concat(identities, ignore_index=True),
        pd.concat(tables, ignore_index=True),
        np.concatenate(truths),
    )


def _outcomes(
    connection: Connection, district: int, of: Sequence[UUID]
) -> dict[tuple[UUID, UUID], float]:
    """(class, learner) -> 1.0 failed or left, 0.0 otherwise; without those still open."""
    rows = connection.execute(text(_OUTCOMES), {"district": district, "classes": list(of)})
    return {(class_id, learner): float(bad) for class_id, learner, bad in rows}


_CLASSES = """
SELECT c.class_id, t.code, t.starts_on, o.code, c.title, c.starts_on, c.ends_on
FROM chalkline.classes c
JOIN chalkline.academic_terms t ON t.district_id = :district AND t.term_id = c.term_id
JOIN chalkline.courses o ON o.course_id = c.course_id
WHERE c.district_id = :district
  AND (CAST(:terms AS text[]) IS NULL OR t.code = ANY (CAST(:terms AS text[])))
ORDER BY t.starts_on, c.title, c.class_id
"""
_TERMS = """
SELECT t.district_id, i.name, t.code FROM chalkline.academic_terms t
JOIN chalkline.institutions i ON i.district_id = t.district_id AND i.kind = 'district'
ORDER BY t.district_id, t.starts_on
"""
_OUTCOMES = """
SELECT class_id, learner_id,
       CASE WHEN final_result IS NOT NULL THEN final_result IN ('fail', 'withdrawn')
            ELSE status IN ('failed', 'withdrawn') END
FROM chalkline.enrollments
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
  AND (final_result IS NOT NULL OR status <> 'enrolled')
"""
