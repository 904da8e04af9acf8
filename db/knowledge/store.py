"""Keeps knowledge models, version by version, and finds the one by which a day is estimated."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from analytics.knowledge import DEFAULT, Model

SHIPPED: Final = "shipped-2"  # another number when DEFAULT changes, so that estimates are remade

Lifts = Mapping[UUID, Mapping[str, float]]
"""class -> competency -> how much easier it is there, in log-odds"""


@dataclass(frozen=True)
class InUse:
    """A version and its model. Skills are identifiers of competencies, as text."""

    version: str
    model: Model
    lifts: Lifts
    trained_to: date | None


def model_for(connection: Connection, given: Mapping[str, Any]) -> InUse:
    """The version in use if its answers had all been given by the day shown; else the shipped one,
    which is then stored, with the prerequisites as they stand now."""
    needs = prerequisites(connection, given["district"])
    row = connection.execute(text(_IN_USE), given).one_or_none()
    if row is None:
        connection.execute(
            text(_KEEP),
            {
                "district": given["district"],
                "version": SHIPPED,
                "kind": "shipped",
                "parameters": orjson.dumps({"model": DEFAULT.to_json(), "lifts": {}}).decode(),
                "first": None,
                "last": None,
                "metrics": orjson.dumps(
                    {"note": "From simulated learners; nobody's data."}
                ).decode(),
                "now": given["now"],
            },
        )
        return InUse(SHIPPED, replace(DEFAULT, prerequisites=needs), {}, None)
    lifts = {UUID(room): skills for room, skills in row.parameters["lifts"].items()}
    model = Model.from_json(row.parameters["model"])
    return InUse(row.model_version, replace(model, prerequisites=needs), lifts, row.trained_to)


def prerequisites(connection: Connection, district: int) -> dict[str, tuple[str, ...]]:
    """Of each competency that a question of the district asks for, those it needs that are asked
    for too: of others nobody's standing is known."""
    found: dict[str, list[str]] = {}
    for need, skill in connection.execute(text(_EDGES), {"district": district}):
        found.setdefault(str(skill), []).append(str(need))
    return {skill: tuple(sorted(needs)) for skill, needs in sorted(found.items())}


def keep(
    connection: Connection,
    district: int,
    *,
    model: Model,
    lifts: Lifts,
    window: tuple[date, date],
    metrics: Mapping[str, Any],
    now: datetime,
) -> str:
    """Stores a fitted model and puts it to use; the next refresh makes every estimate anew by it.
    Returns its version; the same model again changes nothing."""
    written = replace(model, prerequisites={}).to_json()
    parts = {str(room): dict(sorted(skills.items())) for room, skills in sorted(lifts.items())}
    parameters = orjson.dumps({"model": written, "lifts": parts})
    version = f"fitted-{window[1]:%Y-%m-%d}-{hashlib.sha256(parameters).hexdigest()[:8]}"
    connection.execute(
        text(_KEEP),
        {
            "district": district,
            "version": version,
            "kind": "fitted",
            "parameters": parameters.decode(),
            "first": window[0],
            "last": window[1],
            "metrics": orjson.dumps(metrics).decode(),
            "now": now,
        },
    )
    given = {"district": district, "version": version}
    if connection.scalar(text(_IS_IN_USE), given):
        return version
    connection.execute(text(_RETIRE), given)
    connection.execute(text(_USE), given)
    connection.execute(text(_REMAKE), given)
    return version


_IN_USE = """
SELECT model_version, parameters, trained_to FROM chalkline.knowledge_models
WHERE district_id = :district AND in_use AND trained_to <= :as_of
"""
_IS_IN_USE = """
SELECT in_use FROM chalkline.knowledge_models
WHERE district_id = :district AND model_version = :version
"""
_RETIRE = "UPDATE chalkline.knowledge_models SET in_use = false WHERE district_id = :district"
_USE = f"{_RETIRE} AND model_version = :version".replace("false", "true")
_REMAKE = (
    "UPDATE chalkline.watermarks SET seen = '' WHERE district_id = :district AND name = 'state'"
)
_KEEP = """
INSERT INTO chalkline.knowledge_models
    (district_id, model_version, kind, parameters, trained_from, trained_to, metrics, created_at)
VALUES (:district, :version, :kind, CAST(:parameters AS jsonb), :first, :last,
        CAST(:metrics AS jsonb), :now)
ON CONFLICT DO NOTHING
"""
_EDGES = """
WITH asked AS MATERIALIZED (
    SELECT DISTINCT competency_id FROM chalkline.item_competencies WHERE district_id = :district)
SELECT e.prerequisite_id, e.competency_id FROM chalkline.competency_edges e
JOIN asked a ON a.competency_id = e.prerequisite_id
JOIN asked b ON b.competency_id = e.competency_id
ORDER BY 2, 1
"""
