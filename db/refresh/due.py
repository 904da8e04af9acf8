"""Which classes wait for their learners to be scored, and in which districts anything does.

Refresh notes the classes it has made again, in its own transaction; scoring takes them away in
its. A killed scorer loses nothing. Light on purpose: whoever finds nothing due loads no model.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

SCORES = "risk"  # the watermark of scoring; its `seen` is "model version/decision"


def note_due(connection: Connection, district: int, classes: Sequence[UUID] | None) -> None:
    """These classes (None: all) have news for the risk model."""
    wanted = None if classes is None else list(classes)
    connection.execute(text(_NOTE), {"district": district, "classes": wanted})


def waiting(connection: Connection, districts: Sequence[int] | None = None) -> list[int]:
    """Districts with classes to score, never scored, or with a decision not yet applied."""
    given = {"districts": None if districts is None else list(districts)}
    return list(connection.scalars(text(_WAITING), given))


_NOTE = """
INSERT INTO chalkline.risk_due (district_id, class_id)
SELECT district_id, class_id FROM chalkline.classes
WHERE district_id = :district
  AND (CAST(:classes AS uuid[]) IS NULL OR class_id = ANY (CAST(:classes AS uuid[])))
ORDER BY class_id
ON CONFLICT DO NOTHING
"""
_WAITING = f"""
SELECT s.district_id FROM chalkline.watermarks s
LEFT JOIN chalkline.watermarks r ON r.district_id = s.district_id AND r.name = '{SCORES}'
WHERE s.name = 'state'
  AND (CAST(:districts AS integer[]) IS NULL OR s.district_id = ANY (CAST(:districts AS integer[])))
  AND (r.seen IS NULL
    OR EXISTS (SELECT FROM chalkline.risk_due d WHERE d.district_id = s.district_id)
    OR split_part(r.seen, '/', 2) IS DISTINCT FROM coalesce((
        SELECT decision_id::text FROM chalkline.risk_decisions k
        WHERE k.district_id = s.district_id ORDER BY decided_at DESC, decision_id LIMIT 1), ''))
ORDER BY s.district_id
"""
