"""Writes the planted plans, and the practice on Saturdays that is all of their effect."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from db.copying import copy_rows
from db.demo.arrays import as_uuid, identifiers
from db.demo.helping import KINDS, began, planted
from db.demo.staff import StaffMember
from db.demo.target import Counts, Target, class_ids, learner_ids

Row = tuple[Any, ...]
GOAL = "Is active on one more day a week than before"
STRATEGY = "Two minutes in the morning to set a goal, two in the afternoon to look at it."


def write_plans(to: Target, number: int, everybody: list[StaffMember]) -> Counts:
    """Writes a school's plans; two of them wait for a review that is overdue."""
    plans, today = planted(to.people, number), to.people.year.today
    start = began(today)
    made = datetime.combine(start, time(15), UTC)
    ids = identifiers(f"{to.space}/{number}", "plan", np.arange(len(plans.learners)))
    learners = [as_uuid(row) for row in learner_ids(to.space, plans.learners)]
    owners = [s.staff_id for s in everybody if s.school == number and s.role == "teacher"][:8]
    copy_rows(
        to.connection, "interventions",
        ["district_id", "intervention_id", "learner_id", "owner_id", "type", "tier", "goal",
         "strategy", "schedule", "measure", "starts_on", "review_on", "created_at",
         "updated_at"],
        [
            (to.district, as_uuid(ids[row]), learner, owners[row % len(owners)],
             KINDS[plans.kind[row]][0], 2, GOAL, STRATEGY,
             orjson.dumps({"words": "every school day"}).decode(), "activity", start,
             today - timedelta(days=3) if row < 2 else start + timedelta(weeks=13),
             made, made)
            for row, learner in enumerate(learners)
        ],
    )  # fmt: skip
    practice = _practice(to, number, learners)
    copy_rows(
        to.connection, "learning_interactions",
        ["district_id", "occurred_at", "interaction_id", "learner_id", "class_id", "type",
         "outcome", "duration_seconds"], practice,
    )  # fmt: skip
    return {"interventions": len(learners), "learning_interactions": len(practice)}


def _practice(to: Target, number: int, learners: list[UUID]) -> list[Row]:
    """A quarter of an hour on each Saturday practised, in the learner's first class."""
    plans, people = planted(to.people, number), to.people
    saturday = began(people.year.today) + timedelta(days=5)
    row, week = np.nonzero(plans.practised)
    ids = identifiers(f"{to.space}/{number}", "saturday", np.arange(len(row)))
    classes = class_ids(to.space, people)
    first = {
        learner: as_uuid(classes[people.enrolled_in[np.argmax(people.enrolled == learner)]])
        for learner in plans.learners.tolist()
    }
    return [
        (
            to.district,
            datetime.combine(saturday + timedelta(weeks=int(week[at])), time(16), UTC),
            as_uuid(ids[at]),
            learners[row[at]],
            first[int(plans.learners[row[at]])],
            "practice_activity",
            "successful",
            900,
        )
        for at in range(len(row))
    ]
