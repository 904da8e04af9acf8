"""What classes are taught: now or lately, next, and which sections may be proposed for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from analytics.recommending import Activity, Worked


@dataclass(frozen=True)
class Course:
    """What a class is taught: now or lately, what comes next, and what may be proposed."""

    current: frozenset[UUID]
    ahead: tuple[UUID, ...]
    activities: Mapping[UUID, Sequence[Activity]]


def courses(connection: Connection, where: Mapping[str, Any]) -> dict[UUID, Course]:
    worked = {
        (row.class_id, row.section_id): Worked(row.learners, row.share, row.gained)
        for row in connection.execute(text(_WORKED), where)
    }
    current: dict[UUID, set[UUID]] = defaultdict(set)
    ahead: dict[UUID, dict[UUID, None]] = defaultdict(dict)
    activities: dict[UUID, dict[UUID, list[Activity]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(text(_TAUGHT), where):
        if row.place == "current":
            current[row.class_id].add(row.competency_id)
        if row.place == "ahead":
            ahead[row.class_id].setdefault(row.competency_id)
        activities[row.class_id][row.competency_id].append(
            Activity(
                row.section_id,
                row.competency_id,
                row.content_type,
                frozenset(row.accessibility_adaptations),
                worked.get((row.class_id, row.section_id)),
            )
        )
    return {
        one: Course(frozenset(current[one]), tuple(ahead[one]), of_class)
        for one, of_class in activities.items()
    }


_TAUGHT = """
SELECT c.class_id, cc.competency_id, x.section_id, x.content_type, x.accessibility_adaptations,
       CASE WHEN c.starts_on + 7 * x.opens_week > :as_of THEN 'ahead'
            WHEN c.starts_on + 7 * x.opens_week >= CAST(:as_of AS date)
                 - CAST(:current_days AS integer) THEN 'current' ELSE 'past' END AS place
FROM chalkline.classes c
JOIN chalkline.sections x ON x.course_id = c.course_id
JOIN chalkline.modules m ON m.module_id = x.module_id
JOIN chalkline.content_competencies cc ON cc.section_id = x.section_id
WHERE c.district_id = :district AND c.class_id = ANY (CAST(:classes AS uuid[]))
ORDER BY c.class_id, m.position, x.position, cc.competency_id
"""
_WORKED = """
SELECT class_id, section_id, learners, share::float8 AS share, gained
FROM chalkline.section_evidence
WHERE district_id = :district AND class_id = ANY (CAST(:classes AS uuid[]))
"""
