"""Proposes next steps to the learners of some classes: one each, and a new one after a week."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Connection, text

from analytics.recommending import REST_DAYS, Known, Step, next_step
from analytics.rules import CURRENT_WEEKS
from db.refresh.taught import courses
from db.refresh.write import replace


def recommendations(
    connection: Connection, given: Mapping[str, Any], classes: Sequence[UUID]
) -> int:
    """Notes which steps were followed and proposes the next ones; returns rows changed.

    A step stands until somebody follows it, the competency is mastered, or REST_DAYS have passed:
    a page that changed its mind with every answer would be no help.
    """
    where = {
        **given,
        "classes": list(classes),
        "rest": REST_DAYS,
        "current_days": 7 * CURRENT_WEEKS,
    }
    changed = replace(
        connection,
        "section_evidence",
        where,
        keys=("class_id", "section_id"),
        values=("learners", "share", "gained"),
        within="t.class_id = ANY (CAST(:classes AS uuid[]))",
        fresh=_EVIDENCE,
    ).total()
    changed += connection.execute(text(_TAKE_BACK), where).rowcount
    changed += connection.execute(text(_FOLLOWED), where).rowcount
    due = connection.execute(text(_DUE), where).all()
    if not due:
        return changed
    taught = courses(connection, where)
    where["learners"] = sorted({row.learner_id for row in due})
    known: dict[UUID, dict[UUID, Known]] = defaultdict(dict)
    for row in connection.execute(text(_KNOWN), where):
        known[row.learner_id][row.competency_id] = Known(row.label, row.next_right, row.evidence)
    needs: dict[UUID, list[UUID]] = defaultdict(list)
    for need, competency in connection.execute(text(_EDGES), where):
        needs[competency].append(need)
    rows = []
    for row in due:
        course = taught.get(row.class_id)
        mine = known.get(row.learner_id)
        if course is None or not mine:
            continue
        step = next_step(
            course.current,
            mine,
            needs,
            course.activities,
            ahead=course.ahead,
            lately=row.lately,
            accommodations=row.accessibility_needs,
        )
        if step:
            rows.append(_row(row, step, mine))
    if rows:
        listed = {**where, "rows": orjson.dumps(rows).decode()}
        changed += connection.execute(text(_PROPOSE), listed).rowcount
    return changed


def _row(row: Any, step: Step, mine: Mapping[UUID, Known]) -> dict[str, Any]:
    """A step as it is stored: `reasons` are the figures that its words are made from."""
    said = mine.get(step.competency_id)
    worked = step.activity.worked if step.activity else None
    return {
        "learner_id": str(row.learner_id),
        "class_id": str(row.class_id),
        "competency_id": str(step.competency_id),
        "section_id": str(step.activity.section_id) if step.activity else None,
        "kind": step.kind,
        "reasons": {
            "next_right": round(said.next_right, 3) if said else None,
            "label": said.label if said else None,
            "answers": said.answers if said else 0,
            "holds_up": str(step.holds_up) if step.holds_up else None,
            "unmet": list(step.unmet),
            "worked": {
                "learners": worked.learners,
                "share": round(worked.share, 2),
                "gained": worked.gained,
            }
            if worked
            else None,
        },
    }


_IN_CLASSES = "t.district_id = :district AND t.class_id = ANY (CAST(:classes AS uuid[]))"
_TAKE_BACK = f"DELETE FROM chalkline.recommendations t WHERE {_IN_CLASSES} AND t.made_on > :as_of"
_FOLLOWED = f"""
UPDATE chalkline.recommendations t SET followed_on = f.on_date
FROM (
    SELECT r.recommendation_id, least(min((m.last_answer_at AT TIME ZONE :tz)::date),
               min((p.last_opened_at AT TIME ZONE :tz)::date)) AS on_date
    FROM chalkline.recommendations r
    LEFT JOIN chalkline.mastery m ON m.district_id = :district AND m.learner_id = r.learner_id
     AND m.competency_id = r.competency_id
     AND (m.last_answer_at AT TIME ZONE :tz)::date > r.made_on
    LEFT JOIN chalkline.section_progress p ON p.district_id = :district
     AND p.class_id = r.class_id AND p.learner_id = r.learner_id AND p.section_id = r.section_id
     AND (p.last_opened_at AT TIME ZONE :tz)::date > r.made_on AND p.last_opened_at < :cut
    WHERE r.district_id = :district AND r.class_id = ANY (CAST(:classes AS uuid[]))
      AND r.followed_on IS NULL AND r.made_on > CAST(:as_of AS date) - 28
      AND (m.learner_id IS NOT NULL OR p.learner_id IS NOT NULL)
    GROUP BY r.recommendation_id) f
WHERE {_IN_CLASSES} AND t.recommendation_id = f.recommendation_id
"""
# What stands already is left alone, and so is a class that does not run.
_DUE = """
WITH recent AS MATERIALIZED (
    SELECT r.learner_id, r.class_id, r.competency_id,
           r.followed_on IS NULL AND m.label IS DISTINCT FROM 'mastered' AS stands
    FROM chalkline.recommendations r
    LEFT JOIN chalkline.mastery m ON m.district_id = :district AND m.learner_id = r.learner_id
     AND m.competency_id = r.competency_id
    WHERE r.district_id = :district AND r.made_on > CAST(:as_of AS date) - CAST(:rest AS integer)
      AND r.competency_id IS NOT NULL
      AND r.learner_id IN (SELECT e.learner_id FROM chalkline.enrollment_state e
                           WHERE e.district_id = :district
                             AND e.class_id = ANY (CAST(:classes AS uuid[]))))
SELECT s.class_id, s.learner_id, l.accessibility_needs,
       coalesce(r.lately, '{}') AS lately
FROM chalkline.enrollment_state s
JOIN chalkline.classes c ON c.district_id = :district AND c.class_id = s.class_id
JOIN chalkline.learners l ON l.district_id = :district AND l.learner_id = s.learner_id
LEFT JOIN (SELECT learner_id, array_agg(competency_id) AS lately FROM recent GROUP BY learner_id) r
  ON r.learner_id = s.learner_id
WHERE s.district_id = :district AND s.class_id = ANY (CAST(:classes AS uuid[])) AND s.enrolled
  AND c.starts_on <= :as_of AND c.ends_on >= :as_of AND s.assessed > 0
  AND NOT EXISTS (SELECT FROM recent r WHERE r.class_id = s.class_id
                  AND r.learner_id = s.learner_id AND r.stands)
ORDER BY 1, 2
"""
# Over classes of other teachers alone, in tens and twentieths: so that no teacher can subtract
# what she knows of her own classes, nor the figure of yesterday, and be left with one learner.
_EVIDENCE = """
WITH near AS MATERIALIZED (
    SELECT a.class_id, b.class_id AS other FROM chalkline.class_staff a
    JOIN chalkline.class_staff b ON b.district_id = :district AND b.staff_id = a.staff_id
    WHERE a.district_id = :district AND a.class_id = ANY (CAST(:classes AS uuid[]))
    UNION SELECT c, c FROM unnest(CAST(:classes AS uuid[])) AS c),
others AS (
    SELECT c.class_id, s.section_id, sum(s.checked) AS learners, sum(s.sum_comprehension) AS total
    FROM chalkline.classes c
    JOIN chalkline.sections x ON x.course_id = c.course_id
    JOIN chalkline.section_state s ON s.district_id = :district AND s.section_id = x.section_id
    WHERE c.district_id = :district AND c.class_id = ANY (CAST(:classes AS uuid[]))
      AND NOT EXISTS (SELECT FROM near n WHERE n.class_id = c.class_id AND n.other = s.class_id)
    GROUP BY c.class_id, s.section_id)
SELECT o.class_id, o.section_id, (floor(o.learners / 10) * 10)::integer AS learners,
       (round((o.total / o.learners)::numeric * 20) / 20)::real AS share,
       coalesce((SELECT e.gain_low > 0 FROM chalkline.content_effectiveness e
                 WHERE e.district_id = :district AND e.section_id = o.section_id
                 ORDER BY e.measured_at DESC LIMIT 1), false) AS gained
FROM others o
JOIN chalkline.institutions d ON d.district_id = :district AND d.kind = 'district'
WHERE o.learners >= greatest(d.least_group, 10)
"""
_KNOWN = """
SELECT learner_id, competency_id, label, next_right::float8 AS next_right, evidence
FROM chalkline.mastery
WHERE district_id = :district AND learner_id = ANY (CAST(:learners AS uuid[]))
"""
_EDGES = """
SELECT e.prerequisite_id, e.competency_id FROM chalkline.competency_edges e
WHERE e.competency_id IN (
    SELECT competency_id FROM chalkline.mastery
    WHERE district_id = :district AND learner_id = ANY (CAST(:learners AS uuid[]))
    UNION SELECT cc.competency_id FROM chalkline.classes c
    JOIN chalkline.sections x ON x.course_id = c.course_id
    JOIN chalkline.content_competencies cc ON cc.section_id = x.section_id
    WHERE c.district_id = :district AND c.class_id = ANY (CAST(:classes AS uuid[])))
ORDER BY 2, 1
"""
_PROPOSE = """
INSERT INTO chalkline.recommendations
    (district_id, recommendation_id, learner_id, class_id, competency_id, section_id, kind, reasons,
     made_on)
SELECT :district, gen_random_uuid(), n.learner_id, n.class_id, n.competency_id, n.section_id,
       n.kind, n.reasons, :as_of
FROM jsonb_to_recordset(CAST(:rows AS jsonb))
     AS n(learner_id uuid, class_id uuid, competency_id uuid, section_id uuid, kind text,
          reasons jsonb)
"""
