"""Who sees whom: role x table x verb x scope, as one table, against the real policies."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import privacy
from db.tables import SCHEMA, Table
from tests import cast
from tests.conftest import District

TABLES = {table.name: table for table in Table.metadata.sorted_tables}

# Whose rows a table shows, by the scope each learner of the cast stands for.
OWN, OTHER_CLASS, OTHER_SCHOOL, OTHER_DISTRICT, ENDED = (
    "Ana Ruiz",
    "Eve Lind",
    "Finn Gray",
    "Yan Zhou",
    "Hana Ito",
)
SCOPES = {
    "own": OWN,
    "other class": OTHER_CLASS,
    "other school": OTHER_SCHOOL,
    "other district": OTHER_DISTRICT,
    "ended class": ENDED,
}
BY_CLASS = {
    "enrollments",
    "section_progress",
    "learning_interactions",
    "learning_sessions",
    "assessment_attempts",
    "item_responses",
    "flags",
    "flag_events",
    "recommendations",
}
BY_LEARNER = {
    "learners",
    "data_keys",
    "learner_pii",
    "attendance",
    "behaviour_events",
    "mastery",
    "interventions",
    "intervention_notes",
    "progress_points",
    "plan_effects",
    "messages",
    "consents",
}
BY_TEACHER = {"kept_group_learners"}  # whom she teaches again is a teacher's own business
STATE = {"risk_scores", "enrollment_state", "activity_days"}  # filled by refresh, tested there
SHOWN = BY_CLASS | BY_LEARNER
KEPT_FROM_PEOPLE = {"protected_attributes", "disclosures", "learner_knowledge"}
OFFICE = {"sealed_exports", "record_openings", "legal_holds", "erasure_requests"}
OFFICE |= {"retention_items", "corrections"}
# What a records clerk may read of learners she has in hand; of all others, as here: nothing.
IN_HAND = OFFICE | {"learners", "data_keys", "learner_pii", "consents", "disclosures"}
VIEWERS = {
    "teacher": "Tess Moran",
    "counselor": "Carla Weiss",
    "administrator": "Adam Price",
    "records": "Rita Sol",
    "security": "Sam Shah",
}
RESPONSIBLE = ("teacher", "counselor")
IN_AN_EMERGENCY = {"learners", "data_keys", "learner_pii", "enrollments", "attendance"}


@dataclass(frozen=True)
class Case:
    """One cell of the table: may this role read this learner's rows of this table?"""

    role: str
    table: str
    scope: str
    expected: str  # "rows", "none", or "refused" (the role has no grant at all)

    def __str__(self) -> str:
        return f"{self.role}-{self.table}-{self.scope}-{self.expected}"


def matrix() -> list[Case]:
    """The whole table."""
    cases = []
    for role in VIEWERS:
        for name in sorted(SHOWN | BY_TEACHER | KEPT_FROM_PEOPLE | OFFICE | {"caseloads"}):
            for scope in SCOPES:
                if role == "administrator" and name in IN_AN_EMERGENCY:
                    expected = "none"  # see tests/test_emergency.py
                elif role == "records" and name in IN_HAND:
                    expected = "none"  # see tests/test_custody.py
                elif (
                    name in KEPT_FROM_PEOPLE | OFFICE
                    or role not in RESPONSIBLE
                    or (name in BY_TEACHER and role != "teacher")
                ):
                    expected = "refused"
                elif name == "caseloads":
                    expected = (
                        "refused" if role == "teacher" else ("rows" if scope == "own" else "none")
                    )
                else:
                    expected = "rows" if scope == "own" else "none"
                cases.append(Case(role, name, scope, expected))
    return cases


def read(db: District, case: Case) -> str:
    """What really happens."""
    viewer = cast.viewer(VIEWERS[case.role])
    table = (
        TABLES[f"{case.table}"]
        if case.table in TABLES
        else Table.metadata.tables[f"{SCHEMA}.{case.table}"]
    )
    learner = cast.of(SCOPES[case.scope])
    try:
        with privacy.session(viewer) as connection:
            found = connection.execute(
                select(text("1")).select_from(table).where(table.c.learner_id == learner).limit(1)
            ).first()
    except DBAPIError as problem:
        return "refused" if "permission denied" in str(problem) else str(problem)
    return "rows" if found else "none"


def test_every_role_sees_what_the_table_says_and_nothing_else(district: District) -> None:
    wrong = {
        str(case): read(district, case)
        for case in matrix()
        if read(district, case) != case.expected
    }
    assert wrong == {}


def test_the_attack_works_without_policies(district: District) -> None:
    """The negative control: as the role that policies let through, every learner is there."""
    with district.jobs.begin() as db:
        names = {
            scope: db.scalar(
                text("SELECT count(*) FROM chalkline.learners WHERE learner_id = :l"),
                {"l": cast.of(learner)},
            )
            for scope, learner in SCOPES.items()
        }
    assert set(names.values()) == {1}


def test_a_teacher_does_not_see_her_learner_in_anothers_class(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.enrollments (district_id, class_id, learner_id, enrolled_on)"
                " VALUES (1, :c, :l, '2025-09-01')"
            ),
            {"c": cast.class_id("Maths 7C"), "l": cast.of("Ana Ruiz")},
        )
    with privacy.session(cast.viewer("Tess Moran")) as db:
        seen = db.execute(
            text("SELECT class_id FROM chalkline.enrollments WHERE learner_id = :l"),
            {"l": cast.of("Ana Ruiz")},
        ).scalars()
        assert cast.class_id("Maths 7C") not in set(seen)


def test_a_teacher_loses_sight_when_her_class_ends(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.institutions SET clock_on = '2026-06-13' WHERE kind = 'district'"
            )
        )
    with privacy.session(cast.viewer("Tess Moran")) as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.learners")) == 0


def test_a_teacher_loses_sight_when_her_duty_ends(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text("UPDATE chalkline.class_staff SET ends_on = '2026-03-01' WHERE staff_id = :s"),
            {"s": cast.of("Tess Moran")},
        )
    with privacy.session(cast.viewer("Tess Moran")) as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.learners")) == 0


def test_a_counselor_loses_sight_when_a_learner_leaves_her_caseload(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text("UPDATE chalkline.caseloads SET ends_on = '2026-03-01' WHERE learner_id = :l"),
            {"l": cast.of("Ana Ruiz")},
        )
    with privacy.session(cast.viewer("Carla Weiss")) as db:
        seen = set(db.scalars(text("SELECT learner_id FROM chalkline.learners")))
    assert seen == {cast.of("Ben Cole"), cast.of("Dev Patel")}


def test_restricted_notes_are_the_counselors_of_the_case(district: District) -> None:
    def restricted(name: str) -> int:
        with privacy.session(cast.viewer(name)) as db:
            return db.scalar(
                text("SELECT count(*) FROM chalkline.intervention_notes WHERE restricted")
            )

    assert {
        name: restricted(name)
        for name in cast.STAFF
        if cast.STAFF[name][1] != "administrator"
        and cast.STAFF[name][1] not in ("records", "security")
    } == {
        "Tess Moran": 0,  # she teaches three of the learners, and may not read these
        "Omar Haddad": 3,  # those he wrote himself
        "Ines Duarte": 0,
        "Carla Weiss": 3,
        "Noor Aziz": 1,
        "Zoe Quist": 0,
        "Wim Bos": 1,
    }


WRITES = {
    "insert a flag": (
        "INSERT INTO chalkline.flags (district_id, flag_id, learner_id, class_id, origin, rule,"
        " severity, evidence, raised_on, seen_on) VALUES (:d, gen_random_uuid(), :l, :c, 'staff',"
        " 'worry', 0.5, '{}', '2026-03-20', '2026-03-20')"
    ),
    "acknowledge a flag": (
        "UPDATE chalkline.flags SET state = 'acknowledged'"
        " WHERE district_id = :d AND learner_id = :l"
    ),
    "rewrite a flag's evidence": (
        "UPDATE chalkline.flags SET evidence = '{\"x\": 1}'"
        " WHERE district_id = :d AND learner_id = :l"
    ),
    "delete a flag": "DELETE FROM chalkline.flags WHERE district_id = :d AND learner_id = :l",
    "change mastery": (
        "UPDATE chalkline.mastery SET probability = 1 WHERE district_id = :d AND learner_id = :l"
    ),
    "enrol a learner": (
        "INSERT INTO chalkline.enrollments (district_id, class_id, learner_id, enrolled_on)"
        " VALUES (:d, :c, :l, '2026-03-20')"
    ),
    "rename a learner": (
        "UPDATE chalkline.learner_pii SET given_name = 'x'"
        " WHERE district_id = :d AND learner_id = :l"
    ),
    "take a caseload": (
        "INSERT INTO chalkline.caseloads (district_id, staff_id, learner_id, starts_on)"
        " VALUES (:d, :s, :l, '2026-03-20')"
    ),
}
MAY_WRITE = {
    ("teacher", "insert a flag", "own"),
    ("teacher", "acknowledge a flag", "own"),
    ("counselor", "insert a flag", "own"),
    ("counselor", "acknowledge a flag", "own"),
}


@pytest.mark.parametrize("role", VIEWERS)
def test_a_role_writes_what_it_may_and_nothing_else(district: District, role: str) -> None:
    learner_class = {scope: cast.LEARNERS[name][2][0] for scope, name in SCOPES.items()}
    wrote = set()
    for what, statement in WRITES.items():
        for scope, name in SCOPES.items():
            viewer = cast.viewer(VIEWERS[role])
            values = {
                "d": cast.LEARNERS[name][0],
                "l": cast.of(name),
                "c": cast.class_id(learner_class[scope]),
                "s": viewer.staff_id,
            }
            try:
                with privacy.session(viewer) as db:
                    if db.execute(text(statement), values).rowcount:
                        wrote.add((role, what, scope))
            except DBAPIError:
                continue
    assert wrote == {case for case in MAY_WRITE if case[0] == role}


def test_nobody_writes_the_trail_in_anothers_name(district: District) -> None:
    statement = text(
        "INSERT INTO chalkline.audit_log (district_id, actor, role, action)"
        " VALUES (1, :a, 'teacher', 'x')"
    )
    with privacy.session(cast.viewer("Tess Moran")) as db:
        db.execute(statement, {"a": cast.of("Tess Moran")})
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        privacy.session(cast.viewer("Tess Moran")) as db,
    ):
        db.execute(statement, {"a": cast.of("Omar Haddad")})


def test_sign_in_sees_no_learner(district: District) -> None:
    with privacy.signin_session() as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.accounts")) == len(cast.STAFF)
    with pytest.raises(DBAPIError, match="permission denied"), privacy.signin_session() as db:
        db.execute(text("SELECT 1 FROM chalkline.learners"))
