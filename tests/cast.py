"""The named cast: one small district everybody knows, and a second one nobody of it may see.

Tess teaches Maths 7A (Ana, Ben, Gia who left) and 7B (Dev, and Ana for a second class).
Omar teaches Maths 7C (Eve) at the same school; Ines teaches Maths 8A (Finn) at Oak.
Tess also taught Maths 6 (Hana), a class that has ended. Carla counsels Ana, Ben and Dev; Noor
counsels Finn. Adam administers the district. In Hillcrest, another district, Zoe teaches Yan,
in a class with the very identifier of Tess's.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, Engine, insert, update

from db import tables as t
from db.partitions import ensure_months
from db.people import PlainPerson, Sealer, write_sealed
from privacy import Role, Viewer, fields
from privacy.datakeys import data_keys
from privacy.keystore import KeyStore

TODAY = date(2026, 3, 20)
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
STARTED = date(2025, 9, 1)
ENDS = date(2026, 6, 12)
LAKESIDE, HILLCREST = 1, 2

_NAMESPACE = UUID("6b0e2c1a-5b52-4c5e-9a77-6c1d1a3f0c11")


def of(name: str) -> UUID:
    """The cast's own identifier for a name, the same in every test."""
    return uuid5(_NAMESPACE, name)


STAFF: Mapping[str, tuple[int, Role, str]] = {
    "Tess Moran": (LAKESIDE, "teacher", "Elm Middle School"),
    "Omar Haddad": (LAKESIDE, "teacher", "Elm Middle School"),
    "Ines Duarte": (LAKESIDE, "teacher", "Oak Middle School"),
    "Carla Weiss": (LAKESIDE, "counselor", "Elm Middle School"),
    "Noor Aziz": (LAKESIDE, "counselor", "Oak Middle School"),
    "Adam Price": (LAKESIDE, "administrator", "Lakeside"),
    "Rita Sol": (LAKESIDE, "records", "Lakeside"),
    "Sam Shah": (LAKESIDE, "security", "Lakeside"),
    "Zoe Quist": (HILLCREST, "teacher", "Hillcrest Academy"),
    "Wim Bos": (HILLCREST, "counselor", "Hillcrest Academy"),
    "Vera Lund": (HILLCREST, "administrator", "Hillcrest"),
}
SCHOOLS = {
    "Elm Middle School": LAKESIDE,
    "Oak Middle School": LAKESIDE,
    "Hillcrest Academy": HILLCREST,
}
CLASSES: Mapping[str, tuple[int, str, str]] = {
    "Maths 7A": (LAKESIDE, "Elm Middle School", "Tess Moran"),
    "Maths 7B": (LAKESIDE, "Elm Middle School", "Tess Moran"),
    "Maths 7C": (LAKESIDE, "Elm Middle School", "Omar Haddad"),
    "Maths 8A": (LAKESIDE, "Oak Middle School", "Ines Duarte"),
    "Maths 6 of last year": (LAKESIDE, "Elm Middle School", "Tess Moran"),
    "Hillcrest Maths": (HILLCREST, "Hillcrest Academy", "Zoe Quist"),
}
SAME_CLASS = of("Maths 7A")  # Hillcrest's class bears it too
LEARNERS: Mapping[str, tuple[int, str, tuple[str, ...]]] = {
    "Ana Ruiz": (LAKESIDE, "Elm Middle School", ("Maths 7A", "Maths 7B")),
    "Ben Cole": (LAKESIDE, "Elm Middle School", ("Maths 7A",)),
    "Gia Rossi": (LAKESIDE, "Elm Middle School", ("Maths 7A",)),
    "Dev Patel": (LAKESIDE, "Elm Middle School", ("Maths 7B",)),
    "Eve Lind": (LAKESIDE, "Elm Middle School", ("Maths 7C",)),
    "Finn Gray": (LAKESIDE, "Oak Middle School", ("Maths 8A",)),
    "Hana Ito": (LAKESIDE, "Elm Middle School", ("Maths 6 of last year",)),
    "Yan Zhou": (HILLCREST, "Hillcrest Academy", ("Hillcrest Maths",)),
}
CASELOADS = {
    "Carla Weiss": ("Ana Ruiz", "Ben Cole", "Dev Patel"),
    "Noor Aziz": ("Finn Gray",),
    "Wim Bos": ("Yan Zhou",),
}
COURSE, UNIT, QUIZ = of("course"), of("unit"), of("quiz")
SECTIONS = {"Ratios": of("section ratios"), "Unit rates": of("section rates")}
COMPETENCIES = {"6.RP.A.1": of("6.RP.A.1"), "6.RP.A.2": of("6.RP.A.2"), "7.RP.A.1": of("7.RP.A.1")}
ITEMS = {number: of(f"item {number}") for number in (1, 2, 3, 4)}


def class_id(name: str) -> UUID:
    """The identifier of a class of the cast."""
    return SAME_CLASS if name == "Hillcrest Maths" else of(name)


def viewer(name: str, *, role: Role | None = None) -> Viewer:
    """A member of the cast as she stands before a page."""
    district, own, _ = STAFF[name]
    return Viewer(
        district_id=district,
        staff_id=of(name),
        account_id=of(f"account {name}"),
        role=role or own,
        name=name,
        district_name="Lakeside" if district == LAKESIDE else "Hillcrest",
        generated=True,
        today=TODAY,
    )


def load(engine: Engine, seal: Sealer) -> None:
    """Writes the whole cast, at least one row for a learner in every table that can hold one."""
    with engine.begin() as db:
        ensure_months(db, STARTED, ENDS)
        _catalogue(db)
        for district, name in ((LAKESIDE, "Lakeside"), (HILLCREST, "Hillcrest")):
            _organisation(db, district, name)
        _teaching(db)
        _people(db, seal)
        for name, (district, _, classes) in LEARNERS.items():
            for class_name in classes:
                _learning(db, district, of(name), class_name)
            _around(db, district, of(name), classes[0])


def note_text(learner: str, *, restricted: bool) -> str:
    """What the cast's note about a learner says."""
    return f"{'Whispered' if restricted else 'Said'} about {learner.split()[0]}."


def seal_notes(engine: Engine, keystore: KeyStore) -> None:
    """Seals the notes' texts as the application does; a loader has no hand in notes."""
    with engine.begin() as db:
        for name, (district, _, _) in LEARNERS.items():
            key = data_keys(db, keystore, district, [of(name)])[of(name)]
            for restricted in (False, True):
                note = of(f"note {of(name)} {restricted}")
                body = fields.encrypt(
                    key,
                    note_text(name, restricted=restricted),
                    table="intervention_notes",
                    column="body",
                    row=note,
                    district=str(district),
                )
                db.execute(
                    update(t.InterventionNote)
                    .where(
                        t.InterventionNote.district_id == district,
                        t.InterventionNote.note_id == note,
                    )
                    .values(body=body)
                )


def _add(db: Connection, table: type[t.Table], *rows: dict[str, Any]) -> None:
    if rows:
        db.execute(insert(table), list(rows))


def join(db: Connection, class_name: str, *names: str) -> None:
    """More learners of a class of Lakeside, with the same learning as all the cast."""
    _, school, _ = CLASSES[class_name]
    for name in names:
        _add(
            db,
            t.Learner,
            {
                "district_id": LAKESIDE,
                "learner_id": of(name),
                "anonymous_id": of(f"anonymous {name}"),
                "school_id": of(school),
                "grade_level": 7,
                "academic_level": "middle",
                "age_group": "11-13",
            },
        )
        _learning(db, LAKESIDE, of(name), class_name)


def _catalogue(db: Connection) -> None:
    _add(
        db,
        t.Course,
        {"course_id": COURSE, "code": "MATH-7", "title": "Mathematics 7", "subject": "mathematics"},
    )
    _add(
        db,
        t.Module,
        {
            "module_id": UNIT,
            "course_id": COURSE,
            "position": 1,
            "title": "Ratios and rates",
            "bloom_level": "apply",
        },
    )
    _add(
        db,
        t.Section,
        *(
            {
                "section_id": section,
                "module_id": UNIT,
                "course_id": COURSE,
                "position": position,
                "title": title,
                "content_type": "interactive",
                "estimated_minutes": 30,
                "opens_week": 24,
            }
            for position, (title, section) in enumerate(SECTIONS.items(), start=1)
        ),
    )
    _add(
        db,
        t.Competency,
        *(
            {
                "competency_id": identifier,
                "framework": "CCSS-M",
                "code": code,
                "title": f"Competency {code}",
                "subject": "mathematics",
                "grade_level": int(code[0]),
                "bloom_level": "apply",
            }
            for code, identifier in COMPETENCIES.items()
        ),
    )
    first, second, third = COMPETENCIES.values()
    _add(
        db,
        t.CompetencyEdge,
        {"prerequisite_id": first, "competency_id": second},
        {"prerequisite_id": second, "competency_id": third},
    )
    _add(
        db,
        t.ContentCompetency,
        {"section_id": SECTIONS["Ratios"], "competency_id": first},
        {"section_id": SECTIONS["Unit rates"], "competency_id": second},
        {"section_id": SECTIONS["Unit rates"], "competency_id": third},
    )


def _organisation(db: Connection, district: int, name: str) -> None:
    _add(
        db,
        t.Institution,
        {
            "district_id": district,
            "institution_id": of(name),
            "kind": "district",
            "parent_id": None,
            "name": name,
            "clock_on": TODAY,
            "generated": True,
        },
        *(
            {
                "district_id": district,
                "institution_id": of(school),
                "kind": "school",
                "parent_id": of(name),
                "name": school,
                "clock_on": None,
                "generated": True,
            }
            for school, home in SCHOOLS.items()
            if home == district
        ),
    )
    for code, starts, ends in (
        ("2026", STARTED, ENDS),
        ("2025", date(2024, 9, 2), date(2025, 6, 13)),
    ):
        _add(
            db,
            t.AcademicTerm,
            {
                "district_id": district,
                "term_id": of(f"{district} {code}"),
                "code": code,
                "name": f"School year {code}",
                "school_year": int(code),
                "starts_on": starts,
                "ends_on": ends,
            },
        )
    for person, (home, role, place) in STAFF.items():
        if home != district:
            continue
        _add(db, t.Staff, {"district_id": home, "staff_id": of(person), "display_name": person})
        _add(
            db,
            t.StaffRole,
            {
                "district_id": home,
                "staff_id": of(person),
                "role": role,
                "school_id": of(place),
                "starts_on": date(2024, 8, 1),
            },
        )
        _add(
            db,
            t.Account,
            {
                "district_id": home,
                "account_id": of(f"account {person}"),
                "staff_id": of(person),
                "sign_in_name": person.split()[0].lower(),
            },
        )


def _teaching(db: Connection) -> None:
    for name, (district, school, teacher) in CLASSES.items():
        ended = name.endswith("last year")
        code = "2025" if ended else "2026"
        starts, ends = (date(2024, 9, 2), date(2025, 6, 13)) if ended else (STARTED, ENDS)
        _add(
            db,
            t.Class,
            {
                "district_id": district,
                "class_id": class_id(name),
                "school_id": of(school),
                "course_id": COURSE,
                "term_id": of(f"{district} {code}"),
                "title": name,
                "grade_level": 7,
                "starts_on": starts,
                "ends_on": ends,
            },
        )
        _add(
            db,
            t.ClassStaff,
            {
                "district_id": district,
                "class_id": class_id(name),
                "staff_id": of(teacher),
                "starts_on": starts,
            },
        )
    for district in (LAKESIDE, HILLCREST):
        _add(
            db,
            t.Assessment,
            {
                "district_id": district,
                "assessment_id": QUIZ,
                "course_id": COURSE,
                "term_id": of(f"{district} 2026"),
                "section_id": SECTIONS["Ratios"],
                "title": "Ratios quiz",
                "type": "summative",
                "format": "multiple_choice",
                "weight": 20,
            },
        )
        _add(
            db,
            t.AssessmentItem,
            *(
                {
                    "district_id": district,
                    "item_id": item,
                    "assessment_id": QUIZ,
                    "position": number,
                    "stem": f"Question {number}",
                    "options": [
                        {"key": key, "text": f"Option {key}", "misconception": None}
                        for key in "ABC"
                    ],
                    "answer_key": "A",
                    "bloom_level": "apply",
                }
                for number, item in ITEMS.items()
            ),
        )
        _add(
            db,
            t.ItemCompetency,
            *(
                {
                    "district_id": district,
                    "item_id": item,
                    "competency_id": COMPETENCIES["6.RP.A.1"],
                }
                for item in ITEMS.values()
            ),
        )
    for name, (district, _, _) in CLASSES.items():
        _add(
            db,
            t.ClassAssessment,
            {
                "district_id": district,
                "class_id": class_id(name),
                "assessment_id": QUIZ,
                "opens_on": TODAY - timedelta(days=20),
                "due_on": TODAY - timedelta(days=10),
            },
        )


def _people(db: Connection, seal: Sealer) -> None:
    for name, (district, school, _) in LEARNERS.items():
        _add(
            db,
            t.Learner,
            {
                "district_id": district,
                "learner_id": of(name),
                "anonymous_id": of(f"anonymous {name}"),
                "school_id": of(school),
                "grade_level": 7,
                "academic_level": "middle",
                "age_group": "11-13",
            },
        )
    for district in (LAKESIDE, HILLCREST):
        plain = [
            PlainPerson(
                learner_id=of(name),
                given_name=name.split()[0],
                family_name=name.split()[1],
                email=f"{name.split()[0].lower()}@learners.example",
                birth_date="2013-04-05",
                contacts='[{"name": "A parent"}]',
            )
            for name, (home, _, _) in LEARNERS.items()
            if home == district
        ]
        write_sealed(db, district, seal(district, plain))
    for counselor, learners in CASELOADS.items():
        _add(
            db,
            t.Caseload,
            *(
                {
                    "district_id": STAFF[counselor][0],
                    "staff_id": of(counselor),
                    "learner_id": of(learner),
                    "starts_on": STARTED,
                }
                for learner in learners
            ),
        )


def _learning(db: Connection, district: int, learner: UUID, class_name: str) -> None:
    """One enrolment with a row in every table below it; Ben has not handed in the quiz."""
    where = {"district_id": district, "class_id": class_id(class_name), "learner_id": learner}
    left = learner == of("Gia Rossi")
    _add(
        db,
        t.Enrollment,
        {
            **where,
            "enrolled_on": STARTED,
            "status": "withdrawn" if left else "enrolled",
            "left_on": TODAY - timedelta(days=40) if left else None,
        },
    )
    for number in (1, 2, 3):
        _add(
            db,
            t.LearningInteraction,
            {
                **where,
                "occurred_at": NOW - timedelta(days=7 * number),
                "interaction_id": of(f"{learner} {class_name} {number}"),
                "section_id": SECTIONS["Ratios"],
                "type": "content_view",
                "outcome": "successful",
                "duration_seconds": 600,
            },
        )
    _add(
        db,
        t.SectionProgress,
        {
            **where,
            "section_id": SECTIONS["Ratios"],
            "status": "completed",
            "completion_percentage": 100,
            "first_opened_at": NOW - timedelta(days=21),
            "last_opened_at": NOW - timedelta(days=7),
            "completed_at": NOW - timedelta(days=7),
            "seconds_spent": 1800,
            "interactions": 3,
            "comprehension": 0.7,
        },
    )
    _add(
        db,
        t.LearningSession,
        {
            **where,
            "session_id": of(f"sitting {learner} {class_name}"),
            "started_at": NOW - timedelta(days=7),
            "ended_at": NOW - timedelta(days=7) + timedelta(minutes=20),
            "active_seconds": 1000,
        },
    )
    if learner != of("Ben Cole"):
        _attempt(db, where, class_name)


def _attempt(db: Connection, where: dict[str, Any], class_name: str) -> None:
    attempt = of(f"attempt {where['learner_id']} {class_name}")
    submitted = NOW - timedelta(days=12)
    _add(
        db,
        t.AssessmentAttempt,
        {
            **where,
            "attempt_id": attempt,
            "assessment_id": QUIZ,
            "submitted_at": submitted,
            "marked_at": submitted,
            "percent": 75,
            "passed": True,
        },
    )
    _add(
        db,
        t.ItemResponse,
        *(
            {
                **where,
                "item_id": item,
                "attempt_id": attempt,
                "answered_at": submitted,
                "answer": "A" if number < 4 else "B",
                "credit": 1 if number < 4 else 0,
                "seconds": 30,
            }
            for number, item in ITEMS.items()
        ),
    )


def _helper(learner: UUID) -> str:
    """Who wrote the notes and owns the plan: the learner's counselor, or else Omar."""
    for counselor, learners in CASELOADS.items():
        if learner in map(of, learners):
            return counselor
    return "Omar Haddad"


def _around(db: Connection, district: int, learner: UUID, class_name: str) -> None:
    """Rows about the learner herself, and the estimates and actions that hang on an enrolment."""
    me = {"district_id": district, "learner_id": learner}
    where = {**me, "class_id": class_id(class_name)}
    helper = of(_helper(learner))
    school = next(of(place) for name, (_, place, _) in LEARNERS.items() if of(name) == learner)
    _add(
        db,
        t.Attendance,
        *(
            {
                **me,
                "on_date": TODAY - timedelta(days=days),
                "school_id": school,
                "status": "present",
            }
            for days in (1, 2, 3)
        ),
    )
    _add(
        db,
        t.BehaviourEvent,
        {**me, "event_id": of(f"event {learner}"), "occurred_at": NOW, "kind": "kindness"},
    )
    _add(
        db,
        t.ProtectedAttribute,
        {**me, "attribute": "gender", "value": "not stated"},
    )
    _add(
        db,
        t.Consent,
        {
            **me,
            "consent_id": of(f"consent {learner}"),
            "law": "COPPA",
            "purpose": "learning records",
            "basis": "parental consent",
            "version": "2026-1",
            "given_by": "parent",
            "given_at": NOW,
        },
    )
    _add(
        db,
        t.Disclosure,
        {
            **me,
            "disclosed_to": "a new school",
            "purpose": "transfer",
            "legal_basis": "FERPA 99.34",
            "what": "transcript",
        },
    )
    _add(
        db,
        t.Mastery,
        {
            **me,
            "competency_id": COMPETENCIES["7.RP.A.1"],
            "probability": 0.4,
            "low": 0.2,
            "high": 0.6,
            "next_right": 0.5,
            "label": "developing",
            "evidence": 5,
            "credit": 2.5,
            "updated_at": NOW,
        },
    )
    flag = of(f"flag {learner}")
    _add(
        db,
        t.Flag,
        {
            **where,
            "flag_id": flag,
            "origin": "staff",
            "rule": "staff concern",
            "severity": 0.5,
            "evidence": {"words": "seems tired"},
            "raised_on": TODAY - timedelta(days=3),
            "seen_on": TODAY,
        },
    )
    _add(db, t.FlagEvent, {**where, "flag_id": flag, "action": "raised"})
    _add(
        db,
        t.Intervention,
        {
            **where,
            "intervention_id": of(f"plan {learner}"),
            "owner_id": helper,
            "type": "tutoring",
            "tier": 1,
            "goal": "Hand in the next two pieces of work",
            "starts_on": TODAY - timedelta(days=7),
            "review_on": TODAY + timedelta(days=21),
        },
    )
    kept = {
        "district_id": district,
        "class_id": where["class_id"],
        "group_id": of(f"group {learner}"),
        "changed_by": of(CLASSES[class_name][2]),
        "updated_at": NOW,
    }
    _add(
        db,
        t.KeptGroup,
        {
            **kept,
            "competency_id": COMPETENCIES["7.RP.A.1"],
            "name": "Last week's group",
            "made_on": TODAY - timedelta(days=7),
            "done_on": TODAY - timedelta(days=1),
        },
    )
    _add(
        db,
        t.KeptGroupLearner,
        {**kept, "learner_id": learner, "joined_on": TODAY - timedelta(days=7)},
    )
    plan = {**me, "intervention_id": of(f"plan {learner}")}
    _add(
        db,
        t.ProgressPoint,
        {**plan, "on_date": TODAY, "recorded_by": helper, "value": 40, "recorded_at": NOW},
    )
    _add(
        db,
        t.PlanEffect,
        {
            **plan,
            "measure": "work",
            "verdict": "cannot tell",
            "why": "too early",
            "picture": {},
            "as_of": TODAY,
            "updated_at": NOW,
        },
    )
    _add(
        db,
        t.Message,
        {
            **me,
            "message_id": of(f"message {learner}"),
            "sender_id": helper,
            "audience": "home",
            "language": "en",
            "ground": "the school's duty",
            "template": "Good news",
            "body": b"sealed",
            "state": "failed",
            "made_at": NOW,
        },
    )
    _add(
        db,
        t.Notification,
        {
            **me,
            "notification_id": of(f"notice {learner}"),
            "staff_id": helper,
            "from_id": helper,
            "kind": "mention",
            "at": NOW,
        },
    )
    for restricted in (False, True):
        _add(
            db,
            t.InterventionNote,
            {
                **me,
                "note_id": of(f"note {learner} {restricted}"),
                "author_id": helper,
                "kind": "observation",
                "restricted": restricted,
                "body": b"sealed",
            },
        )
    _add(
        db,
        t.Recommendation,
        {
            **where,
            "recommendation_id": of(f"step {learner}"),
            "kind": "practise",
            "reasons": [],
            "made_on": TODAY,
        },
    )
