"""Makes assessment_state: sums over first attempts, from which item analysis needs no answers."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from analytics.items import UPPER_SHARE
from db.refresh.write import exact, replace

_VALUES = (
    "learners",
    "submitted",
    "marked",
    "late",
    "sum_percent",
    "sum_percent_squared",
    "median_percent",
    "passed",
    "complete",
    "sum_total",
    "sum_total_squared",
    "items",
    "item_n",
    "item_sum",
    "item_sum_squared",
    "item_sum_product",
    "item_upper",
    "item_upper_right",
    "item_lower",
    "item_lower_right",
    "item_options",
)


def assessment_state(connection: Connection, given: Mapping[str, Any]) -> int:
    """Makes the pairs of `paper_classes` and `papers` again; returns rows changed."""
    if not given["papers"]:
        return 0
    return replace(
        connection,
        "assessment_state",
        {**given, "share": UPPER_SHARE},
        keys=("class_id", "assessment_id"),
        values=_VALUES,
        within="(t.class_id, t.assessment_id) IN (SELECT * FROM "
        "unnest(CAST(:paper_classes AS uuid[]), CAST(:papers AS uuid[])))",
        fresh=FRESH,
    ).total()


_PER_ITEM = {
    "item_n": "coalesce(u.n, 0)::integer",
    "item_sum": exact("u.credit"),
    "item_sum_squared": exact("u.squared"),
    "item_sum_product": exact("u.product"),
    "item_upper": "coalesce(u.upper, 0)::integer",
    "item_upper_right": exact("u.upper_right"),
    "item_lower": "coalesce(u.lower, 0)::integer",
    "item_lower_right": exact("u.lower_right"),
}
_ARRAYS = ", ".join(
    f"array_agg({value} ORDER BY q.position) AS {name}" for name, value in _PER_ITEM.items()
)
_FROM_ITEMS = ", ".join(
    f"coalesce(p.{name}, '{{}}') AS {name}" for name in ("items", *_PER_ITEM, "item_options")
)

# Learners enrolled as of the day; the first attempt of each that was handed in by then.
# Ranks are of windows, not of a join: the planner takes answers for a handful, and would go through
# all learners for each answer. Options are counted for multiple choice alone: a written answer is
# a learner's own words.
FRESH = f"""
WITH scope AS MATERIALIZED (
    SELECT ca.class_id, ca.assessment_id, ca.due_on
    FROM unnest(CAST(:paper_classes AS uuid[]), CAST(:papers AS uuid[]))
         AS k(class_id, assessment_id)
    JOIN chalkline.class_assessments ca ON ca.district_id = :district
     AND ca.class_id = k.class_id AND ca.assessment_id = k.assessment_id
    JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = ca.class_id
    WHERE c.starts_on <= :as_of),
enrolled AS MATERIALIZED (
    SELECT e.class_id, e.learner_id FROM chalkline.enrollments e
    WHERE e.district_id = :district AND e.class_id IN (SELECT class_id FROM scope)
      AND e.enrolled_on <= :as_of
      AND CASE WHEN e.left_on IS NULL THEN e.status <> 'withdrawn' ELSE e.left_on > :as_of END),
size AS (SELECT class_id, count(*) AS learners FROM enrolled GROUP BY class_id),
firsts AS MATERIALIZED (
    SELECT DISTINCT ON (t.class_id, t.assessment_id, t.learner_id)
           t.class_id, t.assessment_id, t.learner_id, t.attempt_id, t.passed,
           (t.submitted_at AT TIME ZONE :tz)::date > s.due_on AS late,
           CASE WHEN coalesce(t.marked_at < :cut, true) THEN t.percent END::float8 AS percent
    FROM scope s
    JOIN chalkline.assessment_attempts t ON t.district_id = :district
     AND t.class_id = s.class_id AND t.assessment_id = s.assessment_id
    JOIN enrolled e ON e.class_id = t.class_id AND e.learner_id = t.learner_id
    WHERE t.status <> 'in_progress' AND NOT t.banked
      AND coalesce(coalesce(t.submitted_at, t.marked_at, t.started_at) < :cut, true)
    ORDER BY t.class_id, t.assessment_id, t.learner_id, t.attempt_number),
marks AS (
    SELECT class_id, assessment_id, count(*) AS submitted, count(percent) AS marked,
           count(*) FILTER (WHERE late) AS late,
           sum(percent) AS total, sum(percent * percent) AS squared,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY percent) AS median,
           count(*) FILTER (WHERE passed AND percent IS NOT NULL) AS passed
    FROM firsts GROUP BY class_id, assessment_id),
questions AS MATERIALIZED (
    SELECT i.assessment_id, i.item_id, i.position, i.kind,
           count(*) OVER (PARTITION BY i.assessment_id) AS length
    FROM chalkline.assessment_items i
    WHERE i.district_id = :district AND i.assessment_id IN (SELECT assessment_id FROM scope)),
answers AS MATERIALIZED (
    SELECT f.class_id, f.assessment_id, f.learner_id, r.item_id, q.kind, q.length,
           r.credit::float8 AS credit, r.answer
    FROM firsts f
    JOIN questions q ON q.assessment_id = f.assessment_id
    JOIN chalkline.item_responses r ON r.district_id = :district AND r.class_id = f.class_id
     AND r.learner_id = f.learner_id AND r.item_id = q.item_id AND r.attempt_id = f.attempt_id
    WHERE r.answered_at < :cut),
summed AS (
    SELECT *, count(*) OVER person AS answered, sum(credit) OVER person AS total
    FROM answers WINDOW person AS (PARTITION BY class_id, assessment_id, learner_id)),
ranked AS (
    SELECT *, dense_rank() OVER (test ORDER BY total DESC, learner_id) AS best,
           dense_rank() OVER (test ORDER BY total, learner_id DESC) AS worst
    FROM summed WHERE answered = length
    WINDOW test AS (PARTITION BY class_id, assessment_id)),
complete AS MATERIALIZED (
    SELECT *, max(best) OVER (PARTITION BY class_id, assessment_id) AS learners FROM ranked),
whole AS (
    SELECT class_id, assessment_id, count(*) AS complete,
           sum(total) AS total, sum(total * total) AS squared
    FROM (SELECT class_id, assessment_id, max(total) AS total FROM complete
          GROUP BY class_id, assessment_id, learner_id) AS p
    GROUP BY class_id, assessment_id),
sums AS (
    SELECT class_id, assessment_id, item_id, count(*) AS n, sum(credit) AS credit,
           sum(credit * credit) AS squared, sum(credit * total) AS product,
           count(*) FILTER (WHERE best <= ceil(:share * learners)) AS upper,
           coalesce(sum(credit) FILTER (WHERE best <= ceil(:share * learners)), 0) AS upper_right,
           count(*) FILTER (WHERE worst <= ceil(:share * learners)) AS lower,
           coalesce(sum(credit) FILTER (WHERE worst <= ceil(:share * learners)), 0) AS lower_right
    FROM complete GROUP BY class_id, assessment_id, item_id),
chosen AS (
    SELECT class_id, assessment_id, item_id, jsonb_object_agg(answer, learners) AS options
    FROM (SELECT class_id, assessment_id, item_id, answer, count(*) AS learners FROM answers
          WHERE kind = 'multiple_choice' AND answer IS NOT NULL
          GROUP BY class_id, assessment_id, item_id, answer) AS c
    GROUP BY class_id, assessment_id, item_id),
per_item AS (
    SELECT s.class_id, s.assessment_id,
           array_agg(q.item_id ORDER BY q.position) AS items,
           {_ARRAYS},
           coalesce(jsonb_object_agg(q.item_id, o.options)
               FILTER (WHERE o.options IS NOT NULL), '{{}}') AS item_options
    FROM scope s
    JOIN questions q ON q.assessment_id = s.assessment_id
    LEFT JOIN sums u ON u.class_id = s.class_id AND u.item_id = q.item_id
    LEFT JOIN chosen o ON o.class_id = s.class_id AND o.item_id = q.item_id
    GROUP BY s.class_id, s.assessment_id)
SELECT s.class_id, s.assessment_id, coalesce(n.learners, 0) AS learners,
       coalesce(m.submitted, 0) AS submitted, coalesce(m.marked, 0) AS marked,
       coalesce(m.late, 0) AS late,
       {exact("m.total")} AS sum_percent, {exact("m.squared")} AS sum_percent_squared,
       m.median::real AS median_percent, coalesce(m.passed, 0) AS passed,
       coalesce(w.complete, 0) AS complete,
       {exact("w.total")} AS sum_total, {exact("w.squared")} AS sum_total_squared,
       {_FROM_ITEMS}
FROM scope s
LEFT JOIN size n USING (class_id)
LEFT JOIN marks m USING (class_id, assessment_id)
LEFT JOIN whole w USING (class_id, assessment_id)
LEFT JOIN per_item p USING (class_id, assessment_id)
"""
