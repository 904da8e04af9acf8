"""What pages are told: the right answers, to the right people, in few statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, event, func, insert, select, update

from db import tables as t
from db.refresh import refresh
from privacy import NotAllowed
from queries.freshness import data_as_of
from queries.students import acting, caseload, finding, handled, mastery, scores, today, undoing
from queries.students.classes import my_classes
from queries.students.content import worth_fixing_first
from queries.students.learner import learner_record
from tests import cast
from tests.conftest import District

TESS, OMAR, CARLA = (cast.viewer(name) for name in ("Tess Moran", "Omar Haddad", "Carla Weiss"))
ADAM, ZOE = cast.viewer("Adam Price"), cast.viewer("Zoe Quist")
MISSING = {"missing": 2, "due": 3, "since": "2026-03-09", "to_clear": 1}
ABSENT = {
    "absent": 4,
    "excused": 1,
    "days": 28,
    "since": "2026-02-02",
    "last_on": "2026-03-18",
    "to_clear": 9,
}


def now() -> datetime:
    """Actions are stamped with the real time, as the pages stamp them."""
    return datetime.now(UTC)


def flag(name: str) -> UUID:
    """The flag that the cast's colleagues raised about a learner."""
    return cast.of(f"flag {cast.of(name)}")


def names(viewer: Any, **filters: Any) -> list[str]:
    """Who is on the viewer's Today list, in its order."""
    found = today.struggling_learners(
        viewer, classes=my_classes(viewer), today=viewer.today, now=now(), **filters
    )
    return [one.name for one in found.learners]


def add_flag(
    district: District,
    name: str,
    rule: str,
    evidence: dict[str, Any],
    *,
    severity: float = 0.6,
    in_class: str | None = "Maths 7A",
    raised_on: date = cast.TODAY,
) -> UUID:
    """One more flag, as refresh would raise it."""
    identifier = cast.of(f"{rule} {name} {in_class}")
    where = {
        "district_id": cast.LAKESIDE,
        "flag_id": identifier,
        "learner_id": cast.of(name),
        "class_id": cast.of(in_class) if in_class else None,
    }
    with district.jobs.begin() as db:
        db.execute(
            insert(t.Flag).values(
                **where,
                origin="rule",
                rule=rule,
                severity=severity,
                evidence=evidence,
                raised_on=raised_on,
                seen_on=cast.TODAY,
            )
        )
        db.execute(insert(t.FlagEvent).values(**where, action="raised", at=now()))
    return identifier


def stored(district: District, identifier: UUID) -> Any:
    """The flag as it stands in the database."""
    with district.jobs.begin() as db:
        return db.execute(
            select(
                t.Flag.state,
                t.Flag.snoozed_until,
                t.Flag.closed_on,
                t.Flag.outcome,
                t.Flag.referred_to,
            ).where(t.Flag.district_id == cast.LAKESIDE, t.Flag.flag_id == identifier)
        ).one()


def trail(district: District, action: str) -> list[Any]:
    """The audit's lines of one kind."""
    with district.jobs.begin() as db:
        return list(
            db.execute(
                select(t.AuditEntry.actor, t.AuditEntry.subject, t.AuditEntry.detail).where(
                    t.AuditEntry.action == action
                )
            )
        )


@contextmanager
def counted(district: District) -> Iterator[list[str]]:
    """The statements that run meanwhile."""
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(district.door.engine, "before_cursor_execute", note)
    yield statements
    event.remove(district.door.engine, "before_cursor_execute", note)


# -- Who is on whose list -----------------------------------------------------------------------


def test_a_teacher_sees_her_own_learners_and_nobody_elses(district: District) -> None:
    assert set(names(TESS)) == {"Ana Ruiz", "Ben Cole", "Dev Patel"}
    assert names(OMAR) == ["Eve Lind"]
    assert names(ZOE) == ["Yan Zhou"]


def test_naming_somebody_elses_class_shows_nobody_of_it(district: District) -> None:
    theirs = my_classes(OMAR)
    found = today.struggling_learners(TESS, classes=theirs, today=TESS.today, now=now())
    assert theirs
    assert found.learners == ()


def test_a_learner_who_left_is_on_no_list(district: District) -> None:
    assert "Gia Rossi" not in names(TESS)


def test_one_class_can_be_looked_at_alone(district: District) -> None:
    only = [one for one in my_classes(TESS) if one.label == "Maths 7B"]
    found = today.struggling_learners(TESS, classes=only, today=TESS.today, now=now())
    assert [one.name for one in found.learners] == ["Dev Patel"]


def test_a_class_that_has_ended_is_nobodys(district: District) -> None:
    assert [one.label for one in my_classes(TESS)] == ["Maths 7A", "Maths 7B"]


def test_classes_of_one_title_are_told_apart(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Class)
            .where(t.Class.district_id == cast.LAKESIDE, t.Class.title.like("Maths 7_"))
            .values(title="Maths")
        )
    assert [one.label for one in my_classes(TESS)] == ["Maths", "Maths (2)"]


# -- Reasons ------------------------------------------------------------------------------------


def test_a_learners_flags_are_one_entry_and_add_up(district: District) -> None:
    add_flag(district, "Ben Cole", "missing_work", MISSING, severity=0.6)
    found = today.struggling_learners(TESS, classes=my_classes(TESS), today=TESS.today, now=now())
    ben = found.learners[0]
    assert ben.name == "Ben Cole"
    assert ben.severity == pytest.approx(1 - 0.4 * 0.5)
    assert [reason.rule for reason in ben.reasons] == ["missing_work", "staff concern"]
    assert ben.reasons[0].text == "Missed 2 of 3 pieces of work due since 9 March."
    assert ben.reasons[0].clears == "Clears when 1 of the 2 is handed in."


def test_a_flag_of_no_class_reaches_the_teacher_of_the_learner(district: District) -> None:
    add_flag(district, "Dev Patel", "attendance", ABSENT, severity=0.9, in_class=None)
    add_flag(district, "Eve Lind", "attendance", ABSENT, severity=0.9, in_class=None)
    assert names(TESS)[0] == "Dev Patel"
    assert "Eve Lind" not in names(TESS)


def test_the_next_step_names_the_missing_work(district: District) -> None:
    add_flag(district, "Ben Cole", "missing_work", MISSING, severity=0.9)
    found = today.struggling_learners(TESS, classes=my_classes(TESS), today=TESS.today, now=now())
    assert found.learners[0].next_step == (
        "Agree on a day to hand in “Ratios quiz”, due on 10 March."
    )


def test_the_next_step_goes_back_to_the_prerequisite_that_blocks(district: District) -> None:
    first, second, third = cast.COMPETENCIES
    with district.jobs.begin() as db:
        for code in (first, second):
            db.execute(insert(t.Mastery).values(estimate("Ana Ruiz", code, "struggling", 0.3)))
    evidence = {
        "competencies": [
            {
                "competency_id": str(cast.COMPETENCIES[third]),
                "code": third,
                "share": 0.3,
                "low": 0.1,
                "high": 0.5,
                "answers": 9,
                "last_on": "2026-03-16",
            }
        ]
    }
    add_flag(district, "Ana Ruiz", "low_mastery", evidence, severity=0.9)
    found = today.struggling_learners(TESS, classes=my_classes(TESS), today=TESS.today, now=now())
    assert found.learners[0].next_step == (
        "Go back to 6.RP.A.1 (Competency 6.RP.A.1) first: 7.RP.A.1 builds on it."
    )


def estimate(name: str, code: str, label: str, value: float) -> dict[str, Any]:
    """A row of mastery."""
    return {
        "district_id": cast.LAKESIDE,
        "learner_id": cast.of(name),
        "competency_id": cast.COMPETENCIES[code],
        "probability": value,
        "low": max(0.0, value - 0.2),
        "high": min(1.0, value + 0.2),
        "next_right": value,
        "label": label,
        "evidence": 8,
        "credit": 4,
        "updated_at": now(),
    }


def test_the_list_is_cut_at_its_capacity_and_says_how_many_it_leaves_out(
    district: District,
) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution)
            .where(t.Institution.district_id == cast.LAKESIDE, t.Institution.kind == "district")
            .values(alert_capacity=2)
        )
    classes = my_classes(TESS)
    found = today.struggling_learners(TESS, classes=classes, today=TESS.today, now=now())
    rest = today.struggling_learners(
        TESS, classes=classes, today=TESS.today, now=now(), first=2, most=9
    )
    assert (len(found.learners), found.left_out) == (2, 1)
    assert {one.name for one in [*found.learners, *rest.learners]} == {
        "Ana Ruiz",
        "Ben Cole",
        "Dev Patel",
    }


# -- Acting -------------------------------------------------------------------------------------


def test_an_acknowledged_flag_leaves_the_list_and_comes_back_after_a_week(
    district: District,
) -> None:
    acting.acknowledge(TESS, flags=[flag("Ben Cole")], now=now())
    assert "Ben Cole" not in names(TESS)
    later = today.struggling_learners(
        TESS, classes=my_classes(TESS), today=TESS.today, now=now() + timedelta(days=8)
    )
    assert "Ben Cole" in [one.name for one in later.learners]


def test_a_snoozed_flag_waits_for_its_day(district: District) -> None:
    until = TESS.today + timedelta(days=7)
    acting.snooze(TESS, flags=[flag("Ben Cole")], until=until, today=TESS.today, now=now())
    assert stored(district, flag("Ben Cole"))[:2] == ("snoozed", until)
    assert "Ben Cole" not in names(TESS)


@pytest.mark.parametrize("days", [-1, 0, 61])
def test_a_snooze_into_the_past_or_for_ever_is_refused(district: District, days: int) -> None:
    until = TESS.today + timedelta(days=days)
    with pytest.raises(acting.NotPossible, match="1 to 60 days"):
        acting.snooze(TESS, flags=[flag("Ben Cole")], until=until, today=TESS.today, now=now())
    assert stored(district, flag("Ben Cole")).state == "open"


def test_a_wrong_flag_closes_with_its_reason(district: District) -> None:
    acting.dismiss(TESS, flag=flag("Ben Cole"), reason="not so", today=TESS.today, now=now())
    assert stored(district, flag("Ben Cole"))[:4] == ("dismissed", None, TESS.today, "not so")
    [(actor, subject, detail)] = trail(district, "flag dismissed")
    assert (actor, subject) == (TESS.staff_id, cast.of("anonymous Ben Cole"))
    assert detail == {"flags": [str(flag("Ben Cole"))], "reason": "not so"}


def test_a_wrong_flag_needs_a_reason(district: District) -> None:
    with pytest.raises(acting.NotPossible, match="needs a reason"):
        acting.dismiss(TESS, flag=flag("Ben Cole"), reason=" ", today=TESS.today, now=now())


def test_a_closed_flag_takes_no_more_actions(district: District) -> None:
    acting.dismiss(TESS, flag=flag("Ben Cole"), reason="not so", today=TESS.today, now=now())
    with pytest.raises(acting.NotPossible, match="closed in the meantime"):
        acting.acknowledge(TESS, flags=[flag("Ben Cole")], now=now())


def test_a_referral_reaches_the_counselor_with_its_note(district: District) -> None:
    acting.refer(TESS, flags=[flag("Ben Cole")], note=" Ben told me <b>why</b>. ", now=now())
    case = next(
        case
        for case in caseload.by_name(CARLA, caseload.overdue_cases(CARLA, today=TESS.today).cases)
        if case.name == "Ben Cole"
    )
    assert case.states == ("referred",)
    assert [(note.author, note.text) for note in case.notes] == [
        ("Tess Moran", "Ben told me <b>why</b>.")
    ]


def test_a_note_is_stored_sealed_and_stands_in_no_log(district: District) -> None:
    acting.refer(TESS, flags=[flag("Ben Cole")], note="Ben told me why", now=now())
    with district.jobs.begin() as db:
        bodies = db.scalars(select(t.InterventionNote.body)).all()
        events = db.scalars(select(t.FlagEvent.reason)).all()
        details = db.scalars(select(t.AuditEntry.detail)).all()
    assert not any(b"told me" in body for body in bodies)
    assert "told me" not in f"{events} {details}"


def test_a_counselor_takes_on_a_referral_without_handing_it_back(district: District) -> None:
    acting.refer(TESS, flags=[flag("Ben Cole")], note="", now=now())
    acting.acknowledge(CARLA, flags=[flag("Ben Cole")], now=now())
    found = stored(district, flag("Ben Cole"))
    assert (found.state, found.referred_to) == ("referred", CARLA.staff_id)


@pytest.mark.parametrize("stranger", [OMAR, ZOE, cast.viewer("Noor Aziz")])
def test_nobody_acts_on_another_persons_learner(district: District, stranger: Any) -> None:
    with pytest.raises(NotAllowed, match="not responsible"):
        acting.acknowledge(stranger, flags=[flag("Ben Cole")], now=now())
    assert stored(district, flag("Ben Cole")).state == "open"
    assert trail(district, "flag acknowledged") == []


@pytest.mark.parametrize("name", ["Adam Price", "Rita Sol", "Sam Shah"])
def test_only_teachers_and_counselors_act(district: District, name: str) -> None:
    viewer = cast.viewer(name)
    with pytest.raises(NotAllowed, match=f"In the role '{viewer.role}'"):
        acting.acknowledge(viewer, flags=[flag("Ben Cole")], now=now())


def test_of_two_flags_one_of_which_is_not_hers_neither_changes(district: District) -> None:
    with pytest.raises(NotAllowed):
        acting.acknowledge(TESS, flags=[flag("Ben Cole"), flag("Eve Lind")], now=now())
    assert stored(district, flag("Ben Cole")).state == "open"


@pytest.mark.parametrize(
    "act",
    [
        lambda: acting.acknowledge(TESS, flags=[flag("Ben Cole")], now=now()),
        lambda: acting.snooze(
            TESS,
            flags=[flag("Ben Cole")],
            until=TESS.today + timedelta(days=3),
            today=TESS.today,
            now=now(),
        ),
        lambda: acting.dismiss(
            TESS, flag=flag("Ben Cole"), reason="not so", today=TESS.today, now=now()
        ),
        lambda: acting.refer(TESS, flags=[flag("Ben Cole")], note="", now=now()),
    ],
    ids=["acknowledge", "snooze", "dismiss", "refer"],
)
def test_every_action_can_be_undone(district: District, act: Callable[[], None]) -> None:
    before = stored(district, flag("Ben Cole"))
    act()
    [done] = handled.handled_this_week(TESS, now=now())
    assert (done.name, done.can_undo) == ("Ben Cole", True)
    undoing.undo(TESS, flags=done.flags, now=now())
    assert stored(district, flag("Ben Cole")) == before
    assert handled.handled_this_week(TESS, now=now()) == ()
    assert "Ben Cole" in names(TESS)


def test_undoing_twice_goes_back_one_action_at_a_time(district: District) -> None:
    ben = flag("Ben Cole")
    acting.acknowledge(TESS, flags=[ben], now=now())
    acting.dismiss(TESS, flag=ben, reason="not so", today=TESS.today, now=now())
    undoing.undo(TESS, flags=[ben], now=now())
    assert stored(district, ben).state == "acknowledged"
    undoing.undo(TESS, flags=[ben], now=now())
    assert stored(district, ben).state == "open"
    with pytest.raises(acting.NotPossible, match="nothing of yours to undo"):
        undoing.undo(TESS, flags=[ben], now=now())


def test_what_somebody_else_did_since_can_not_be_undone(district: District) -> None:
    ben = flag("Ben Cole")
    acting.refer(TESS, flags=[ben], note="", now=now())
    acting.acknowledge(CARLA, flags=[ben], now=now())
    with pytest.raises(acting.NotPossible, match="nothing of yours to undo"):
        undoing.undo(TESS, flags=[ben], now=now())
    assert stored(district, ben).referred_to == CARLA.staff_id


def test_an_old_action_can_not_be_undone(district: District) -> None:
    acting.acknowledge(TESS, flags=[flag("Ben Cole")], now=now())
    with pytest.raises(acting.NotPossible, match="30 minutes"):
        undoing.undo(TESS, flags=[flag("Ben Cole")], now=now() + timedelta(minutes=31))


# -- A learner ----------------------------------------------------------------------------------


def test_a_learners_record_is_for_those_responsible_and_is_noted(district: District) -> None:
    refresh(district.jobs, now=now())
    found = learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=TESS.today)
    assert (found.name, found.school) == ("Ana Ruiz", "Elm Middle School")
    assert [one.title for one in found.classes] == ["Maths 7A", "Maths 7B"]
    assert found.scores["score"].tolist() == [0.75, 0.75]
    assert list(found.attendance["status"]) == ["present"] * 3
    assert found.weeks["value"].sum() > 0
    assert [(actor, subject) for actor, subject, _ in trail(district, "viewed learner")] == [
        (TESS.staff_id, cast.of("anonymous Ana Ruiz"))
    ]


@pytest.mark.parametrize("viewer", [OMAR, ZOE, ADAM, cast.viewer("Noor Aziz")])
def test_a_strangers_learner_stays_closed_and_leaves_no_line(
    district: District, viewer: Any
) -> None:
    with pytest.raises(NotAllowed, match="not responsible"):
        learner_record(viewer, learner_id=cast.of("Ana Ruiz"), today=viewer.today)
    assert trail(district, "viewed learner") == []


def test_work_that_never_came_is_missing(district: District) -> None:
    found = learner_record(TESS, learner_id=cast.of("Ben Cole"), today=TESS.today)
    assert found.scores["state"].tolist() == ["missing"]


def test_the_class_beside_a_learner_is_never_fewer_than_k(district: District) -> None:
    found = learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=TESS.today)
    assert found.scores["class_median"].isna().all()


def test_what_happens_after_today_is_not_told(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.AssessmentAttempt)
            .where(t.AssessmentAttempt.district_id == cast.LAKESIDE)
            .values(submitted_at=cast.NOW + timedelta(days=3))
        )
    found = learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=TESS.today)
    assert set(found.scores["state"]) == {"missing"}


@pytest.mark.parametrize(
    ("typed", "who"),
    [("Ana Ruiz", ["Ana Ruiz"]), ("ruiz, ana", ["Ana Ruiz"]), ("Ana", []), ("Eve Lind", [])],
)
def test_a_learner_is_found_by_her_full_name_among_ones_own(
    district: District, typed: str, who: list[str]
) -> None:
    assert [name for _, name in finding.find(TESS, typed=typed).learners] == who


def test_a_class_a_competency_and_a_course_are_found_by_a_part_of_their_names(
    district: District,
) -> None:
    assert [one.label for one in finding.find(TESS, typed="7a maths").classes] == ["Maths 7A"]
    found = finding.find(TESS, typed="6.RP.A.1").competencies
    assert [(one.code, one.class_label) for one in found] == [("6.RP.A.1", "Maths 7A")]
    assert finding.find(TESS, typed="mathematics").courses


def test_nothing_of_anothers_classes_is_found(district: District) -> None:
    assert not finding.find(TESS, typed="Maths 7C")
    assert not finding.find(cast.viewer("Carla Weiss"), typed="Maths 7A")


@pytest.mark.parametrize("typed", ["%", "_", "", "  ", "m", "'; DROP TABLE x; --", "x" * 5000])
def test_marks_that_mean_something_to_a_database_find_nothing(
    district: District, typed: str
) -> None:
    assert not finding.find(TESS, typed=typed)


# -- The class ----------------------------------------------------------------------------------


def test_the_map_orders_competencies_by_prerequisite_and_says_what_blocks(
    district: District,
) -> None:
    first, second, _ = cast.COMPETENCIES
    with district.jobs.begin() as db:
        db.execute(delete(t.Mastery))
        db.execute(insert(t.Mastery).values(estimate("Ana Ruiz", first, "struggling", 0.3)))
        db.execute(insert(t.Mastery).values(estimate("Ana Ruiz", second, "developing", 0.5)))
    found = mastery.mastery_map(TESS, class_id=cast.of("Maths 7A"))
    assert [one.code for one in found.competencies] == list(cast.COMPETENCIES)
    assert [name for _, name in found.learners] == ["Cole, Ben", "Ruiz, Ana"]
    cells = found.cells.set_index("competency")
    assert cells.loc[cast.COMPETENCIES[second], "blocked_by"] == first
    assert found.competencies[1].held_up_by == first


def test_the_map_of_somebody_elses_class_is_empty(district: District) -> None:
    found = mastery.mastery_map(TESS, class_id=cast.of("Maths 7C"))
    assert (found.learners, len(found.cells)) == ((), 0)


def test_scores_stand_in_for_a_course_without_competencies(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.ContentCompetency))
    assert mastery.mastery_map(TESS, class_id=cast.of("Maths 7A")).competencies == ()
    found = scores.score_map(TESS, class_id=cast.of("Maths 7A"))
    assert [work.title for work in found.work] == ["Ratios quiz"]
    assert found.cells.set_index("learner")["value"][cast.of("Ana Ruiz")] == pytest.approx(0.75)


def test_nothing_is_said_about_content_seen_by_fewer_than_k(district: District) -> None:
    refresh(district.jobs, now=now())
    found = worth_fixing_first(TESS, course_id=cast.COURSE)
    assert (found.worth, found.items, found.too_few) == ((), (), 1)


# -- The caseload -------------------------------------------------------------------------------


def test_a_counselor_sees_her_caseload_oldest_first(district: District) -> None:
    add_flag(district, "Dev Patel", "attendance", ABSENT, in_class=None, raised_on=date(2026, 2, 1))
    found = caseload.overdue_cases(CARLA, today=CARLA.today)
    assert found.learners == 3
    assert next(case.name for case in caseload.by_name(CARLA, found.cases)) == "Dev Patel"
    assert caseload.overdue_cases(cast.viewer("Noor Aziz"), today=CARLA.today).learners == 1


def test_snoozed_cases_wait_unless_asked_for(district: District) -> None:
    until = TESS.today + timedelta(days=7)
    acting.snooze(TESS, flags=[flag("Ben Cole")], until=until, today=TESS.today, now=now())
    cases = caseload.overdue_cases(CARLA, today=CARLA.today).cases
    waiting = caseload.matching(cases, school=None, rule=None, state=None)
    snoozed = caseload.matching(cases, school=None, rule=None, state="snoozed")
    assert (len(waiting), [case.learner_id for case in snoozed]) == (2, [cast.of("Ben Cole")])


# -- Cost and freshness -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "most"),
    [
        (lambda: my_classes(TESS), 2),
        (
            lambda: today.struggling_learners(
                TESS, classes=my_classes(TESS), today=TESS.today, now=now()
            ),
            12,
        ),
        (lambda: mastery.mastery_map(TESS, class_id=cast.of("Maths 7A")), 6),
        (lambda: worth_fixing_first(TESS, course_id=cast.COURSE), 7),
        (lambda: caseload.overdue_cases(CARLA, today=CARLA.today), 6),
        (lambda: data_as_of(TESS, classes=[cast.of("Maths 7A")]), 3),
        (
            lambda: learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=TESS.today),
            22,
        ),
    ],
    ids=["classes", "today", "mastery", "content", "caseload", "freshness", "learner"],
)
def test_a_page_asks_few_questions(
    district: District, question: Callable[[], object], most: int
) -> None:
    add_flag(district, "Ben Cole", "missing_work", MISSING)
    question()  # the first look at a list also adds a row to the audit trail
    with counted(district) as statements:
        question()
    assert len(statements) <= most


def test_the_page_learns_of_new_state_in_its_own_classes_only(district: District) -> None:
    refresh(district.jobs, now=now())
    mine, theirs = [cast.of("Maths 7A")], [cast.of("Maths 7C")]
    before = (
        data_as_of(TESS, classes=mine).changed_at,
        data_as_of(OMAR, classes=theirs).changed_at,
    )
    with district.jobs.begin() as db:
        db.execute(
            insert(t.LearningInteraction).values(
                district_id=cast.LAKESIDE,
                class_id=cast.of("Maths 7A"),
                learner_id=cast.of("Ana Ruiz"),
                occurred_at=cast.NOW,
                interaction_id=cast.of("a new answer"),
                type="content_view",
                outcome="successful",
            )
        )
    refresh(district.jobs, now=now())
    assert data_as_of(TESS, classes=mine).changed_at != before[0]
    assert data_as_of(OMAR, classes=theirs).changed_at == before[1]


def test_every_action_is_in_the_trail_by_the_anonymous_identifier(district: District) -> None:
    acting.acknowledge(TESS, flags=[flag("Ben Cole")], now=now())
    with district.jobs.begin() as db:
        found = db.scalar(select(func.count()).where(t.AuditEntry.subject == cast.of("Ben Cole")))
    assert found == 0
    assert len(trail(district, "flag acknowledged")) == 1
