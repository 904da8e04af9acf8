"""Raises and closes class notices: competencies that a third of a class struggles with."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from analytics.rules import ClassNotice


def bring_notices(
    connection: Connection,
    given: Mapping[str, Any],
    notices: Mapping[UUID, Sequence[ClassNotice]],
    classes: Sequence[UUID],
) -> int:
    """Makes the open notices of `classes` those found; returns rows changed."""
    rows = [
        {
            "class_id": str(class_id),
            "competency_id": str(notice.competency_id),
            "learners": notice.learners,
            "struggling": notice.struggling,
        }
        for class_id, found in notices.items()
        for notice in found
    ]
    parameters = {**given, "classes": list(classes), "rows": orjson.dumps(rows).decode()}
    closed = connection.execute(text(_CLOSE), parameters).rowcount
    return closed + connection.execute(text(_RAISE), parameters).rowcount


_FOUND = (
    "jsonb_to_recordset(CAST(:rows AS jsonb)) "
    "AS n(class_id uuid, competency_id uuid, learners smallint, struggling smallint)"
)
_CLOSE = f"""
UPDATE chalkline.class_notices t
SET closed_on = greatest(CAST(:as_of AS date), t.raised_on), updated_at = :now
WHERE t.district_id = :district AND t.class_id = ANY (CAST(:classes AS uuid[]))
  AND t.closed_on IS NULL AND NOT EXISTS (
      SELECT FROM {_FOUND} WHERE n.class_id = t.class_id AND n.competency_id = t.competency_id)
"""
_RAISE = f"""
INSERT INTO chalkline.class_notices AS t
    (district_id, notice_id, class_id, competency_id, learners, struggling, raised_on, seen_on,
     updated_at)
SELECT :district, gen_random_uuid(), n.class_id, n.competency_id, n.learners, n.struggling,
       :as_of, :as_of, :now
FROM {_FOUND}
ON CONFLICT (district_id, class_id, competency_id) WHERE closed_on IS NULL DO UPDATE
SET learners = excluded.learners, struggling = excluded.struggling, seen_on = excluded.seen_on,
    updated_at = excluded.updated_at
WHERE (t.learners, t.struggling, t.seen_on)
   IS DISTINCT FROM (excluded.learners, excluded.struggling, excluded.seen_on)
"""
