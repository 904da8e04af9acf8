"""The learner's page, complete: contacts on demand, an earlier day, the class beside her, paper."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Uuid, insert, literal, select, update

import privacy
from components import documents
from db import tables as t
from pages.students import sheet
from privacy import NotAllowed
from queries.students import beside, contacts, notes
from queries.students.learner import learner_record
from tests import cast
from tests.conftest import District
from tests.test_pages import said, sent, show, token

TESS, OMAR, CARLA = (cast.viewer(name) for name in ("Tess Moran", "Omar Haddad", "Carla Weiss"))
ANA = cast.of("Ana Ruiz")


def opened(viewer: Any, **query: str) -> Any:
    return show("pages.students.learner", viewer, {"learner": token(viewer, ANA), **query})


# Contacts.


def test_contacts_are_opened_for_those_responsible_and_noted(district: District) -> None:
    found = contacts.contacts_of(TESS, learner=ANA)
    assert found.home or found.email
    with district.jobs.begin() as db:
        actions = db.scalars(select(t.AuditEntry.action)).all()
    assert "opened contacts" in actions


@pytest.mark.parametrize("who", ["Omar Haddad", "Noor Aziz", "Zoe Quist", "Adam Price"])
def test_contacts_stay_closed_to_everybody_else(district: District, who: str) -> None:
    with pytest.raises(NotAllowed):
        contacts.contacts_of(cast.viewer(who), learner=ANA)


def test_contacts_are_not_on_the_page_until_somebody_asks(district: District) -> None:
    found = contacts.contacts_of(TESS, learner=ANA)
    wire = sent(opened(TESS).main)
    for one in found.home:
        assert one.phone not in wire or not one.phone
        assert one.name not in wire
    assert not found.email or found.email not in wire


# An earlier day.


def test_an_earlier_day_shows_nothing_that_came_later(district: District) -> None:
    earlier = TESS.today - timedelta(days=30)
    with district.jobs.begin() as db:
        at = datetime.combine(earlier - timedelta(days=1), cast.NOW.timetz())
        db.execute(
            update(t.AssessmentAttempt)
            .where(t.AssessmentAttempt.learner_id == ANA)
            .values(submitted_at=at, marked_at=cast.NOW)
        )
    now = learner_record(TESS, learner_id=ANA, today=TESS.today)
    then = learner_record(TESS, learner_id=ANA, today=earlier)
    assert now.scores["score"].notna().any()
    assert then.scores["score"].isna().all()  # handed in by then, marked later
    assert then.mastery == ()
    assert all(note.written_at.date() <= earlier for note in then.notes)
    assert all(flag.reason.raised_on <= earlier for flag in then.flags)
    assert (then.attendance["day"] <= earlier).all()
    text = said(opened(TESS, day=earlier.isoformat()))
    assert "what came later is left out" in text


def test_a_flag_closed_since_stood_open_then(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Flag)
            .where(t.Flag.learner_id == ANA)
            .values(
                state="resolved",
                raised_on=TESS.today - timedelta(days=20),
                closed_on=TESS.today - timedelta(days=2),
                outcome="the evidence cleared",
            )
        )
    now = learner_record(TESS, learner_id=ANA, today=TESS.today)
    then = learner_record(TESS, learner_id=ANA, today=TESS.today - timedelta(days=5))
    before = learner_record(TESS, learner_id=ANA, today=TESS.today - timedelta(days=25))
    assert not any(flag.alive for flag in now.flags)
    assert then.flags
    assert all(flag.alive for flag in then.flags)
    assert before.flags == ()


@pytest.mark.parametrize("day", ["1999-01-01", "2026-03-20", "not a day", "2999-01-01"])
def test_any_day_in_the_address_gives_a_page(district: District, day: str) -> None:
    assert "Ana Ruiz" in said(opened(TESS, day=day))


# The class beside her.


def _classmates(district: District, many: int) -> None:
    with district.jobs.begin() as db:
        row = db.execute(
            select(t.EnrollmentState).where(
                t.EnrollmentState.learner_id == ANA,
                t.EnrollmentState.class_id == cast.class_id("Maths 7A"),
                t.EnrollmentState.district_id == cast.LAKESIDE,
            )
        ).first()
        if row is None:
            columns = t.EnrollmentState.__table__.columns
            given: dict[str, Any] = {
                "district_id": 1, "class_id": cast.class_id("Maths 7A"), "learner_id": ANA,
                "as_of": cast.TODAY, "enrolled": True, "updated_at": cast.NOW,
                "weekly_clicks": [0] * 12, "low_competencies": [], "score_mean": 61.0,
                "progress": 0.5,
            }  # fmt: skip
            for column in columns:
                if column.name not in given and not column.nullable:
                    given[column.name] = 3
            db.execute(insert(t.EnrollmentState).values(given))
            row = db.execute(
                select(t.EnrollmentState).where(t.EnrollmentState.learner_id == ANA)
            ).one()
        for number in range(many):
            learner = cast.of(f"classmate {number}")
            db.execute(
                insert(t.Learner).from_select(
                    ["district_id", "learner_id", "anonymous_id", "school_id", "age_group",
                     "grade_level", "academic_level", "consent_state", "retention_state"],
                    select(t.Learner.district_id, _uuid(learner), _uuid(cast.of(f"anon {number}")),
                           t.Learner.school_id, t.Learner.age_group, t.Learner.grade_level,
                           t.Learner.academic_level, t.Learner.consent_state,
                           t.Learner.retention_state)
                    .where(t.Learner.learner_id == ANA),
                )
            )  # fmt: skip
            db.execute(
                insert(t.Enrollment).values(
                    district_id=1, class_id=cast.class_id("Maths 7A"), learner_id=learner,
                    enrolled_on=date(2025, 9, 1),
                )
            )  # fmt: skip
            values = dict(row._mapping) | {"learner_id": learner, "score_mean": 50.0 + number}
            db.execute(insert(t.EnrollmentState).values(values))


def _uuid(value: Any) -> Any:
    return literal(value, Uuid)


@pytest.mark.parametrize(("others", "told"), [(4, False), (5, True), (9, True)])
def test_she_is_compared_with_k_others_or_with_nobody(
    district: District, others: int, told: bool
) -> None:
    with district.jobs.begin() as db:  # alone in her class but for those made here
        db.execute(t.EnrollmentState.__table__.delete().where(t.EnrollmentState.learner_id != ANA))
    _classmates(district, others)
    marks = [one for one in beside.beside_class(TESS, learner=ANA) if "mark" in one.measure]
    assert [one.median is not None for one in marks if one.class_title == "Maths 7A"] == [told]


# Paper.


def test_the_conference_sheet_holds_no_restricted_note(district: District) -> None:
    with district.jobs.begin() as db:
        assert db.scalar(select(t.InterventionNote.restricted).where(t.InterventionNote.restricted))
    with privacy.session(CARLA) as db:
        notes.write(db, CARLA, learner=ANA, text="zebra secret", now=cast.NOW, restricted=True)
        notes.write(db, CARLA, learner=ANA, text="plain giraffe", now=cast.NOW)
    record = learner_record(CARLA, learner_id=ANA, today=CARLA.today)
    assert any("zebra" in note.text for note in record.notes)  # the control: she may read it
    data = sheet.sheet(CARLA, record, (), "")
    assert "zebra" not in str(data)
    assert "giraffe" in str(data)
    assert documents.pdf("sheet", data, made_at=cast.NOW).count(b"/Type/Page") >= 1


def test_the_sheet_fits_two_pages_for_a_learner_of_whom_much_is_known(district: District) -> None:
    record = learner_record(TESS, learner_id=ANA, today=TESS.today)
    data = sheet.sheet(TESS, record, (), "needs large print.")
    long = "A competency with a name that runs over a line when it is printed on paper"
    data |= {
        "strengths": [long] * sheet.MOST,
        "gaps": [long] * sheet.MOST,
        "flags": [long] * 4,
        "beside": [["Mathematics 7, period 2: " + long, "12.5", "10.5 to 22.5"]] * 12,
        "work": [["Quiz", "1 March", "80 %"]] * sheet.MOST_WORK,
        "plans": [long] * 3,
        "notes": [long] * sheet.MOST_NOTES,
        "more-work": "And 8 earlier pieces of work.",
    }
    made = documents.pdf("sheet", data, made_at=cast.NOW)
    assert made.count(b"/Type/Page/") + made.count(b"/Type/Page\n") <= 2
