"""The state that pages read is what the rows say: after a rebuild, and after every new row."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, create_engine, text

import privacy
from analytics.items import UPPER_SHARE
from db.refresh import RefreshReport, assessments, refresh
from db.refresh.upkeep import prepare
from db.refresh.watermark import places
from tests import cast
from tests.conftest import District

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)
ELM = cast.of("Elm Middle School")
MATHS_7A = cast.class_id("Maths 7A")
COUNTED = [cast.COMPETENCIES["6.RP.A.1"], cast.COMPETENCIES["6.RP.A.2"]]
STATE: Mapping[str, str] = {
    "activity_days": "class_id, learner_id, on_date, clicks, seconds, help_requests, answers, "
    "right_answers",
    "mastery": "learner_id, competency_id, probability, low, high, next_right, label, evidence, "
    "credit, bloom_level, first_answer_at, last_answer_at, mastered_at, minutes_to_mastery, "
    "model_state::text",
    "learner_knowledge": "learner_id, model_version, overall::text, last_answer_at",
    "enrollment_state": "to_jsonb(t) - 'updated_at'",
    "section_state": "to_jsonb(t) - 'updated_at'",
    "assessment_state": "to_jsonb(t) - 'updated_at'",
    "school_grade_state": "to_jsonb(t) - 'updated_at'",
}
LATEST = "WHERE as_of = chalkline.today(district_id)"


@pytest.fixture
def db(district: District) -> Iterator[Connection]:
    """A job's connection that commits each statement."""
    engine = district.jobs.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _do(db: Connection, sql: str, **values: Any) -> Any:
    return db.execute(text(sql), values)


def _add(db: Connection, table: str, **values: Any) -> None:
    columns = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    _do(db, f"INSERT INTO chalkline.{table} ({columns}) VALUES ({marks})", **values)


def _refresh(district: District, **how: Any) -> RefreshReport:
    return refresh(district.jobs, now=how.pop("now", NOW), **how)


def _one(db: Connection, table: str, **where: Any) -> Any:
    test = " AND ".join(f"{name} = :{name}" for name in where)
    return _do(db, f"SELECT * FROM chalkline.{table} WHERE {test}", **where).one()


def _state(db: Connection, name: str, class_name: str = "Maths 7A", district: int = 1) -> Any:
    return _one(
        db,
        "enrollment_state",
        district_id=district,
        learner_id=cast.of(name),
        class_id=cast.class_id(class_name),
    )


def _everything(db: Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All state as comparable rows; of flags and notices what is open, of schools the last day."""
    found = {
        table: sorted(
            tuple(map(str, row))
            for row in _do(
                db,
                f"SELECT {what} FROM chalkline.{table} t "
                f"{LATEST if table == 'school_grade_state' else ''}",
            )
        )
        for table, what in STATE.items()
    }
    found["flags"] = sorted(
        tuple(map(str, row))
        for row in _do(
            db,
            "SELECT district_id, learner_id, class_id, rule, severity, evidence::text, seen_on "
            "FROM chalkline.flags WHERE origin = 'rule' AND closed_on IS NULL",
        )
    )
    found["class_notices"] = sorted(
        tuple(map(str, row))
        for row in _do(
            db,
            "SELECT class_id, competency_id, learners, struggling, seen_on "
            "FROM chalkline.class_notices WHERE closed_on IS NULL",
        )
    )
    return found


def _click(
    db: Connection, name: str, when: datetime, *, clicks: int = 1, district: int = 1
) -> None:
    learner = cast.LEARNERS[name]
    _add(
        db,
        "learning_interactions",
        district_id=district,
        occurred_at=when,
        interaction_id=uuid4(),
        learner_id=cast.of(name),
        class_id=cast.class_id(learner[2][0]),
        type="content_view",
        outcome="successful",
        clicks=clicks,
        duration_seconds=60,
    )


def _at(days_ago: int) -> datetime:
    return datetime(2026, 3, 20, 10, tzinfo=UTC) - timedelta(days=days_ago)


def _learner(db: Connection, class_name: str = "Maths 7A", *, since: date = cast.STARTED) -> UUID:
    """A new learner of Elm in a class."""
    learner = uuid4()
    _add(
        db,
        "learners",
        district_id=1,
        learner_id=learner,
        school_id=ELM,
        grade_level=7,
        academic_level="middle",
    )
    _add(
        db,
        "enrollments",
        district_id=1,
        learner_id=learner,
        class_id=cast.class_id(class_name),
        enrolled_on=since,
    )
    return learner


def _work(db: Connection, due: date, *, weight: float = 10, class_name: str = "Maths 7A") -> UUID:
    """A piece of work set for a class."""
    assessment = uuid4()
    _add(
        db,
        "assessments",
        district_id=1,
        assessment_id=assessment,
        course_id=cast.COURSE,
        term_id=cast.of("1 2026"),
        title="Homework",
        type="formative",
        format="short_answer",
        weight=weight,
    )
    _add(
        db,
        "class_assessments",
        district_id=1,
        class_id=cast.class_id(class_name),
        assessment_id=assessment,
        due_on=due,
    )
    return assessment


def _hand_in(
    db: Connection, learner: UUID, assessment: UUID, when: datetime | None, **more: Any
) -> UUID:
    attempt = uuid4()
    values = {
        "district_id": 1,
        "attempt_id": attempt,
        "class_id": MATHS_7A,
        "learner_id": learner,
        "assessment_id": assessment,
        "submitted_at": when,
        "percent": 80,
    }
    _add(db, "assessment_attempts", **(values | more))
    return attempt


def _items(db: Connection, assessment: UUID, count: int, competency: UUID) -> list[UUID]:
    items = [uuid4() for _ in range(count)]
    for position, item in enumerate(items, start=1):
        _add(
            db,
            "assessment_items",
            district_id=1,
            item_id=item,
            assessment_id=assessment,
            position=position,
            stem="?",
        )
        _add(db, "item_competencies", district_id=1, item_id=item, competency_id=competency)
    return items


def _answer(
    db: Connection, learner: UUID, item: UUID, attempt: UUID, when: datetime, credit: float
) -> None:
    _add(
        db,
        "item_responses",
        district_id=1,
        class_id=MATHS_7A,
        learner_id=learner,
        item_id=item,
        attempt_id=attempt,
        answered_at=when,
        credit=credit,
        seconds=30,
        answer="A" if credit else "B",
    )


def _quiz(db: Connection, answers: Mapping[UUID, list[float]], competency: UUID) -> UUID:
    """A quiz of Maths 7A, handed in eight days ago, each learner with her credits."""
    quiz = _work(db, date(2026, 3, 13))
    items = _items(db, quiz, max(map(len, answers.values())), competency)
    for learner, credits_ in answers.items():
        attempt = _hand_in(db, learner, quiz, _at(8))
        for item, credit in zip(items, credits_, strict=False):
            _answer(db, learner, item, attempt, _at(8), credit)
    return quiz


def _clock(db: Connection, day: date, district: int = 1) -> None:
    _do(
        db,
        "UPDATE chalkline.institutions SET clock_on = :day "
        "WHERE district_id = :district AND kind = 'district'",
        day=day,
        district=district,
    )


# -- New rows, and only they -----------------------------------------------------------------


def test_a_new_row_shows_after_the_next_refresh(district: District, db: Connection) -> None:
    _refresh(district)
    before = _state(db, "Ana Ruiz").clicks_28
    _click(db, "Ana Ruiz", _at(0), clicks=5)
    report = _refresh(district)
    assert [(d.district_id, d.whole, d.classes) for d in report.districts] == [(1, False, 1)]
    assert _state(db, "Ana Ruiz").clicks_28 == before + 5
    assert _state(db, "Ana Ruiz").last_active_on == cast.TODAY


def test_a_refresh_without_news_writes_nothing(district: District, db: Connection) -> None:
    _refresh(district)
    before = _do(db, "SELECT seen, updated_at FROM chalkline.watermarks ORDER BY 1").all()
    assert _refresh(district, now=NOW + timedelta(seconds=59)).districts == ()
    assert _do(db, "SELECT seen, updated_at FROM chalkline.watermarks ORDER BY 1").all() == before


def test_rebuilding_twice_changes_nothing(district: District, db: Connection) -> None:
    _refresh(district)
    before = _everything(db)
    report = _refresh(district, full=True, now=NOW + timedelta(hours=1))
    assert [(d.whole, d.rows, d.version) for d in report.districts] == [(True, 0, 1), (True, 0, 1)]
    assert _everything(db) == before


def test_news_in_one_district_cost_another_nothing(district: District, db: Connection) -> None:
    _refresh(district)
    _click(db, "Yan Zhou", _at(1), district=2)
    assert [d.district_id for d in _refresh(district).districts] == [2]
    versions = _do(db, "SELECT district_id, version FROM chalkline.watermarks ORDER BY 1").all()
    assert [tuple(row) for row in versions] == [(1, 1), (2, 2)]


def test_rows_of_a_transaction_that_outlived_a_refresh_are_found_by_the_next(
    district: District, db: Connection
) -> None:
    """Its number is lower than those already seen: a watermark of the highest number misses it."""
    _refresh(district)
    slow = create_engine(district.super_url)
    with slow.connect() as writer:
        old = writer.scalar(text("SELECT pg_current_xact_id()::text::bigint"))
        _click(writer, "Ben Cole", _at(0), clicks=7)
        _click(db, "Ana Ruiz", _at(0), clicks=5)
        _refresh(district)
        newer = _do(db, "SELECT max(ingest_xid) FROM chalkline.learning_interactions").scalar()
        assert newer > old
        assert _state(db, "Ben Cole").last_active_on != cast.TODAY
        writer.commit()
    slow.dispose()
    assert len(_refresh(district).districts) == 1
    assert _state(db, "Ben Cole").last_active_on == cast.TODAY
    assert _refresh(district).districts == ()


def test_a_row_is_worked_on_once_while_an_old_transaction_stays_open(
    district: District, db: Connection
) -> None:
    slow = create_engine(district.super_url)
    with slow.connect() as writer:
        writer.execute(text("SELECT pg_current_xact_id()"))
        _refresh(district)
        _click(db, "Ana Ruiz", _at(0))
        assert len(_refresh(district).districts) == 1
        assert _refresh(district).districts == ()
    slow.dispose()


def test_a_database_restored_into_another_cluster_is_rebuilt_and_then_quiet(
    district: District, db: Connection
) -> None:
    """There, transactions are counted anew; rows keep the numbers of the old cluster."""
    _refresh(district)
    _do(db, "UPDATE chalkline.watermarks SET seen = '77/' || split_part(seen, '/', 2)")
    _do(db, "UPDATE chalkline.attendance SET ingest_xid = 1000000000000")
    assert [d.whole for d in _refresh(district).districts] == [True, True]
    assert _refresh(district).districts == ()
    _click(db, "Ana Ruiz", _at(0))
    assert [d.whole for d in _refresh(district).districts] == [False]


def test_a_refresh_that_is_killed_has_changed_nothing_and_the_next_one_makes_it_all(
    district: District, db: Connection
) -> None:
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, district.owner_url],
        cwd=Path(__file__).parents[1],
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert child.returncode == -signal.SIGKILL
    assert not _do(db, "SELECT FROM chalkline.activity_days").all()
    assert not _do(db, "SELECT FROM chalkline.watermarks").all()
    _refresh(district)
    after = _everything(db)
    assert after["activity_days"]
    _forget(db)
    _refresh(district)
    assert _everything(db) == after


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from db.engine import jobs
from db.refresh import refresh
def progress(what, done, of):
    if what == "classes":
        os.kill(os.getpid(), signal.SIGKILL)
refresh(jobs(sys.argv[1]), now=datetime.now(UTC), progress=progress)
"""


def _forget(db: Connection) -> None:
    """Takes all state away, flags aside: they are history."""
    for table in STATE:
        _do(db, f"DELETE FROM chalkline.{table}")
    _do(db, "DELETE FROM chalkline.watermarks")


@pytest.mark.parametrize("seed", range(6))
def test_after_any_edits_the_state_is_that_of_a_rebuild(
    district: District, db: Connection, seed: int
) -> None:
    """New answers, clicks, marks, absences, some of them dated ahead, as the clock moves on."""
    chance = random.Random(seed)
    learners = [cast.of("Ana Ruiz"), cast.of("Ben Cole"), *(_learner(db) for _ in range(6))]
    works = [_work(db, date(2026, 2, 20) + timedelta(days=4 * n)) for n in range(9)]
    items = {work: _items(db, work, 3, chance.choice(COUNTED)) for work in works}
    day = cast.TODAY
    attempts: dict[tuple[UUID, UUID], UUID] = {}
    _refresh(district)
    for _ in range(12):
        for _ in range(chance.randint(1, 12)):
            _edit(db, chance, learners, items, attempts, day)
        if chance.random() < 0.4:
            day += timedelta(days=chance.randint(1, 9))
            _clock(db, day)
        _refresh(district)
    grown = _everything(db)
    _forget(db)
    _refresh(district)
    rebuilt = _everything(db)
    for table, rows in grown.items():
        assert rows == rebuilt[table], table


def _edit(
    db: Connection,
    chance: random.Random,
    learners: list[UUID],
    items: Mapping[UUID, list[UUID]],
    attempts: dict[tuple[UUID, UUID], UUID],
    day: date,
) -> None:
    learner = chance.choice(learners)
    when = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + timedelta(
        days=chance.randint(-30, 12), minutes=chance.randint(0, 600)
    )
    match chance.randint(1, 4):
        case 1:
            _add(
                db,
                "learning_interactions",
                district_id=1,
                occurred_at=min(when, datetime(2026, 6, 1, tzinfo=UTC)),
                interaction_id=uuid4(),
                learner_id=learner,
                class_id=MATHS_7A,
                type=chance.choice(["content_view", "help_request"]),
                outcome="successful",
                clicks=chance.randint(1, 9),
            )
        case 2:
            work = chance.choice(list(items))
            attempt = attempts.get((learner, work))
            if attempt is None:
                attempt = _hand_in(db, learner, work, when, percent=chance.randint(0, 100))
                attempts[learner, work] = attempt
            item = chance.choice(items[work])
            _do(
                db,
                "INSERT INTO chalkline.item_responses (district_id, class_id, learner_id, item_id,"
                " attempt_id, answered_at, credit, answer) VALUES (1, :class_id, :learner, :item,"
                " :attempt, :at, :credit, 'C') ON CONFLICT DO NOTHING",
                class_id=MATHS_7A,
                learner=learner,
                item=item,
                attempt=attempt,
                at=when,
                credit=chance.choice([0, 0, 0, 0.5, 1]),
            )
        case 3:
            _do(
                db,
                "INSERT INTO chalkline.attendance (district_id, learner_id, on_date, school_id, "
                "status) VALUES (1, :learner, :day, :school, :status) ON CONFLICT DO NOTHING",
                learner=learner,
                day=when.date(),
                school=ELM,
                status=chance.choice(["present", "absent", "excused"]),
            )
        case _:
            _do(
                db,
                "INSERT INTO chalkline.section_progress AS p (district_id, class_id, learner_id, "
                "section_id, status, first_opened_at, last_opened_at, completed_at, seconds_spent,"
                " comprehension) VALUES (1, :class_id, :learner, :section, 'completed', :at, :at,"
                " :at, :seconds, 0.5) ON CONFLICT (district_id, class_id, learner_id, section_id) "
                "DO UPDATE SET completed_at = excluded.completed_at, "
                "last_opened_at = excluded.last_opened_at, ingest_xid = excluded.ingest_xid",
                class_id=MATHS_7A,
                learner=learner,
                section=chance.choice(list(cast.SECTIONS.values())),
                at=when,
                seconds=chance.randint(60, 4000),
            )


# -- Only what was known by the day -----------------------------------------------------------


def test_rows_dated_after_today_do_not_show_until_their_day(
    district: District, db: Connection
) -> None:
    work = _work(db, date(2026, 3, 22))
    items = _items(db, work, 6, COUNTED[1])
    attempt = _hand_in(db, cast.of("Ana Ruiz"), work, _at(-3))
    for item in items:
        _answer(db, cast.of("Ana Ruiz"), item, attempt, _at(-3), 1)
    _click(db, "Ana Ruiz", _at(-3))
    _refresh(district)
    before = _state(db, "Ana Ruiz")
    assert (before.work_due, before.last_active_on) == (1, date(2026, 3, 13))
    assert not _do(
        db, "SELECT FROM chalkline.activity_days WHERE on_date > :today", today=cast.TODAY
    ).all()
    assert not _do(db, "SELECT FROM chalkline.mastery WHERE competency_id = :c", c=COUNTED[1]).all()
    assert _one(db, "assessment_state", assessment_id=work).submitted == 0
    _clock(db, date(2026, 3, 23))
    assert [d.whole for d in _refresh(district).districts] == [False]
    after = _state(db, "Ana Ruiz")
    assert (after.work_due, after.last_active_on) == (2, date(2026, 3, 23))
    assert _one(db, "mastery", competency_id=COUNTED[1]).evidence == 6
    assert _one(db, "assessment_state", assessment_id=work).complete == 1


def test_a_mark_given_later_is_not_a_score_yet(district: District, db: Connection) -> None:
    learner = _learner(db)
    _hand_in(db, learner, _work(db, date(2026, 3, 12)), _at(9), percent=20, marked_at=_at(-2))
    _refresh(district)
    row = _one(db, "enrollment_state", learner_id=learner)
    assert (row.score_mean, row.work_missing) == (None, 1)  # the cast's quiz; this one came in
    _clock(db, date(2026, 3, 22))
    _refresh(district)
    assert _one(db, "enrollment_state", learner_id=learner).score_mean == 20


def test_a_clock_set_back_takes_back_what_came_later(district: District, db: Connection) -> None:
    _refresh(district)
    _clock(db, date(2026, 3, 10))
    assert next(d.whole for d in _refresh(district).districts if d.district_id == 1)
    assert _state(db, "Ana Ruiz").last_active_on == date(2026, 3, 8)
    assert _state(db, "Ana Ruiz").as_of == date(2026, 3, 10)


def test_a_class_that_has_ended_keeps_its_last_day(district: District, db: Connection) -> None:
    _refresh(district)
    _clock(db, date(2026, 6, 20))
    _refresh(district)
    assert _state(db, "Ana Ruiz").as_of == cast.ENDS
    stamp = _state(db, "Ana Ruiz").updated_at
    _clock(db, date(2026, 6, 25))
    _refresh(district, now=NOW + timedelta(days=1))
    assert _state(db, "Ana Ruiz").updated_at == stamp


def test_the_districts_own_midnight_divides_the_days(district: District, db: Connection) -> None:
    _do(db, "UPDATE chalkline.institutions SET timezone = 'America/Los_Angeles'")
    _click(db, "Ana Ruiz", datetime(2026, 3, 21, 5, tzinfo=UTC))  # 22:00 on the 20th there
    _refresh(district)
    assert _state(db, "Ana Ruiz").last_active_on == cast.TODAY


# -- Work ---------------------------------------------------------------------------------------


def test_zero_weight_work_is_ignored_where_other_work_carries_weight(
    district: District, db: Connection
) -> None:
    _do(db, "UPDATE chalkline.assessments SET weight = 0")
    learner = _learner(db)
    _work(db, date(2026, 3, 2), weight=0)
    _refresh(district)
    assert _one(db, "enrollment_state", learner_id=learner).work_due == 2
    heavy = _work(db, date(2026, 3, 3), weight=20)
    _hand_in(db, learner, heavy, _at(20))
    _refresh(district)
    row = _one(db, "enrollment_state", learner_id=learner)
    assert (row.work_due, row.work_missing) == (1, 0)
    assert not _do(
        db, "SELECT FROM chalkline.flags WHERE rule = 'missing_work' AND closed_on IS NULL"
    ).all()


def test_banked_work_counts_as_handed_in(district: District, db: Connection) -> None:
    learner = _learner(db)
    _hand_in(db, learner, _work(db, date(2026, 3, 2)), None, banked=True)
    _refresh(district)
    row = _one(db, "enrollment_state", learner_id=learner)
    assert (row.work_due, row.work_missing, row.missing_since) == (2, 1, date(2026, 3, 10))


def test_work_due_before_a_learner_joined_is_not_hers(district: District, db: Connection) -> None:
    learner = _learner(db, since=date(2026, 3, 11))
    _refresh(district)
    assert _one(db, "enrollment_state", learner_id=learner).work_due == 0


def test_work_is_late_and_not_missing_within_the_days_of_grace(
    district: District, db: Connection
) -> None:
    learner = _learner(db, since=date(2026, 3, 15))
    _work(db, date(2026, 3, 18))
    _refresh(district)
    assert _one(db, "enrollment_state", learner_id=learner).work_missing == 0
    _clock(db, date(2026, 3, 21))
    _refresh(district)
    assert _one(db, "enrollment_state", learner_id=learner).work_missing == 1


def test_scores_are_weighted_and_ranked_within_the_class(
    district: District, db: Connection
) -> None:
    _do(db, "UPDATE chalkline.assessments SET weight = 0")
    one, two, three = (_learner(db) for _ in range(3))
    light, heavy = _work(db, date(2026, 3, 2), weight=10), _work(db, date(2026, 3, 3), weight=30)
    for learner, marks in ((one, (40, 80)), (two, (100, 100)), (three, (0, 20))):
        _hand_in(db, learner, light, _at(20), percent=marks[0])
        _hand_in(db, learner, heavy, _at(18), percent=marks[1])
    _refresh(district)
    rows = {
        learner: _one(db, "enrollment_state", learner_id=learner) for learner in (one, two, three)
    }
    assert [rows[one].score_mean, rows[one].score_recent] == [70, 80]
    assert [rows[learner].score_percentile for learner in (three, one, two)] == [0, 0.5, 1]


# -- What pages read about content ------------------------------------------------------------


def test_assessment_sums_are_those_of_the_answers(district: District, db: Connection) -> None:
    credit = {
        _learner(db): [1, 1, 1, 0],
        _learner(db): [1, 0.5, 0, 0],
        _learner(db): [0, 1, 1, 1],
        _learner(db): [1, 1, 1],  # one item left out: not complete
    }
    quiz = _quiz(db, {who: [float(c) for c in given] for who, given in credit.items()}, COUNTED[0])
    _refresh(district)
    row = _one(db, "assessment_state", assessment_id=quiz)
    whole = [given for given in credit.values() if len(given) == 4]
    totals = [sum(given) for given in whole]
    assert (row.submitted, row.complete) == (4, 3)
    assert (row.sum_total, row.sum_total_squared) == (sum(totals), sum(t * t for t in totals))
    columns = list(zip(*whole, strict=True))
    assert row.item_sum == [sum(column) for column in columns]
    assert row.item_sum_squared == [sum(c * c for c in column) for column in columns]
    assert row.item_sum_product == [
        sum(c * t for c, t in zip(column, totals, strict=True)) for column in columns
    ]
    assert (row.item_upper, row.item_lower) == ([1] * 4, [1] * 4)
    assert row.item_lower_right == [1, 0.5, 0, 0]
    assert row.item_options[str(row.items[3])] == {"A": 1, "B": 2}


def test_only_the_first_attempt_counts_for_items(district: District, db: Connection) -> None:
    learner = _learner(db)
    quiz = _quiz(db, {learner: [0.0, 0.0]}, COUNTED[0])
    again = _hand_in(db, learner, quiz, _at(4), attempt_number=2, percent=100)
    item = _one(db, "assessment_items", assessment_id=quiz, position=1).item_id
    _answer(db, learner, item, again, _at(4), 1)
    _refresh(district)
    row = _one(db, "assessment_state", assessment_id=quiz)
    assert (row.submitted, row.sum_total, row.sum_percent) == (1, 0, 80)


def test_statistics_of_a_paper_are_made_without_a_look_at_all_learners_for_each_answer(
    district: District, db: Connection
) -> None:
    """The planner takes the answers for a handful: a new day of 1,200 learners once took 214 s."""
    learners, asked = 25, 12
    _quiz(db, {_learner(db): [n % 2] * asked for n in range(learners)}, COUNTED[0])
    papers = _do(db, "SELECT class_id, assessment_id FROM chalkline.class_assessments").all()
    given = {
        "share": UPPER_SHARE,
        "paper_classes": [row.class_id for row in papers],
        "papers": [row.assessment_id for row in papers],
    }
    with district.jobs.begin() as connection:
        place = places(connection, [1])[0]
        prepare(connection)
        plan = connection.scalar(
            text(f"EXPLAIN (ANALYZE, FORMAT JSON) {assessments.FRESH}"),
            place.parameters(NOW) | given,
        )
    assert max(_times_read(plan[0]["Plan"])) < learners * asked


def _times_read(node: Mapping[str, Any]) -> Iterator[int]:
    """How often a plan went through each of its intermediate results."""
    if node["Node Type"] == "CTE Scan":
        yield int(node["Actual Loops"])
    for child in node.get("Plans", ()):
        yield from _times_read(child)


def test_section_sums_are_those_of_the_learners_still_enrolled(
    district: District, db: Connection
) -> None:
    _refresh(district)
    row = _one(
        db,
        "section_state",
        district_id=1,
        class_id=MATHS_7A,
        section_id=cast.SECTIONS["Ratios"],
    )
    assert (row.learners, row.started, row.completed) == (2, 2, 2)  # Gia has left
    assert (row.sum_minutes, row.sum_minutes_squared, row.median_minutes) == (60, 1800, 30)
    untouched = _one(
        db,
        "section_state",
        district_id=1,
        class_id=MATHS_7A,
        section_id=cast.SECTIONS["Unit rates"],
    )
    assert (untouched.learners, untouched.started) == (2, 0)


# -- Flags --------------------------------------------------------------------------------------


def _flags(db: Connection, learner: UUID, rule: str) -> list[Any]:
    return list(
        _do(
            db,
            "SELECT * FROM chalkline.flags WHERE learner_id = :learner AND rule = :rule "
            "AND origin = 'rule' ORDER BY raised_on, updated_at",
            learner=learner,
            rule=rule,
        )
    )


def _events(db: Connection, flag: UUID) -> list[str]:
    return list(
        _do(
            db,
            "SELECT action FROM chalkline.flag_events WHERE flag_id = :flag ORDER BY at",
            flag=flag,
        ).scalars()
    )


def _owing(db: Connection) -> tuple[UUID, list[UUID]]:
    """A learner who owes three pieces of work, the cast's quiz among them."""
    return _learner(db), [_work(db, date(2026, 3, 2)), _work(db, date(2026, 3, 9)), cast.QUIZ]


def test_a_flag_is_raised_once_and_resolved_when_its_evidence_clears(
    district: District, db: Connection
) -> None:
    learner, works = _owing(db)
    _refresh(district)
    _refresh(district, full=True)
    (flag,) = _flags(db, learner, "missing_work")
    assert flag.evidence == {"missing": 3, "due": 3, "since": "2026-03-02", "to_clear": 2}
    _hand_in(db, learner, works[0], _at(0))
    _refresh(district)
    (flag,) = _flags(db, learner, "missing_work")
    assert flag.evidence == {"missing": 2, "due": 2, "since": "2026-03-09", "to_clear": 1}
    _hand_in(db, learner, works[1], _at(0))
    _refresh(district, now=NOW + timedelta(minutes=1))
    (flag,) = _flags(db, learner, "missing_work")
    assert (flag.state, flag.outcome) == ("resolved", "the evidence cleared")
    assert _events(db, flag.flag_id) == ["raised", "resolved"]


def test_a_snoozed_flag_wakes_on_its_day(district: District, db: Connection) -> None:
    learner, _ = _owing(db)
    _refresh(district)
    _do(
        db,
        "UPDATE chalkline.flags SET state = 'snoozed', snoozed_until = '2026-03-24' "
        "WHERE learner_id = :learner",
        learner=learner,
    )
    _clock(db, date(2026, 3, 23))
    _refresh(district)
    assert _flags(db, learner, "missing_work")[0].state == "snoozed"
    _clock(db, date(2026, 3, 24))
    _refresh(district, now=NOW + timedelta(days=4))
    (flag,) = _flags(db, learner, "missing_work")
    assert (flag.state, flag.seen_on) == ("open", date(2026, 3, 24))
    assert _events(db, flag.flag_id) == ["raised", "reopened"]


def test_a_dismissed_flag_stays_away_for_four_weeks(district: District, db: Connection) -> None:
    learner, _ = _owing(db)
    _refresh(district)
    _do(
        db,
        "UPDATE chalkline.flags SET state = 'dismissed', closed_on = '2026-03-20', "
        "outcome = 'was ill' WHERE learner_id = :learner",
        learner=learner,
    )
    _clock(db, date(2026, 4, 16))
    _refresh(district)
    assert len(_flags(db, learner, "missing_work")) == 1
    _clock(db, date(2026, 4, 17))
    _refresh(district)
    assert [f.state for f in _flags(db, learner, "missing_work")] == ["dismissed", "open"]


def test_a_dismissed_flag_returns_when_the_evidence_is_much_worse(
    district: District, db: Connection
) -> None:
    learner, _ = _owing(db)
    _refresh(district)
    _do(
        db,
        "UPDATE chalkline.flags SET state = 'dismissed', closed_on = '2026-03-20', "
        "outcome = 'was ill', severity = severity - 0.2 WHERE learner_id = :learner",
        learner=learner,
    )
    _refresh(district, full=True)
    assert [f.state for f in _flags(db, learner, "missing_work")] == ["dismissed", "open"]


def test_data_does_not_close_a_flag_that_a_person_has_in_hand(
    district: District, db: Connection
) -> None:
    learner, works = _owing(db)
    _refresh(district)
    _do(
        db,
        "UPDATE chalkline.flags SET state = 'referred', referred_to = :to WHERE learner_id = :who",
        to=cast.of("Carla Weiss"),
        who=learner,
    )
    for work in works:
        _hand_in(db, learner, work, _at(0))
    _refresh(district)
    assert _flags(db, learner, "missing_work")[0].state == "referred"


def test_a_learner_who_leaves_has_no_flags(district: District, db: Connection) -> None:
    learner, _ = _owing(db)
    _refresh(district)
    _do(
        db,
        "UPDATE chalkline.enrollments SET status = 'withdrawn', left_on = '2026-03-21' "
        "WHERE learner_id = :learner",
        learner=learner,
    )
    _clock(db, date(2026, 3, 21))
    _refresh(district)
    (flag,) = _flags(db, learner, "missing_work")
    assert (flag.state, flag.outcome) == ("resolved", "the learner has left the class")
    assert not _one(db, "enrollment_state", learner_id=learner).enrolled


def test_flags_close_with_their_class(district: District, db: Connection) -> None:
    learner, _ = _owing(db)
    _work(db, date(2026, 6, 1))
    _work(db, date(2026, 6, 2))
    _clock(db, date(2026, 6, 12))
    _refresh(district)
    assert _flags(db, learner, "missing_work")[0].state == "open"
    _clock(db, date(2026, 6, 13))
    _refresh(district)
    assert _flags(db, learner, "missing_work")[0].outcome == "the class has ended"


def test_attendance_raises_one_flag_for_a_learner_in_two_classes(
    district: District, db: Connection
) -> None:
    _refresh(district)
    for day in (4, 5, 6):
        _add(
            db,
            "attendance",
            district_id=1,
            learner_id=cast.of("Ana Ruiz"),
            on_date=cast.TODAY - timedelta(days=day),
            school_id=ELM,
            status="absent",
        )
    _refresh(district)
    (flag,) = _flags(db, cast.of("Ana Ruiz"), "attendance")
    assert flag.class_id is None
    assert (flag.evidence["absent"], flag.evidence["days"]) == (3, 6)
    assert _state(db, "Ana Ruiz", "Maths 7B").days_absent_28 == 3


def _active(db: Connection, learner: UUID, days: range) -> None:
    for day in days:
        _add(
            db,
            "learning_interactions",
            district_id=1,
            occurred_at=_at(day),
            interaction_id=uuid4(),
            learner_id=learner,
            class_id=MATHS_7A,
            type="content_view",
            outcome="successful",
        )


def test_a_learner_silent_in_an_active_class_is_flagged(district: District, db: Connection) -> None:
    classmates = [_learner(db) for _ in range(5)]
    for learner in classmates[:4]:
        _active(db, learner, range(1, 50, 2))
    _active(db, classmates[4], range(14, 50, 2))
    _refresh(district)
    (flag,) = _flags(db, classmates[4], "falling_activity")
    assert (flag.evidence["kind"], flag.evidence["last_on"]) == ("silent", "2026-03-06")
    assert not _flags(db, classmates[0], "falling_activity")


def test_a_holiday_flags_nobody(district: District, db: Connection) -> None:
    """The same silence, but of the whole class."""
    classmates = [_learner(db) for _ in range(5)]
    for learner in classmates:
        _active(db, learner, range(14, 50, 2))
    _refresh(district)
    assert not _do(db, "SELECT FROM chalkline.flags WHERE rule = 'falling_activity'").all()


# -- Mastery, and a whole class that struggles ------------------------------------------------


def test_few_struggling_learners_get_flags_of_their_own(district: District, db: Connection) -> None:
    learners = [_learner(db) for _ in range(10)]  # with Ana and Ben a class of 12
    answers = {who: [0.0] * 8 if n < 3 else [1.0] * 8 for n, who in enumerate(learners)}
    _quiz(db, answers, COUNTED[0])
    _refresh(district)
    assert not _do(db, "SELECT FROM chalkline.class_notices").all()
    (flag,) = _flags(db, learners[0], "low_mastery")
    assert [c["code"] for c in flag.evidence["competencies"]] == ["6.RP.A.1"]
    assert not _flags(db, learners[5], "low_mastery")


def test_a_third_of_a_class_struggling_is_one_notice_instead_of_flags(
    district: District, db: Connection
) -> None:
    learners = [_learner(db) for _ in range(10)]
    answers = {who: [0.0] * 8 if n < 4 else [1.0] * 8 for n, who in enumerate(learners)}
    quiz = _quiz(db, answers, COUNTED[0])
    _refresh(district)
    _refresh(district, full=True)
    notice = _one(db, "class_notices", district_id=1)
    assert (notice.learners, notice.struggling, notice.closed_on) == (12, 4, None)
    assert not _do(db, "SELECT FROM chalkline.flags WHERE rule = 'low_mastery'").all()
    assert _one(db, "enrollment_state", learner_id=learners[0]).low_competencies == [COUNTED[0]]
    attempt = _one(db, "assessment_attempts", assessment_id=quiz, learner_id=learners[0])
    more = _work(db, date(2026, 3, 20))
    for item in _items(db, more, 12, COUNTED[0]):
        _answer(db, learners[0], item, attempt.attempt_id, _at(0), 1)
    _refresh(district)
    assert _one(db, "class_notices", district_id=1).closed_on == cast.TODAY
    assert _flags(db, learners[1], "low_mastery")


def test_a_class_notice_is_seen_by_the_teachers_of_the_class_alone(
    district: District, db: Connection
) -> None:
    learners = [_learner(db) for _ in range(10)]
    _quiz(db, {who: [0.0] * 8 for who in learners}, COUNTED[0])
    _refresh(district)
    looks = "SELECT count(*) FROM chalkline.class_notices"
    seen = {}
    for name in ("Tess Moran", "Omar Haddad", "Zoe Quist"):
        with privacy.session(cast.viewer(name)) as page:
            seen[name] = page.scalar(text(looks))
    assert seen == {"Tess Moran": 1, "Omar Haddad": 0, "Zoe Quist": 0}
    for name in ("Carla Weiss", "Adam Price"):
        with (
            pytest.raises(Exception, match="permission denied"),
            privacy.session(cast.viewer(name)) as page,
        ):
            page.scalar(text(looks))


def test_mastery_keeps_when_it_was_reached_and_the_time_it_took(
    district: District, db: Connection
) -> None:
    learner = _learner(db)
    _quiz(db, {learner: [1.0] * 8}, COUNTED[1])
    _refresh(district)
    row = _one(db, "mastery", learner_id=learner)
    assert (row.label, row.evidence, row.credit, row.bloom_level) == ("mastered", 8, 8, "apply")
    assert row.mastered_at == _at(8)
    assert row.minutes_to_mastery == 3  # six answers of 30 seconds: the fewest that suffice


def test_a_changed_answer_stamps_the_enrolment_for_pages_that_wait(
    district: District, db: Connection
) -> None:
    learner = _learner(db)
    quiz = _quiz(db, {learner: [1.0, 0.0]}, COUNTED[1])
    _refresh(district)
    attempt = _one(db, "assessment_attempts", assessment_id=quiz)
    item = _items(db, _work(db, date(2026, 3, 20)), 1, COUNTED[1])[0]
    _answer(db, learner, item, attempt.attempt_id, _at(8), 1)
    later = NOW + timedelta(minutes=5)
    _refresh(district, now=later)
    assert _one(db, "enrollment_state", learner_id=learner).updated_at == later


def test_a_flag_that_data_resolved_opens_again_when_the_evidence_returns(
    district: District, db: Connection
) -> None:
    learner = _learner(db)
    papers = [_work(db, date(2026, 3, 2)), _work(db, date(2026, 3, 9))]
    _refresh(district)
    for paper in papers:
        _hand_in(db, learner, paper, _at(0))
    _refresh(district)
    (flag,) = _flags(db, learner, "missing_work")
    assert flag.state == "resolved"
    _do(db, "DELETE FROM chalkline.assessment_attempts WHERE learner_id = :l", l=learner)
    _refresh(district, full=True)
    (again,) = _flags(db, learner, "missing_work")
    assert (again.flag_id, again.state, again.closed_on) == (flag.flag_id, "open", None)
    assert _events(db, flag.flag_id) == ["raised", "resolved", "reopened"]


def test_a_flag_that_a_person_settled_stays_so_while_the_same_evidence_goes_on(
    district: District, db: Connection
) -> None:
    learner = _learner(db)
    for due in (date(2026, 3, 2), date(2026, 3, 9)):
        _work(db, due)
    _refresh(district)
    (flag,) = _flags(db, learner, "missing_work")
    _do(
        db,
        "UPDATE chalkline.flags SET state = 'resolved', closed_on = '2026-03-20', "
        "outcome = 'help given' WHERE flag_id = :f",
        f=flag.flag_id,
    )
    for day in (21, 22, 23):
        _clock(db, date(2026, 3, day))
        _refresh(district)
    assert [f.state for f in _flags(db, learner, "missing_work")] == ["resolved"]
    _do(
        db,
        "UPDATE chalkline.flags SET seen_on = '2026-03-20' WHERE flag_id = :f",
        f=flag.flag_id,
    )  # as if the evidence had been gone for three days
    _refresh(district, full=True)
    assert [f.state for f in _flags(db, learner, "missing_work")] == ["open"]
