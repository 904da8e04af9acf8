"""Casework: one life for a flag, plans, notes, cover and hand-over, and what nobody else reads."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from db import tables as t
from privacy import NotAllowed
from queries.plan_words import BUILT_IN
from queries.students import (
    acting,
    capacity,
    caseload,
    handing,
    meeting,
    notes,
    planning,
    undoing,
)
from queries.students.acting import NotPossible
from queries.students.colleagues import colleagues, notices
from queries.students.planning import NewPlan
from queries.students.plans import reviews, the_plan
from queries.students.raising import raise_flag
from queries.students.reading import notes_of
from tests import cast
from tests.conftest import District
from tests.test_pages import press, ran, said, sent, show, token

TESS, OMAR, CARLA, NOOR, ADAM = (
    cast.viewer(name)
    for name in ("Tess Moran", "Omar Haddad", "Carla Weiss", "Noor Aziz", "Adam Price")
)
ANA, BEN, EVE, FINN = (cast.of(name) for name in ("Ana Ruiz", "Ben Cole", "Eve Lind", "Finn Gray"))
TODAY = cast.TODAY
SECRET = "She told me something nobody else may know."


def now() -> datetime:
    return datetime.now(UTC)


def flag_of(learner: UUID) -> UUID:
    return cast.of(f"flag {learner}")


def stored(district: District, table: type[t.Table], **where: Any) -> Any:
    with district.jobs.begin() as db:
        query = select(*table.__table__.c)
        for name, value in where.items():
            query = query.where(table.__table__.c[name] == value)
        return db.execute(query).one()


def worry(viewer: Any = TESS, learner: UUID = ANA, **how: Any) -> UUID:
    return raise_flag(
        viewer,
        **{
            "learner": learner,
            "concern": "concern: wellbeing",
            "urgency": "soon",
            "words": SECRET,
            "refer": False,
            "today": TODAY,
            "now": now(),
            **how,
        },
    )


def a_plan(**changes: Any) -> NewPlan:
    return NewPlan(
        **{
            "type": "tutoring",
            "tier": 2,
            "goal": "Gets 70 % right",
            "measure": "answers",
            "goal_from": 40.0,
            "goal_to": 70.0,
            "strategy": "",
            "schedule": "twice a week",
            "starts_on": TODAY,
            "review_on": TODAY + timedelta(days=28),
            **changes,
        }
    )


# -- Flags --------------------------------------------------------------------------------------


def test_a_teacher_raises_a_flag_and_its_words_are_sealed(district: District) -> None:
    flag = worry(refer=True)
    row = stored(district, t.Flag, flag_id=flag)
    assert (row.origin, row.state, row.class_id) == ("staff", "referred", None)
    assert SECRET not in str(row)
    note = stored(district, t.InterventionNote, flag_id=flag)
    assert SECRET.encode() not in note.body
    with pytest.raises(NotPossible, match="has been raised already"):
        worry()
    with pytest.raises(NotAllowed, match="not responsible"):
        worry(learner=EVE)


def test_only_a_typed_outcome_closes_a_flag_and_a_note_does_not(district: District) -> None:
    notes.add(TESS, learner=ANA, flag=flag_of(ANA), text="All is well.", now=now())
    assert stored(district, t.Flag, flag_id=flag_of(ANA)).state == "open"
    with pytest.raises(NotPossible, match="with an outcome"):
        acting.resolve(TESS, flags=[flag_of(ANA)], outcome="fine", today=TODAY, now=now())
    acting.resolve(TESS, flags=[flag_of(ANA)], outcome="help given", today=TODAY, now=now())
    row = stored(district, t.Flag, flag_id=flag_of(ANA))
    assert (row.state, row.closed_on, row.outcome) == ("resolved", TODAY, "help given")
    undoing.undo(TESS, flags=[flag_of(ANA)], now=now())
    assert stored(district, t.Flag, flag_id=flag_of(ANA)).state == "open"


def test_the_list_is_cut_at_what_one_person_can_act_on(district: District) -> None:
    def cut() -> int:
        return caseload.overdue_cases(CARLA, today=TODAY).capacity

    assert cut() == 25
    capacity.set_own(CARLA, open_cases=1, weekly_digest=True, now=now())
    assert cut() == 1
    assert caseload.overdue_cases(NOOR, today=TODAY).capacity == 25
    page = show("pages.students.caseload", CARLA)
    assert "Below your limit of 1 open cases wait 2 more learners" in said(page)


# -- Plans --------------------------------------------------------------------------------------


def test_a_plan_takes_its_flags_and_gives_them_back_unless_the_goal_is_met(
    district: District,
) -> None:
    for outcome, state in (("not met", "open"), ("goal met", "resolved")):
        plan = planning.start(TESS, learner=ANA, new=a_plan(), flags=[flag_of(ANA)], now=now())
        assert stored(district, t.Flag, flag_id=flag_of(ANA)).state == "in_plan"
        with pytest.raises(NotPossible, match="End the plan"):
            undoing.undo(TESS, flags=[flag_of(ANA)], now=now())
        planning.end(TESS, plan=plan, outcome=outcome, today=TODAY, now=now())
        assert stored(district, t.Flag, flag_id=flag_of(ANA)).state == state
        with pytest.raises(NotPossible, match="has ended"):
            planning.progress(TESS, plan=plan, value=50, today=TODAY, now=now())


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"review_on": None}, "a day on which it is reviewed"),
        ({"review_on": TODAY}, "comes after the start"),
        ({"goal": "  "}, "needs a goal"),
        ({"type": "magic"}, "kind of plan"),
    ],
)
def test_a_plan_that_is_not_whole_is_refused_in_words(
    district: District, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        planning.start(TESS, learner=ANA, new=a_plan(**changes), now=now())


def test_nobody_plans_for_anothers_learner(district: District) -> None:
    with pytest.raises(NotAllowed, match="not responsible"):
        planning.start(TESS, learner=EVE, new=a_plan(), now=now())
    with pytest.raises(NotAllowed, match="not responsible"):
        the_plan(TESS, plan=cast.of(f"plan {EVE}"))


def test_overdue_reviews_come_first_on_the_counselors_page(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Intervention)
            .where(t.Intervention.learner_id == BEN)
            .values(review_on=TODAY - timedelta(days=5))
        )
    due = reviews(CARLA, today=TODAY, until=TODAY + timedelta(days=30))
    assert next(plan.learner for plan in due) == "Ben Cole"
    assert due[0].overdue(TODAY)
    text_of_page = said(show("pages.students.caseload", CARLA))
    assert text_of_page.index("Overdue since 15 March") < text_of_page.index("on your caseload")


def test_a_plan_is_started_from_a_flag_in_three_clicks(district: District) -> None:
    page = show("pages.students.plan", TESS, {"learner": token(TESS, ANA)})
    assert "Plan for Ana Ruiz" in said(page)
    assert next(box.value for box in page.text_area) == BUILT_IN[0].goal
    press(page, "Start the plan")
    row = next(
        plan
        for plan in reviews(TESS, today=TODAY, until=TODAY + timedelta(days=200))
        if plan.learner_id == ANA
    )
    assert row.flags == (flag_of(ANA),)
    detail = show("pages.students.plan", TESS, {"plan": token(TESS, row.plan_id, kind="plan")})
    assert "Catching up on work" in said(detail)


def test_progress_and_reviews_are_kept_with_who_recorded_them(district: District) -> None:
    plan = planning.start(TESS, learner=ANA, new=a_plan(informed=(OMAR.staff_id,)), now=now())
    planning.progress(TESS, plan=plan, value=30, today=TODAY, now=now())
    planning.progress(CARLA, plan=plan, value=40, today=TODAY, now=now())
    planning.review(CARLA, plan=plan, review_on=TODAY + timedelta(days=60), today=TODAY, now=now())
    found = the_plan(TESS, plan=plan)
    assert [(point.value, point.who) for point in found.points] == [(40, "Carla Weiss")]
    assert found.informed == ("Omar Haddad",)
    assert found.review_on == TODAY + timedelta(days=60)


# -- Notes --------------------------------------------------------------------------------------


def test_a_restricted_note_is_on_no_other_persons_wire(district: District) -> None:
    """The control: the very same note, unrestricted, is on the teacher's wire."""
    flag = worry(CARLA, restricted=True, words=SECRET)
    pages = (
        ("today", {}),
        ("learner", {"learner": token(TESS, ANA)}),
        ("plan", {"learner": token(TESS, ANA)}),
        ("plan", {"plan": token(TESS, cast.of(f"plan {ANA}"), kind="plan")}),
        ("week", {}),
    )

    def wire() -> str:
        return "".join(
            sent(show(f"pages.students.{module}", TESS, query).main) for module, query in pages
        )

    seen = wire()
    assert "Said about Ana" in seen
    assert "Whispered" not in seen
    assert SECRET not in seen
    assert SECRET in sent(show("pages.students.caseload", CARLA).main)
    with district.jobs.begin() as db:
        db.execute(
            update(t.InterventionNote)
            .where(t.InterventionNote.flag_id == flag)
            .values(restricted=False)
        )
    assert SECRET in wire()


def test_a_note_keeps_its_wordings_its_author_and_its_restriction(district: District) -> None:
    note = notes.add(CARLA, learner=ANA, text="First.", restricted=True, now=now())
    notes.revise(CARLA, note=note, text="Second.", now=now())
    assert [
        (one.text, one.revision, one.restricted) for one in notes.revisions(CARLA, note=note)
    ] == [
        ("Second.", 2, True),
        ("First.", 1, True),
    ]
    assert "Second." in [one.text for one in notes_of(CARLA, learner=ANA)]
    assert notes.revisions(TESS, note=note) == []
    with pytest.raises(NotAllowed, match="Only whoever wrote"):
        notes.revise(TESS, note=note, text="Mine now.", now=now())


def refused(viewer: Any, statement: str, **values: Any) -> bool:
    """Whether the database itself refuses it; True is the policies' doing."""
    try:
        with privacy.session(viewer) as db:
            db.execute(text(statement), values)
    except DBAPIError as problem:
        return "row-level security" in str(problem)
    return False


def test_nobody_writes_a_note_or_a_step_in_anothers_name(district: District) -> None:
    note = (
        "INSERT INTO chalkline.intervention_notes (district_id, note_id, learner_id, author_id,"
        " kind, body) VALUES (1, gen_random_uuid(), :l, :s, 'contact', '')"
    )
    step = (
        "INSERT INTO chalkline.flag_events (district_id, flag_id, learner_id, class_id, staff_id,"
        " action) VALUES (1, :f, :l, :c, :s, 'dismissed')"
    )
    about = {"f": flag_of(ANA), "c": cast.of("Maths 7A")}
    tess, omar = TESS.staff_id, OMAR.staff_id
    assert not refused(TESS, note, l=ANA, s=tess)
    assert refused(TESS, note, l=ANA, s=omar)
    assert refused(TESS, note, l=EVE, s=tess)
    assert not refused(TESS, step, l=ANA, s=tess, **about)
    assert refused(TESS, step, l=ANA, s=omar, **about)


def test_a_mention_tells_who_and_never_what(district: District) -> None:
    notes.add(CARLA, learner=ANA, text=SECRET, mentions=[TESS.staff_id], now=now())
    notes.add(CARLA, learner=ANA, text=SECRET, restricted=True, mentions=[TESS.staff_id], now=now())
    found = [(one.kind, one.who, one.learner) for one in notices(TESS)]
    assert found == [("mention", "Carla Weiss", ""), ("mention", "Carla Weiss", "Ana Ruiz")]
    assert notices(OMAR)[:1] != found[:1]
    with district.jobs.begin() as db:
        assert SECRET not in str(db.execute(select(*t.Notification.__table__.c)).all())


# -- Cover and hand-over ------------------------------------------------------------------------


def seen_by(viewer: Any) -> set[UUID]:
    with privacy.session(viewer) as db:
        return set(db.scalars(select(t.Learner.learner_id)))


def on_day(district: District, day: date) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution).where(t.Institution.kind == "district").values(clock_on=day)
        )


def test_a_covering_colleague_sees_the_caseload_on_those_days_only(district: District) -> None:
    before = seen_by(NOOR)
    first, last = TODAY + timedelta(days=3), TODAY + timedelta(days=5)
    handing.cover(CARLA, by=NOOR.staff_id, starts_on=first, ends_on=last, today=TODAY, now=now())
    seen = {}
    for day in (TODAY, first, last, last + timedelta(days=1)):
        on_day(district, day)
        seen[day] = seen_by(NOOR) - before
    hers = {ANA, BEN, cast.of("Dev Patel")}
    assert list(seen.values()) == [set(), hers, hers, set()]


def test_nobody_gives_herself_sight_of_a_caseload(district: District) -> None:
    cover = (
        "INSERT INTO chalkline.covers VALUES (1, gen_random_uuid(), :absent, :covering,"
        " :day, :day, :by, now())"
    )
    take = (
        "INSERT INTO chalkline.caseloads (district_id, staff_id, learner_id, starts_on)"
        " VALUES (1, :s, :l, :day)"
    )
    carla, noor = CARLA.staff_id, NOOR.staff_id
    assert refused(NOOR, cover, absent=carla, covering=noor, day=TODAY, by=noor)
    assert not refused(NOOR, cover, absent=noor, covering=carla, day=TODAY, by=noor)
    assert refused(NOOR, take, s=noor, l=ANA, day=TODAY)
    assert refused(CARLA, take, s=carla, l=ANA, day=TODAY)
    assert not refused(CARLA, take, s=noor, l=ANA, day=TODAY)


def test_a_case_is_handed_over_with_its_history_and_out_of_sight(district: District) -> None:
    with pytest.raises(NotAllowed, match="case of your own"):
        handing.hand_over(
            CARLA, learners=[ANA, FINN], to=NOOR.staff_id, reason="workload", today=TODAY, now=now()
        )
    handing.hand_over(
        CARLA, learners=[ANA], to=NOOR.staff_id, reason="better fit", today=TODAY, now=now()
    )
    assert ANA not in seen_by(CARLA)
    assert ANA in seen_by(NOOR)
    assert [one.who for one in handing.held_by(NOOR, learner=ANA)] == ["Noor Aziz", "Carla Weiss"]
    assert "Whispered about Ana." in [one.text for one in notes_of(NOOR, learner=ANA)]


def test_colleagues_are_those_of_ones_own_school(district: District) -> None:
    assert {one.name for one in colleagues(TESS)} == {"Omar Haddad", "Carla Weiss"}
    assert {one.name for one in colleagues(CARLA, role="counselor")} == {"Noor Aziz"}


# -- Meeting mode -------------------------------------------------------------------------------


def test_a_meeting_keeps_a_note_and_a_decision_each_and_goes_on(district: District) -> None:
    page = show("pages.students.meeting", CARLA)
    first = page.header[0].value
    page.radio[0].set_value("start a plan")
    page.text_area[0].set_value("We begin on Monday.")
    press(page, "Keep, next")
    assert page.header[0].value != first
    decided = meeting.decided_today(CARLA, since=now() - timedelta(hours=1))
    assert [(one.name, one.decision) for one in decided] == [(first, "start a plan")]


def test_hidden_names_are_not_on_the_wire_and_restricted_notes_never(district: District) -> None:
    worry(CARLA, restricted=True, words=SECRET)
    page = show("pages.students.meeting", CARLA)
    wire = ""
    for _ in range(3):
        wire += sent(page.main)
        press(page, "Next")
    assert "Ana Ruiz" in wire
    assert "Said about Ana" in wire
    assert SECRET not in wire
    assert "Whispered" not in wire
    hidden = show("pages.students.meeting", CARLA)
    hidden.toggle[0].set_value(True)
    ran(hidden)
    for _ in range(3):
        assert not any(name.split()[0] in sent(hidden.main) for name in cast.LEARNERS)
        press(hidden, "Next")


def test_a_case_is_closed_in_a_meeting_only_with_an_outcome(district: District) -> None:
    how = {"learner": ANA, "decision": "close the case", "text": "", "today": TODAY, "now": now()}
    with pytest.raises(NotPossible, match="with an outcome"):
        meeting.decide(CARLA, outcome=None, **how)
    meeting.decide(CARLA, outcome="help given", **how)
    assert stored(district, t.Flag, flag_id=flag_of(ANA)).state == "resolved"


@pytest.mark.parametrize("module", ["week", "concern", "plan", "meeting"])
def test_a_page_without_anything_to_show_says_so(district: District, module: str) -> None:
    with district.jobs.begin() as db:
        for table in (t.ClassStaff, t.Caseload, t.Intervention, t.Notification):
            db.execute(table.__table__.delete())
    page = show(f"pages.students.{module}", CARLA)
    assert len(said(page)) > 60
    assert not page.error
