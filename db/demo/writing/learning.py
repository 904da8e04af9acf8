"""Writes what a school's learners did: attendance, work and answers, sittings and progress."""

import numpy as np

from db.demo import days as life
from db.demo.arrays import Bytes, Ints, as_bytes, identifiers, stream
from db.demo.catalogue import courses
from db.demo.progress import STATUSES
from db.demo.school import School
from db.demo.skills import Taught
from db.demo.target import (
    Counts,
    Target,
    add,
    class_ids,
    institution_ids,
    item_ids,
    learner_ids,
    paper_ids,
    section_id,
    tell_planner,
)
from db.demo.work import Attempts, Responses
from db.demo.writing import binary

DEVICES = ("chromebook", "tablet", "phone")
BLOOM = ("remember", "understand", "apply", "analyze", "evaluate", "create")
ENGAGEMENT = ("low", "medium", "high", "very_high")


def write_learning(to: Target, school: School) -> Counts:
    """Writes a school's year; returns the rows by table."""
    counts = _write_attendance(to, school)
    for taught, (attempts, responses) in zip(to.taught, school.work, strict=True):
        first = school.number == 0 and taught is to.taught[0]
        add(counts, _write_work(to, taught, attempts, responses, first=first))
    return counts | _write_sittings(to, school) | _write_progress(to, school)


def _enrolment_key(to: Target, enrolment: Ints) -> dict[str, binary.Column]:
    classes = class_ids(to.space, to.people)
    return {
        "class_id": binary.uuids(classes[to.people.enrolled_in[enrolment]]),
        "learner_id": binary.uuids(learner_ids(to.space, to.people.enrolled[enrolment])),
    }


def _write_attendance(to: Target, school: School) -> Counts:
    row, day = np.nonzero(school.days.attendance >= 0)
    place = as_bytes(institution_ids(to.space, to.people.schools))[1 + school.number]
    rows = binary.write(
        to.connection, to.district, "attendance",
        {
            "learner_id": binary.uuids(
                learner_ids(to.space, school.days.learners)[row]
            ),
            "on_date": binary.days(to.people.year.days[day]),
            "school_id": binary.uuids(np.broadcast_to(place, (len(row), 16))),
            "status": binary.labels(school.days.attendance[row, day], life.STATUSES),
        },
    )  # fmt: skip
    return {"attendance": rows}


def _write_work(
    to: Target, taught: Taught, attempts: Attempts, responses: Responses, *, first: bool
) -> Counts:
    code, papers = taught.course.code, taught.papers
    set_, items = len(papers.papers), len(papers.items.code)
    own = identifiers(to.space, f"attempt/{code}", attempts.enrolment * set_ + attempts.paper)
    unmarked = np.isnan(attempts.percent)
    percent = np.nan_to_num(attempts.percent)
    marked_at = np.where(unmarked, attempts.submitted_at, attempts.marked_at)
    written = binary.write(
        to.connection, to.district, "assessment_attempts",
        {
            "attempt_id": binary.uuids(own),
            **_enrolment_key(to, attempts.enrolment),
            "assessment_id": binary.uuids(paper_ids(to.space, code, set_)[attempts.paper]),
            "started_at": binary.moments(attempts.started_at),
            "submitted_at": binary.moments(attempts.submitted_at),
            "marked_at": binary.except_where(binary.moments(marked_at), unmarked),
            "seconds_spent": binary.integers(attempts.seconds),
            "percent": binary.except_where(binary.reals(percent), unmarked),
            "passed": binary.except_where(binary.booleans(percent >= 60), unmarked),
            "status": binary.labels(unmarked.astype(int), ("graded", "submitted")),
        },
    )  # fmt: skip
    if first:
        tell_planner(to.connection, "assessment_attempts")
    answered = binary.write(
        to.connection, to.district, "item_responses",
        {
            **_enrolment_key(to, attempts.enrolment[responses.attempt]),
            "item_id": binary.uuids(item_ids(to.space, code, items)[responses.item]),
            "attempt_id": binary.uuids(own[responses.attempt]),
            "answered_at": binary.moments(responses.answered_at),
            "answer": binary.labels(responses.option, "ABCD"),
            "credit": binary.reals(responses.credit),
            "seconds": binary.reals(responses.seconds),
        },
    )  # fmt: skip
    return {"assessment_attempts": written, "item_responses": answered}


def _write_sittings(to: Target, school: School) -> Counts:
    people, sat, made = to.people, school.days.sittings, school.days.interactions
    rng = stream(people.seed, people.scale, "devices", school.number)
    device = rng.choice(3, len(sat.enrolment), p=(0.78, 0.14, 0.08))
    course = people.classes.course[people.enrolled_in[sat.enrolment]]
    sections, first = _section_ids()
    space = f"{to.space}/{school.number}"
    sitting_ids = identifiers(space, "sitting", np.arange(len(sat.enrolment)))
    keen = np.digitize(people.engagement[people.enrolled[sat.enrolment]], (-1.0, 0.4, 1.6))
    sittings = binary.write(
        to.connection, to.district, "learning_sessions",
        {
            "session_id": binary.uuids(sitting_ids),
            **_enrolment_key(to, sat.enrolment),
            "started_at": binary.moments(sat.starts_at),
            "ended_at": binary.moments(sat.starts_at + sat.seconds.astype("m8[s]")),
            "active_seconds": binary.integers(sat.seconds),
            "interactions": binary.integers(sat.interactions),
            "engagement": binary.labels(keen, ENGAGEMENT),
            "device": binary.labels(device, DEVICES),
        },
    )  # fmt: skip
    where = first[course[made.sitting]] + made.section
    interactions = binary.write(
        to.connection, to.district, "learning_interactions",
        {
            "occurred_at": binary.moments(made.at),
            "interaction_id": binary.uuids(
                identifiers(space, "interaction", np.arange(len(made.at)))
            ),
            **_enrolment_key(to, sat.enrolment[made.sitting]),
            "section_id": binary.uuids(sections[where]),
            "session_id": binary.uuids(sitting_ids[made.sitting]),
            "type": binary.labels(made.type, life.TYPES),
            "outcome": binary.labels(made.outcome, life.OUTCOMES),
            "bloom_level": binary.labels(_bloom()[where], BLOOM),
            "duration_seconds": binary.integers(made.seconds),
            "device": binary.labels(device[made.sitting], DEVICES),
        },
    )  # fmt: skip
    return {"learning_sessions": sittings, "learning_interactions": interactions}


def _write_progress(to: Target, school: School) -> Counts:
    sections, first = _section_ids()
    done = school.progress
    own = first[to.people.classes.course[to.people.enrolled_in[done.enrolment]]] + done.section
    rows = binary.write(
        to.connection, to.district, "section_progress",
        {
            **_enrolment_key(to, done.enrolment),
            "section_id": binary.uuids(sections[own]),
            "status": binary.labels(done.status, STATUSES),
            "completion_percentage": binary.reals(done.percent),
            "first_opened_at": binary.moments(done.first_at),
            "last_opened_at": binary.moments(done.last_at),
            "completed_at": binary.except_where(binary.moments(done.last_at), done.status == 0),
            "seconds_spent": binary.integers(done.seconds),
            "interactions": binary.integers(done.interactions),
            "help_requests": binary.integers(done.help_requests),
            "comprehension": binary.reals(done.comprehension),
        },
    )  # fmt: skip
    return {"section_progress": rows}


def _section_ids() -> tuple[Bytes, Ints]:
    """The identifiers of all sections, and where each course's begin among them."""
    counts = [len(course.sections) for course in courses()]
    ids = [section_id(c.code, number) for c in courses() for number in range(len(c.sections))]
    return as_bytes(ids), np.cumsum([0, *counts[:-1]])


def _bloom() -> Ints:
    """For each of all sections the Bloom level of its unit, as a place in BLOOM."""
    return np.array(
        [BLOOM.index(c.units[section.unit].bloom) for c in courses() for section in c.sections]
    )
