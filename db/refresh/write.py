"""Writes state so that only rows that differ are touched: a second refresh changes nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text


def exact(total: str) -> str:
    """SQL for a sum of floats, rounded so that the order of adding does not show; null is 0."""
    return f"coalesce(round(({total})::numeric, 6)::float8, 0)"


def replace(
    connection: Connection,
    table: str,
    given: Mapping[str, Any],
    *,
    keys: Sequence[str],
    values: Sequence[str],
    within: str,
    fresh: str,
    stamped: bool = True,
) -> Counter[UUID]:
    """Makes the rows of `table` that lie `within` equal to what the query `fresh` gives.

    `fresh` names its columns as the table does (`keys` and `values`, without district_id).
    Returns, per value of the first key, how many rows were written or removed.
    """
    columns = ["district_id", *keys, *values, *(["updated_at"] if stamped else [])]
    picked = [
        ":district",
        *(f"f.{name}" for name in (*keys, *values)),
        *([":now"] if stamped else []),
    ]
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns[1 + len(keys) :])
    old = ", ".join(f"t.{name}" for name in values)
    new = ", ".join(f"excluded.{name}" for name in values)
    same = " AND ".join(f"f.{name} = t.{name}" for name in keys)
    rows = connection.execute(
        text(f"""
WITH fresh AS MATERIALIZED ({fresh}),
gone AS (
    DELETE FROM chalkline.{table} t WHERE t.district_id = :district AND {within}
    AND NOT EXISTS (SELECT FROM fresh f WHERE {same}) RETURNING t.{keys[0]} AS key),
put AS (
    INSERT INTO chalkline.{table} AS t ({", ".join(columns)})
    SELECT {", ".join(picked)} FROM fresh f
    ON CONFLICT (district_id, {", ".join(keys)}) DO UPDATE SET {changed}
    WHERE ({old}) IS DISTINCT FROM ({new}) RETURNING t.{keys[0]} AS key)
SELECT key, count(*) AS rows FROM (SELECT key FROM gone UNION ALL SELECT key FROM put) AS changed
GROUP BY key"""),
        given,
    )
    return Counter({row.key: row.rows for row in rows})
