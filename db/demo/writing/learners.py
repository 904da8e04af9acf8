"""Writes a school's learners: their rows, sealed fields, rights, caseload and enrolments."""

from datetime import UTC, datetime, time, timedelta

import numpy as np

from db.copying import copy_rows
from db.demo.arrays import as_uuid, identifiers, stream
from db.demo.people import (
    CONSENT,
    ETHNICITIES,
    GENDERS,
    INCOMES,
    LANGUAGES,
    NEEDS,
    PROGRAMMES,
    age_group,
    anonymous_ids,
)
from db.demo.roster import PER_SCHOOL, SHOCK
from db.demo.school import School
from db.demo.staff import StaffMember
from db.demo.target import Counts, Target, class_ids, institution_ids, learner_ids, tell_planner
from db.demo.writing import binary
from db.keys import hold_keys
from db.people import write_sealed


def write_learners(to: Target, school: School, everybody: list[StaffMember]) -> Counts:
    """Writes the people of a school, parents before children; returns the rows by table."""
    counts = _write_rows(to, school)
    if school.number == 0:
        tell_planner(to.connection, "learners")
    hold_keys(to.connection)
    write_sealed(to.connection, to.district, to.seal(to.district, school.plain))
    counts |= {"data_keys": PER_SCHOOL, "learner_pii": PER_SCHOOL}
    counts |= _write_rights(to, school, everybody)
    counts |= _write_behaviour(to, school) | _write_enrolments(to, school)
    if school.number == 0:
        tell_planner(to.connection, "enrollments")
    return counts


def _write_rows(to: Target, school: School) -> Counts:
    people, known, year = to.people, school.known, to.people.year
    learners = school.days.learners
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
    learner = to.people.enrolled[sittings.enrolment] - school.days.learners[0]
    latest = np.zeros(PER_SCHOOL, np.int64)
    ends = (sittings.starts_at + sittings.seconds.astype("m8[s]")).astype("M8[s]").astype(np.int64)
    np.maximum.at(latest, learner, ends)
    return [datetime.fromtimestamp(int(at), UTC) if at else None for at in latest]


def _write_rights(to: Target, school: School, everybody: list[StaffMember]) -> Counts:
    """Protected attributes, parents' consents, the counselor's caseload."""
    people, known = to.people, school.known
    learners, start = school.days.learners, people.year.starts_on
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
    return {
        "protected_attributes": len(rows),
        "consents": len(consents),
        "caseloads": len(caseload),
    }


def _write_enrolments(to: Target, school: School) -> Counts:
    people = to.people
    own = people.enrolments_of(school.number)
    learner = people.enrolled[own]
    left = people.left[learner]
    stays = np.isnat(left)
    rows = binary.write(
        to.connection, to.district, "enrollments",
        {
            "class_id": binary.uuids(class_ids(to.space, people)[people.enrolled_in[own]]),
            "learner_id": binary.uuids(learner_ids(to.space, learner)),
            "status": binary.labels((~stays).astype(int), ("enrolled", "withdrawn")),
            "enrolled_on": binary.days(people.joined[learner]),
            "left_on": binary.except_where(
                binary.days(np.where(stays, people.joined[learner], left)), stays
            ),
        },
    )  # fmt: skip
    return {"enrollments": rows}


def _write_behaviour(to: Target, school: School) -> Counts:
    people, year, learners = to.people, to.people.year, school.days.learners
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
    return {"behaviour_events": len(events)}
