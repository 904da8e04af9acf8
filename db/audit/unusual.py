"""Finds access that a security officer should look at, in the rows of the trail just chained.

Each rule counts in a span of its own, so a second look at the same rows changes nothing: the alert
of a span is written once and its count brought up to date.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, text

BURST: Final = 25  # different learners' records opened within BURST_MINUTES
BURST_MINUTES: Final = 10
NIGHT_FROM, NIGHT_TO = 22, 5  # hours of the district's clock
GUESSES: Final = 10  # wrong passwords or codes for one account within an hour

VIEWED: Final = "viewed learner"  # one learner's record
SAW: Final = "saw learners"  # names in a list
OPENED: Final = "opened in an emergency"
REFUSED: Final = "sign-in refused"

_WRITE: Final = """
INSERT INTO chalkline.access_alerts
    (district_id, alert_id, kind, actor, starts_at, ends_at, count, found_at)
SELECT f.district_id, gen_random_uuid(), '{kind}', f.actor, f.starts_at, f.ends_at, f.count, :now
FROM ({found}) f
JOIN chalkline.staff s ON s.district_id = f.district_id AND s.staff_id = f.actor
ON CONFLICT (district_id, kind, actor, starts_at)
DO UPDATE SET count = excluded.count, ends_at = excluded.ends_at
WHERE access_alerts.count < excluded.count
"""
_BURST: Final = """
SELECT a.district_id, a.actor, n.span AS starts_at, max(a.at) AS ends_at,
       count(DISTINCT a.subject) AS count
FROM (SELECT DISTINCT district_id, actor,
             date_bin(make_interval(mins => :minutes), at, 'epoch') AS span
      FROM chalkline.audit_log WHERE position > :after AND action = :viewed) n
JOIN chalkline.audit_log a ON a.district_id = n.district_id AND a.actor = n.actor
    AND a.at >= n.span AND a.at < n.span + make_interval(mins => :minutes) AND a.action = :viewed
GROUP BY 1, 2, 3 HAVING count(DISTINCT a.subject) >= :burst
"""
# A night is counted from noon to noon, so that it has one date.
_NIGHT: Final = """
SELECT a.district_id, a.actor, min(n.span) AS starts_at, max(a.at) AS ends_at,
       greatest(1, count(DISTINCT a.subject) + coalesce(max(jsonb_array_length(
           a.detail -> 'subjects')), 0)) AS count
FROM (SELECT DISTINCT l.district_id, l.actor, i.timezone,
             (date_trunc('day', (l.at AT TIME ZONE i.timezone) - interval '12 hours')
              + interval '12 hours') AT TIME ZONE i.timezone AS span
      FROM chalkline.audit_log l
      JOIN chalkline.institutions i ON i.district_id = l.district_id AND i.kind = 'district'
      WHERE l.position > :after AND l.action IN (:viewed, :saw)) n
JOIN chalkline.audit_log a ON a.district_id = n.district_id AND a.actor = n.actor
    AND a.at >= n.span AND a.at < n.span + interval '1 day' AND a.action IN (:viewed, :saw)
    AND (extract(hour FROM a.at AT TIME ZONE n.timezone) >= :night_from
         OR extract(hour FROM a.at AT TIME ZONE n.timezone) < :night_to)
GROUP BY 1, 2, n.span
"""
_OTHER_SCHOOL: Final = """
SELECT a.district_id, a.actor, n.span AS starts_at, max(a.at) AS ends_at,
       count(DISTINCT a.subject) AS count
FROM (SELECT DISTINCT l.district_id, l.actor, date_trunc('day', l.at) AS span
      FROM chalkline.audit_log l WHERE l.position > :after AND l.action = :viewed) n
JOIN chalkline.audit_log a ON a.district_id = n.district_id AND a.actor = n.actor
    AND a.at >= n.span AND a.at < n.span + interval '1 day' AND a.action = :viewed
JOIN chalkline.learners l ON l.district_id = a.district_id AND l.anonymous_id = a.subject
WHERE NOT EXISTS (
    SELECT FROM chalkline.staff_roles r
    JOIN chalkline.institutions p
        ON p.district_id = r.district_id AND p.institution_id = r.school_id
    WHERE r.district_id = a.district_id AND r.staff_id = a.actor
      AND (r.school_id = l.school_id OR p.kind = 'district')
      AND (r.ends_on IS NULL OR r.ends_on >= a.at::date))
GROUP BY 1, 2, 3
"""
_GUESSING: Final = """
SELECT a.district_id, a.actor, n.span AS starts_at, max(a.at) AS ends_at, count(*) AS count
FROM (SELECT DISTINCT district_id, actor, date_trunc('hour', at) AS span
      FROM chalkline.audit_log WHERE position > :after AND action = :refused) n
JOIN chalkline.audit_log a ON a.district_id = n.district_id AND a.actor = n.actor
    AND a.at >= n.span AND a.at < n.span + interval '1 hour' AND a.action = :refused
GROUP BY 1, 2, 3 HAVING count(*) >= :guesses
"""
_EMERGENCY: Final = """
SELECT district_id, actor, at AS starts_at, at AS ends_at, 1 AS count
FROM chalkline.audit_log WHERE position > :after AND action = :opened
"""
RULES: Final = {
    "burst": _BURST,
    "night": _NIGHT,
    "other school": _OTHER_SCHOOL,
    "guessing": _GUESSING,
    "emergency": _EMERGENCY,
}
_VALUES: Final = {
    "burst": BURST,
    "minutes": BURST_MINUTES,
    "night_from": NIGHT_FROM,
    "night_to": NIGHT_TO,
    "guesses": GUESSES,
    "viewed": VIEWED,
    "saw": SAW,
    "opened": OPENED,
    "refused": REFUSED,
}


def find(connection: Connection, *, after: int, now: datetime) -> None:
    """Writes the alerts that the rows behind position `after` call for."""
    for kind, found in RULES.items():
        connection.execute(
            text(_WRITE.format(kind=kind, found=found)), {**_VALUES, "after": after, "now": now}
        )
