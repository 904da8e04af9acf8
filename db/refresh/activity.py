"""Makes activity_days: what a learner did in a class on a day, from interactions and answers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from db.refresh.dirty import Dirty
from db.refresh.write import replace

_VALUES = ("clicks", "seconds", "help_requests", "answers", "right_answers")


def activity_days(connection: Connection, given: Mapping[str, Any], dirty: Dirty | None) -> int:
    """Brings the days up to date, all of them when `dirty` is None; returns rows changed."""
    if dirty is not None and not dirty.days:
        return 0
    days = sorted(dirty.days) if dirty else []
    changed = replace(
        connection,
        "activity_days",
        {
            **given,
            "classes": [day[0] for day in days],
            "learners": [day[1] for day in days],
            "dates": [day[2] for day in days],
        },
        keys=("class_id", "learner_id", "on_date"),
        values=_VALUES,
        within="true"
        if dirty is None
        else f"(t.class_id, t.learner_id, t.on_date) IN (SELECT * FROM {_GIVEN_DAYS})",
        fresh=_ALL if dirty is None else _SOME,
        stamped=False,
    )
    return changed.total()


_GIVEN_DAYS = (
    "unnest(CAST(:classes AS uuid[]), CAST(:learners AS uuid[]), CAST(:dates AS date[]))"
    " AS k(class_id, learner_id, on_date)"
)
_SUMS = """
SELECT class_id, learner_id, on_date, sum(clicks)::integer AS clicks,
       sum(seconds)::integer AS seconds, sum(help)::integer AS help_requests,
       sum(answers)::integer AS answers, sum(right_answers)::integer AS right_answers
"""
_ALL = f"""{_SUMS} FROM (
    SELECT class_id, learner_id, (occurred_at AT TIME ZONE :tz)::date AS on_date,
           sum(clicks) AS clicks, sum(duration_seconds) AS seconds,
           count(*) FILTER (WHERE type = 'help_request') AS help, 0 AS answers, 0 AS right_answers
    FROM chalkline.learning_interactions WHERE district_id = :district AND occurred_at < :cut
    GROUP BY 1, 2, 3
    UNION ALL
    SELECT class_id, learner_id, (answered_at AT TIME ZONE :tz)::date, 0, NULL, 0,
           count(*), count(*) FILTER (WHERE credit >= 1)
    FROM chalkline.item_responses WHERE district_id = :district AND answered_at < :cut
    GROUP BY 1, 2, 3
) AS rows GROUP BY class_id, learner_id, on_date ORDER BY class_id, learner_id, on_date
"""
_SOME = f"""{_SUMS} FROM (
    SELECT k.class_id, k.learner_id, k.on_date, i.clicks, i.duration_seconds AS seconds,
           (i.type = 'help_request')::integer AS help, 0 AS answers, 0 AS right_answers
    FROM {_GIVEN_DAYS}
    JOIN chalkline.learning_interactions i
      ON i.district_id = :district AND i.learner_id = k.learner_id AND i.class_id = k.class_id
     AND i.occurred_at >= k.on_date::timestamp AT TIME ZONE :tz
     AND i.occurred_at < (k.on_date + 1)::timestamp AT TIME ZONE :tz
    UNION ALL
    SELECT k.class_id, k.learner_id, k.on_date, 0, NULL, 0, 1, (r.credit >= 1)::integer
    FROM {_GIVEN_DAYS}
    JOIN chalkline.item_responses r
      ON r.district_id = :district AND r.class_id = k.class_id AND r.learner_id = k.learner_id
     AND r.answered_at >= k.on_date::timestamp AT TIME ZONE :tz
     AND r.answered_at < (k.on_date + 1)::timestamp AT TIME ZONE :tz
) AS rows WHERE on_date <= :as_of GROUP BY class_id, learner_id, on_date
"""
