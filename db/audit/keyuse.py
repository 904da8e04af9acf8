"""Brings the life and the uses of keys into the audit trail.

A row for every use would drown the trail, so each hour that is over becomes one row a key and
purpose; the batches it sums up bear its identifier and are held against it when the trail is
verified. Keys made and destroyed have a row each, and so has whoever used far more than ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

USED: Final = "keys used"
MADE, DESTROYED = "key made", "key destroyed"
UNUSUAL: Final = "unusual use of keys"
MANY: Final = 10_000  # uses within an hour; showing 150 names takes 150
TIMES: Final = 5  # and so many times her usual hour: the median of four weeks

_SUM_UP: Final = """
WITH due AS (
    SELECT usage_id, district_id, kek_id, purpose, actor, uses,
           date_trunc('hour', at, 'UTC') AS hour
    FROM chalkline.key_usage
    WHERE told_in IS NULL AND at < date_trunc('hour', CAST(:now AS timestamptz), 'UTC')
    FOR UPDATE SKIP LOCKED
), hours AS MATERIALIZED (
    SELECT gen_random_uuid() AS audit_id, district_id, kek_id, purpose, hour,
           sum(uses) AS uses, count(DISTINCT actor) AS users
    FROM due GROUP BY district_id, kek_id, purpose, hour
), marked AS (
    UPDATE chalkline.key_usage u SET told_in = h.audit_id
    FROM due d JOIN hours h ON h.kek_id = d.kek_id AND h.purpose = d.purpose AND h.hour = d.hour
        AND h.district_id IS NOT DISTINCT FROM d.district_id
    WHERE u.usage_id = d.usage_id
)
INSERT INTO chalkline.audit_log (district_id, audit_id, role, action, detail)
SELECT district_id, audit_id, 'job', :action, jsonb_build_object(
    'key', kek_id, 'purpose', purpose, 'uses', uses, 'users', users,
    'hour', to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'))
FROM hours
"""
# Every hour is looked at twice; its alert is written once and its row in the trail with it.
_HEAVY: Final = """
WITH hours AS (
    SELECT district_id, split_part(actor, ' ', 2) AS who, date_trunc('hour', at, 'UTC') AS hour,
           max(at) AS latest, sum(uses) AS uses
    FROM chalkline.key_usage
    WHERE at >= CAST(:now AS timestamptz) - interval '28 days'
      AND at < date_trunc('hour', CAST(:now AS timestamptz), 'UTC')
    GROUP BY 1, 2, 3
), heavy AS (
    SELECT h.district_id, s.staff_id, h.hour, h.latest, h.uses
    FROM hours h
    JOIN chalkline.staff s ON s.district_id = h.district_id AND s.staff_id::text = h.who
    WHERE h.uses >= :many AND h.hour >= CAST(:now AS timestamptz) - interval '2 hours'
      AND h.uses >= :times * coalesce((
          SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY b.uses) FROM hours b
          WHERE b.district_id = h.district_id AND b.who = h.who AND b.hour < h.hour), 0)
), told AS (
    INSERT INTO chalkline.access_alerts
        (district_id, alert_id, kind, actor, starts_at, ends_at, count, found_at)
    SELECT district_id, gen_random_uuid(), 'keys', staff_id, hour, latest, uses, :now FROM heavy
    ON CONFLICT (district_id, kind, actor, starts_at) DO NOTHING
    RETURNING district_id, actor, starts_at, count
)
INSERT INTO chalkline.audit_log (district_id, actor, role, action, detail)
SELECT district_id, actor, 'job', :action, jsonb_build_object('uses', count,
    'hour', to_char(starts_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'))
FROM told
"""
# A key belongs to the installation and not to a district; so do its rows.
_LIFE: Final = """
INSERT INTO chalkline.audit_log (district_id, role, action, detail)
SELECT NULL, 'job', n.action, jsonb_build_object('key', n.kek_id, 'on', n.day)
FROM unnest(CAST(:actions AS text[]), CAST(:keks AS text[]), CAST(:days AS text[]))
    AS n (action, kek_id, day)
WHERE NOT EXISTS (
    SELECT FROM chalkline.audit_log a
    WHERE a.district_id IS NULL AND a.action = n.action AND a.detail ->> 'key' = n.kek_id)
"""
_CHANGED: Final = """
SELECT a.position, a.detail ->> 'key' AS key, a.detail ->> 'hour' AS hour,
       CAST(a.detail ->> 'uses' AS bigint) AS told, coalesce(u.uses, 0) AS found
FROM chalkline.audit_log a
LEFT JOIN (SELECT told_in, sum(uses) AS uses FROM chalkline.key_usage GROUP BY told_in) u
    ON u.told_in = a.audit_id
WHERE a.action = :action AND a.role = 'job' AND a.position IS NOT NULL
  AND CAST(a.detail ->> 'uses' AS bigint) IS DISTINCT FROM coalesce(u.uses, 0)
ORDER BY a.position LIMIT 1
"""


@dataclass(frozen=True)
class KeyLife:
    """A key that wraps learners' keys: when it was made, and destroyed if it was."""

    kek_id: str
    made_at: datetime
    destroyed_at: datetime | None


def tell_uses(connection: Connection, *, now: datetime) -> int:
    """Sums up the hours that are over and looks for the unusual; returns the rows added."""
    told = connection.execute(text(_SUM_UP), {"now": now, "action": USED}).rowcount
    heavy = connection.execute(
        text(_HEAVY), {"now": now, "action": UNUSUAL, "many": MANY, "times": TIMES}
    ).rowcount
    return told + heavy


def tell_keys(connection: Connection, keys: Sequence[KeyLife]) -> int:
    """Adds a row for each key made or destroyed that the trail does not tell of yet."""
    events = [(MADE, key.kek_id, key.made_at) for key in keys]
    events += [(DESTROYED, key.kek_id, key.destroyed_at) for key in keys if key.destroyed_at]
    return connection.execute(
        text(_LIFE),
        {
            "actions": [action for action, _, _ in events],
            "keks": [kek for _, kek, _ in events],
            "days": [f"{at:%Y-%m-%d}" for _, _, at in events],
        },
    ).rowcount


def changed_uses(connection: Connection) -> tuple[int, str] | None:
    """(position, what is wrong) of the first row whose uses no longer add up to what it says."""
    row = connection.execute(text(_CHANGED), {"action": USED}).one_or_none()
    if row is None:
        return None
    return row.position, (
        f"The log of key uses was changed: row {row.position:,} tells of {row.told:,} uses of key "
        f"{row.key} in the hour from {row.hour}, the log of {row.found:,}."
    )
