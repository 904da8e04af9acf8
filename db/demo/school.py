"""Writes one school's learners and everything they did."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import numpy as np
from sqlalchemy import Connection

from db.copying import copy_rows
from db.demo import binary
from db.demo import days as life
from db.demo.arrays import Ints, as_bytes, as_uuid, identifiers, stream
from db.demo.catalogue import courses
from db.demo.days import SchoolDays, school_days
from db.demo.people import (
    CONSENT,
    ETHNICITIES,
    GENDERS,
    INCOMES,
    LANGUAGES,
    NEEDS,
    PROGRAMMES,
    Background,
    age_group,
    anonymous_ids,
    background,
    plain_people,
)
from db.demo.progress import STATUSES, Progress, progress
from db.demo.roster import PER_SCHOOL, SHOCK, Roster
from db.demo.skills import Taught
from db.demo.staff import StaffMember
from db.demo.work import Attempts, Responses, work_done
from db.demo.writing import Counts, class_ids, institution_ids, item_ids, section_id
from db.people import PlainPerson, Sealer, SourceHash, write_sealed

DEVICES = ("chromebook", "tablet", "phone")
ENGAGEMENT = ("low", "medium", "high", "very_high")


@dataclass(frozen=True)
class School:
    """Everything of one school, made and not yet written."""

    number: int
    known: Background
    plain: list[PlainPerson]
    days: SchoolDays
    progress: Progress
    work: list[tuple[Attempts, Responses]]


@dataclass(frozen=True)
class Target:
    """Where a school is written to, and with whose keys."""

    connection: Connection
    district: int
    space: str
    people: Roster
    taught: list[Taught]
    seal: Sealer
    source_hash: SourceHash


def made(people: Roster, taught: list[Taught], space: str, number: int) -> School:
    """Lives the school's year."""
    known = background(people, number)
    days = school_days(people, taught, number)
    return School(
        number=number,
        known=known,
        plain=plain_people(people, space, number, known),
        days=days,
        progress=progress(people, taught, days, number),
        work=[work_done(people, course, days, number) for course in taught],
    )


def write_school(to: Target, school: School, everybody: list[StaffMember]) -> Counts:
    """Writes the school, parents before children; returns the rows by table."""
    counts = _write_learners(to, school)
    write_sealed(to.connection, to.district, to.seal(to.district, school.plain))
    counts |= {"data_keys": PER_SCHOOL, "learner_pii": PER_SCHOOL}
    counts |= _write_rights(to, school, everybody)
    counts |= _write_enrolments(to, school)
    counts |= _write_attendance(to, school)
    for course, (attempts, responses) in zip(to.taught, school.work, strict=True):
        for table, rows in _write_work(to, school, course, attempts, responses).items():
            counts[table] = counts.get(table, 0) + rows
    counts |= _write_days(to, school)
    return counts


def _learners(school: School) -> Ints:
    return school.days.learners


def _write_learners(to: Target, school: School) -> Counts:
    people, known, year = to.people, school.known, to.people.year
    learners = _learners(school)
    anonymous = anonymous_ids(to.space, learners)
    place = institution_ids(to.space, people.schools)[1 + school.number]
    last = _last_active(to, school)
    joined = [
        datetime.combine(day, time(14), UTC) for day in people.joined[learners].astype(object)
    ]
    copy_rows(
        to.connection, "learners",
        ["district_id", "learner_id", "anonymous_id", "school_id", "age_group", "grade_level",
         "academic_level", "accessibility_needs", "programmes", "home_language",
         "preferred_difficulty", "learning_pace", "consent_state", "ferpa_level",
         "directory_opt_out", "left_on", "last_active_at", "created_at", "source_hash"],
        [
            (to.district, school.plain[row].learner_id, anonymous[row], place,
             age_group(known.birth[row], year.today), 6 + int(people.grade[learner]), "middle",
             [need for need, has in zip(NEEDS, known.needs[row], strict=True) if has],
             [name for name, has in zip(PROGRAMMES, known.programmes[row], strict=True) if has],
             LANGUAGES[people.home_language[learner]], None, "cohort_based",
             CONSENT[known.consent[row]], "restricted" if known.restricted[row] else "standard",
             bool(known.opted_out[row]), people.left[learner].astype(object), last[row],
             joined[row], to.source_hash(to.district, f"demo/learner/{learner}"))
            for row, learner in enumerate(learners)
        ],
    )  # fmt: skip
    return {"learners": len(learners)}


def _last_active(to: Target, school: School) -> list[datetime | None]:
    sittings = school.days.sittings
    learner = to.people.enrolled[sittings.enrolment] - _learners(school)[0]
    latest = np.zeros(PER_SCHOOL, np.int64)
    ends = (sittings.starts_at + sittings.seconds.astype("m8[s]")).astype("M8[s]").astype(np.int64)
    np.maximum.at(latest, learner, ends)
    return [datetime.fromtimestamp(int(at), UTC) if at else None for at in latest]


def _write_rights(to: Target, school: School, everybody: list[StaffMember]) -> Counts:
    """Protected attributes, parents' consents, the counselor's caseload, events of behaviour."""
    people, known, year = to.people, school.known, to.people.year
    learners, start = _learners(school), to.people.year.starts_on
    rows = [
        (to.district, person.learner_id, attribute, value)
        for row, person in enumerate(school.plain)
        for attribute, value in (
            ("gender", GENDERS[known.gender[row]]),
            ("ethnicity", ETHNICITIES[known.ethnicity[row]]),
            ("income_band", INCOMES[known.income[row]]),
            ("disability", "yes" if known.needs[row].any() else "no"),
        )
    ]
    columns = ["district_id", "learner_id", "attribute", "value"]
    copy_rows(to.connection, "protected_attributes", columns, rows)
    ids = identifiers(to.space, "consent", learners)
    given = datetime.combine(start - timedelta(days=12), time(15), UTC)
    consents = [
        (to.district, as_uuid(ids[row]), person.learner_id, "COPPA", "use of learning software",
         "parental consent", "1", "parent", given)
        for row, person in enumerate(school.plain)
        if CONSENT[known.consent[row]] == "parental"
    ]  # fmt: skip
    copy_rows(
        to.connection, "consents",
        ["district_id", "consent_id", "learner_id", "law", "purpose", "basis", "version",
         "given_by", "given_at"], consents,
    )  # fmt: skip
    counselor = next(s for s in everybody if (s.school, s.role) == (school.number, "counselor"))
    caseload = [
        (to.district, counselor.staff_id, person.learner_id, day, "all grades of the school")
        for person, day in zip(school.plain, people.joined[learners].astype(object), strict=True)
    ]
    columns = ["district_id", "staff_id", "learner_id", "starts_on", "rule"]
    copy_rows(to.connection, "caseloads", columns, caseload)
    rng = stream(people.seed, people.scale, "behaviour", school.number)
    likely = np.where(people.cause[learners] == SHOCK, 0.5, 0.06)
    happened = np.flatnonzero(rng.random(len(learners)) < likely)
    event_ids = identifiers(to.space, "behaviour", learners)
    events = []
    for row in happened:
        recent = np.flatnonzero(year.days >= year.days[-1] - 60)
        at = year.midnight[recent[int(rng.integers(len(recent)))]] + np.timedelta64(11, "h")
        good = bool(rng.random() < 0.4)
        kind = (
            "helped a classmate"
            if good
            else ("late to class", "argument", "phone in class")[int(rng.integers(3))]
        )
        events.append(
            (to.district, as_uuid(event_ids[row]), school.plain[row].learner_id,
             at.astype(object).replace(tzinfo=UTC), kind, 1 if good else int(rng.integers(1, 4)))
        )  # fmt: skip
    copy_rows(
        to.connection, "behaviour_events",
        ["district_id", "event_id", "learner_id", "occurred_at", "kind", "severity"], events,
    )  # fmt: skip
    return {
        "protected_attributes": len(rows), "consents": len(consents), "caseloads": len(caseload),
        "behaviour_events": len(events),
    }  # fmt: skip


def _write_enrolments(to: Target, school: School) -> Counts:
    people = to.people
    own = people.enrolments_of(school.number)
    learner = people.enrolled[own]
    left = people.left[learner]
    stays = np.isnat(left)
    rows = binary.write(
        to.connection, to.district, "enrollments",
        {
            **_enrolment_key(to, own),
            "status": binary.labels((~stays).astype(int), ("enrolled", "withdrawn")),
            "enrolled_on": binary.days(people.joined[learner]),
            "left_on": binary.except_where(
                binary.days(np.where(stays, people.joined[learner], left)), stays
            ),
        },
    )  # fmt: skip
    return {"enrollments": rows}


def _enrolment_key(to: Target, enrolment: Ints) -> dict[str, binary.Column]:
    classes = class_ids(to.space, to.people)
    return {
        "class_id": binary.uuids(classes[to.people.enrolled_in[enrolment]]),
        "learner_id": binary.uuids(identifiers(to.space, "learner", to.people.enrolled[enrolment])),
    }


def _write_attendance(to: Target, school: School) -> Counts:
    row, day = np.nonzero(school.days.attendance >= 0)
    place = as_bytes(institution_ids(to.space, to.people.schools))[1 + school.number]
    rows = binary.write(
        to.connection, to.district, "attendance",
        {
            "learner_id": binary.uuids(
                identifiers(to.space, "learner", _learners(school))[row]
            ),
            "on_date": binary.days(to.people.year.days[day]),
            "school_id": binary.uuids(np.broadcast_to(place, (len(row), 16))),
            "status": binary.labels(school.days.attendance[row, day], life.STATUSES),
        },
    )  # fmt: skip
    return {"attendance": rows}


def _write_work(
    to: Target, school: School, taught: Taught, attempts: Attempts, responses: Responses
) -> Counts:
    code, papers = taught.course.code, taught.papers
    paper_ids = identifiers(to.space, f"paper/{code}", np.arange(len(papers.papers)))
    own = identifiers(
        to.space, f"attempt/{code}", attempts.enrolment * len(papers.papers) + attempts.paper
    )
    unmarked = np.isnan(attempts.percent)
    percent = np.nan_to_num(attempts.percent)
    key = _enrolment_key(to, attempts.enrolment)
    marked_at = np.where(unmarked, attempts.submitted_at, attempts.marked_at)
    written = binary.write(
        to.connection, to.district, "assessment_attempts",
        {
            "attempt_id": binary.uuids(own),
            **key,
            "assessment_id": binary.uuids(paper_ids[attempts.paper]),
            "started_at": binary.moments(attempts.started_at),
            "submitted_at": binary.moments(attempts.submitted_at),
            "marked_at": binary.except_where(binary.moments(marked_at), unmarked),
            "seconds_spent": binary.integers(attempts.seconds),
            "percent": binary.except_where(binary.reals(percent), unmarked),
            "passed": binary.except_where(binary.booleans(percent >= 60), unmarked),
            "status": binary.labels(unmarked.astype(int), ("graded", "submitted")),
        },
    )  # fmt: skip
    answered = binary.write(
        to.connection, to.district, "item_responses",
        {
            **_enrolment_key(to, attempts.enrolment[responses.attempt]),
            "item_id": binary.uuids(item_ids(to.space, code, len(papers.items.code))[responses.item]),
            "attempt_id": binary.uuids(own[responses.attempt]),
            "answered_at": binary.moments(responses.answered_at),
            "answer": binary.labels(responses.option, "ABCD"),
            "credit": binary.reals(responses.credit),
            "seconds": binary.reals(responses.seconds),
        },
    )  # fmt: skip
    return {"assessment_attempts": written, "item_responses": answered}


def _write_days(to: Target, school: School) -> Counts:
    people, sat, made_ = to.people, school.days.sittings, school.days.interactions
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
    where = first[course[made_.sitting]] + made_.section
    interactions = binary.write(
        to.connection, to.district, "learning_interactions",
        {
            "occurred_at": binary.moments(made_.at),
            "interaction_id": binary.uuids(
                identifiers(space, "interaction", np.arange(len(made_.at)))
            ),
            **_enrolment_key(to, sat.enrolment[made_.sitting]),
            "section_id": binary.uuids(sections[where]),
            "session_id": binary.uuids(sitting_ids[made_.sitting]),
            "type": binary.labels(made_.type, life.TYPES),
            "outcome": binary.labels(made_.outcome, life.OUTCOMES),
            "duration_seconds": binary.integers(made_.seconds),
            "device": binary.labels(device[made_.sitting], DEVICES),
        },
    )  # fmt: skip
    done = school.progress
    own = first[people.classes.course[people.enrolled_in[done.enrolment]]] + done.section
    sections_done = binary.write(
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
    return {
        "learning_sessions": sittings, "learning_interactions": interactions,
        "section_progress": sections_done,
    }  # fmt: skip


def _section_ids() -> tuple[binary.Bytes, Ints]:
    """The identifiers of all sections, and where each course's begin among them."""
    counts = [len(course.sections) for course in courses()]
    ids = [section_id(c.code, number) for c in courses() for number in range(len(c.sections))]
    return as_bytes(ids), np.cumsum([0, *counts[:-1]])
