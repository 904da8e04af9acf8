"""Adds up interactions by learner and day, and says what of them had happened by a day's end."""

from typing import Final

from analytics.risk.kinds import KINDS, LATELY

CUTS = """
cuts AS MATERIALIZED (
    SELECT k.class_id, k.as_of, c.course_id, o.code AS course, m.starts_on AS term, c.starts_on,
           i.timezone AS tz, (k.as_of + 1)::timestamp AT TIME ZONE i.timezone AS cut
    FROM unnest(CAST(:classes AS uuid[]), CAST(:days AS date[])) AS k (class_id, as_of)
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = k.class_id
    JOIN chalkline.academic_terms m ON m.district_id = :district AND m.term_id = c.term_id
    JOIN chalkline.courses o ON o.course_id = c.course_id
    JOIN chalkline.institutions i ON i.district_id = :district AND i.kind = 'district')
"""

_KINDS = ",\n".join(
    "coalesce(sum(i.clicks) FILTER (WHERE i.type IN ({})), 0) AS {}".format(
        ", ".join(f"'{one}'" for one in types), kind
    )
    for kind, types in KINDS.items()
)
_ANSWERS = ", ".join("count(*)" if kind == "checking" else "0" for kind in KINDS)
_SUMS = ", ".join(f"sum({kind})::integer AS {kind}" for kind in KINDS)

DAYS: Final = f"""
CREATE TEMPORARY TABLE chalkline_risk_days ON COMMIT DROP AS
WITH {CUTS},
spans AS MATERIALIZED (
    SELECT class_id, tz, max(cut) AS cut,
           min((starts_on - CAST(:early AS integer))::timestamp AT TIME ZONE tz) AS since
    FROM cuts GROUP BY class_id, tz)
SELECT CAST(:district AS integer) AS district_id, class_id, learner_id, on_date,
       sum(clicks)::integer AS clicks, {_SUMS}
FROM (
    SELECT i.class_id, i.learner_id, (i.occurred_at AT TIME ZONE s.tz)::date AS on_date,
           sum(i.clicks) AS clicks, {_KINDS}
    FROM chalkline.learning_interactions i JOIN spans s ON s.class_id = i.class_id
    WHERE i.district_id = :district AND i.occurred_at < s.cut
      AND i.occurred_at >= s.since
      AND i.occurred_at BETWEEN (SELECT min(since) FROM spans) AND (SELECT max(cut) FROM spans)
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT r.class_id, r.learner_id, (r.answered_at AT TIME ZONE s.tz)::date, 0, {_ANSWERS}
    FROM chalkline.item_responses r JOIN spans s ON s.class_id = r.class_id
    WHERE r.district_id = :district AND r.answered_at < s.cut AND r.answered_at >= s.since
    GROUP BY 1, 2, 3
) AS rows GROUP BY class_id, learner_id, on_date
"""

_OF_KINDS = "".join(
    f""",
           sum(a.{kind}) FILTER (WHERE a.on_date >= k.starts_on) AS {kind}_clicks,
           count(*) FILTER (WHERE a.{kind} > 0 AND a.on_date >= k.starts_on) AS {kind}_days,
           sum(a.{kind}) FILTER (WHERE a.on_date > k.as_of - {LATELY}) AS {kind}_clicks_lately,
           count(*) FILTER (WHERE a.{kind} > 0 AND a.on_date > k.as_of - {LATELY})
               AS {kind}_days_lately"""
    for kind in KINDS
)


def active(*, kinds: bool, from_state: bool) -> str:
    """What each learner had done by the end of each cut's day; kinds are not in the state."""
    source = "chalkline.activity_days" if from_state else "chalkline_risk_days"
    return _ACTIVE.format(source=source, of_kinds=_OF_KINDS if kinds else "")


_ACTIVE = """
active AS MATERIALIZED (
    SELECT k.class_id, k.as_of, a.learner_id,
           sum(a.clicks) FILTER (WHERE a.on_date >= k.starts_on) AS clicks,
           count(*) FILTER (WHERE a.on_date >= k.starts_on) AS active_days,
           count(*) FILTER (WHERE a.on_date > k.as_of - CAST(:recent AS integer)) AS recent_days,
           sum(a.clicks) FILTER (WHERE a.on_date < k.starts_on) AS early_clicks,
           max(a.on_date) AS last_on,
           count(*) FILTER (WHERE a.on_date > k.as_of - 28) AS days_28,
           sum(a.clicks) FILTER (WHERE a.on_date > k.as_of - 28) AS clicks_28,
           count(*) FILTER (WHERE a.on_date <= k.as_of - 28 AND a.on_date > k.as_of - 56)
               AS days_before,
           sum(a.clicks) FILTER (WHERE a.on_date <= k.as_of - 28 AND a.on_date > k.as_of - 56)
               AS clicks_before{of_kinds}
    FROM cuts k
    JOIN {source} a ON a.district_id = :district AND a.class_id = k.class_id
     AND a.on_date <= k.as_of AND a.on_date >= k.starts_on - CAST(:early AS integer)
    GROUP BY k.class_id, k.as_of, a.learner_id)"""
