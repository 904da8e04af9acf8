"""Keeps risk models, version by version, and finds the one that may be used for a day."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import Connection, text, update
from sqlalchemy.dialects.postgresql import insert

from analytics.risk import FEATURES, Boosted, Model, shipped
from analytics.risk.boosted import readable
from analytics.risk.defaults import VERSION
from analytics.risk.kinds import definitions
from db.risk.history import RiskError
from db.tables import RiskModel

Kind = Literal["transparent", "boosted"]


@dataclass(frozen=True)
class Stored:
    """A model as it stands in risk_models; `boosted` is set when the challenger gives the chances.

    Reasons and "clears when" always come from the transparent model.
    """

    version: str
    transparent: Model
    boosted: Boosted | None
    trained_to: date | None


def version_of(kind: Kind, trained_to: date, parameters: Mapping[str, Any]) -> str:
    """A version's name: the kind, the day its history ends, and what it is made of."""
    made = hashlib.sha256(orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{kind}-{trained_to:%Y-%m-%d}-{made[:8]}"


def keep(
    connection: Connection,
    district: int,
    *,
    kind: Kind,
    parameters: Mapping[str, Any],
    trained_from: date,
    trained_to: date,
    metrics: Mapping[str, Any],
) -> str:
    """Stores a trained model and returns its version; the same again changes nothing."""
    version = version_of(kind, trained_to, parameters)
    connection.execute(
        insert(RiskModel)
        .values(
            district_id=district,
            model_version=version,
            kind=kind,
            features=_described(kind),
            parameters=parameters,
            trained_from=trained_from,
            trained_to=trained_to,
            metrics=metrics,
        )
        .on_conflict_do_nothing()
    )
    return version


def use(connection: Connection, district: int, version: str) -> None:
    """Makes a stored version the one that scores from now on. An administrator decides that for a
    boosted one. Raises RiskError when there is no such version."""
    known = connection.scalars(text(_VERSIONS), {"district": district}).all()
    if version not in known:
        raise RiskError(
            f"There is no risk model {version!r}; there are {', '.join(known) or 'none yet'}."
        )
    connection.execute(
        update(RiskModel)
        .where(RiskModel.district_id == district)
        .values(in_use=RiskModel.model_version == version)
    )


@dataclass(frozen=True)
class Decision:
    """What an administrator last decided: the kind that scores, and the line that flags."""

    decision_id: UUID
    kind: Kind
    line: float


def decision(connection: Connection, district: int) -> Decision | None:
    """The decision that holds; None while nobody has decided anything."""
    row = connection.execute(text(_DECISION), {"district": district}).one_or_none()
    return None if row is None else Decision(row.decision_id, row.kind, round(float(row.line), 2))


def decide(connection: Connection, district: int, kind: Kind) -> None:
    """Applies an administrator's choice of a kind: its latest version scores from now on.

    Where none of that kind has been trained yet, the choice waits until one has.
    """
    latest = connection.scalar(text(_LATEST), {"district": district, "kind": kind})
    if latest is not None:
        use(connection, district, latest)


def versions(connection: Connection, district: int) -> list[dict[str, Any]]:
    """Every stored model, the newest first, without its parameters."""
    rows = connection.execute(text(_STORED), {"district": district}).mappings()
    return [dict(row) for row in rows]


def in_use_kind(connection: Connection, district: int) -> Kind:
    """The kind of model that scores now; the transparent one unless somebody decided otherwise."""
    kind = connection.scalar(text(_KIND_IN_USE), {"district": district})
    return "boosted" if kind == "boosted" else "transparent"


def model_for(connection: Connection, district: int, as_of: date) -> Stored:
    """The model in use, if its history had ended by that day; else the latest that had; else the
    shipped one, which is then stored. So a replayed day never meets a model that knew its future.
    """
    rows = _usable(connection, district, as_of)
    if not rows:
        return _shipped(connection, district)
    if rows[0].kind == "boosted":
        return _with_twin(rows[0], rows)
    model = Model.from_json(rows[0].parameters)
    return Stored(rows[0].model_version, model, None, rows[0].trained_to)


def challenger(connection: Connection, district: int, as_of: date) -> Stored | None:
    """The latest boosted model that knew nothing after that day, in use or not."""
    rows = _usable(connection, district, as_of)
    latest = max(
        (row for row in rows if row.kind == "boosted"), key=lambda row: row.trained_to, default=None
    )
    return None if latest is None else _with_twin(latest, rows)


def _usable(connection: Connection, district: int, as_of: date) -> list[Any]:
    """Models whose history had ended by that day, the one in use first. A challenger of an earlier
    version's features is passed over until the next training: its twin stands in."""
    rows = connection.execute(text(_USABLE), {"district": district, "as_of": as_of})
    return [row for row in rows if row.kind != "boosted" or readable(row.parameters)]


def _with_twin(boosted: Any, rows: Sequence[Any]) -> Stored:
    """A boosted model and the transparent one trained beside it, from which it starts."""
    beside = next((row for row in rows if row.model_version == boosted.metrics.get("beside")), None)
    if beside is None:
        raise RiskError(
            f"The transparent model trained beside {boosted.model_version!r} is gone; train again."
        )
    return Stored(
        boosted.model_version,
        Model.from_json(beside.parameters),
        Boosted.from_json(boosted.parameters),
        boosted.trained_to,
    )


def _shipped(connection: Connection, district: int) -> Stored:
    model = shipped()
    connection.execute(
        insert(RiskModel)
        .values(
            district_id=district,
            model_version=VERSION,
            kind="transparent",
            features=_described("transparent"),
            parameters=model.to_json(),
            metrics={"note": "Set by hand, from nobody's records, until a term has ended."},
        )
        .on_conflict_do_nothing()
    )
    return Stored(VERSION, model, None, None)


def _described(kind: Kind) -> list[dict[str, str]]:
    told = {one.name: one.definition for one in FEATURES}
    if kind == "boosted":
        told |= definitions()
    return [{"name": name, "definition": words} for name, words in told.items()]


_VERSIONS = """
SELECT model_version FROM chalkline.risk_models WHERE district_id = :district
ORDER BY created_at, model_version
"""
_STORED = """
SELECT model_version AS version, kind, in_use, trained_from, trained_to,
       metrics->>'enrollments' AS enrolments, metrics->>'failed_or_left' AS failed_or_left
FROM chalkline.risk_models WHERE district_id = :district
ORDER BY trained_to DESC NULLS LAST, created_at DESC, model_version
"""
_DECISION = """
SELECT decision_id, kind, line FROM chalkline.risk_decisions WHERE district_id = :district
ORDER BY decided_at DESC, decision_id LIMIT 1
"""
_LATEST = """
SELECT model_version FROM chalkline.risk_models
WHERE district_id = :district AND kind = :kind AND trained_to IS NOT NULL
ORDER BY trained_to DESC, created_at DESC, model_version LIMIT 1
"""
_KIND_IN_USE = "SELECT kind FROM chalkline.risk_models WHERE district_id = :district AND in_use"
_USABLE = """
SELECT model_version, kind, parameters, metrics, trained_to, in_use
FROM chalkline.risk_models
WHERE district_id = :district AND trained_to <= :as_of
ORDER BY in_use DESC, trained_to DESC, kind = 'transparent' DESC, created_at DESC, model_version
"""
