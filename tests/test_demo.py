"""The generated district: as planned, of one piece, and without a name in plain text."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, text

from analytics import scoring
from db import demo, risk
from db import engine as engines
from db.content import measure
from db.demo.arrays import identifiers
from db.demo.catalogue import courses, prerequisites
from db.demo.people import background, plain_people
from db.demo.questions import question
from db.demo.roster import roster
from db.demo.target import space_of
from db.demo.terms import Year
from db.demo.writing.catalogue import write_catalogue
from db.effects import measure_effects
from db.effects.line import NO_SCORES
from db.embedded import Server
from db.people import PlainPerson
from db.refresh import refresh
from privacy.keystore import open_keystore
from privacy.people import sealer, source_hash

TODAY = date(2026, 3, 20)
SEED = 11
ROOT = Path(__file__).parent.parent
_numbers = count(1)
LOADER = """
import sys
from datetime import date
from pathlib import Path
from db import demo, engine
from privacy.keystore import open_keystore
from privacy.people import sealer, source_hash
url, key_file, day, seed = sys.argv[1:]
keystore = open_keystore(Path(key_file))
demo.load(engine.jobs(url), scale="small", seed=int(seed), today=date.fromisoformat(day),
          seal=sealer(keystore), source_hash=source_hash(keystore),
          progress=lambda what, done, of: print(done, flush=True))
"""


@dataclass(frozen=True)
class Made:
    """A database with a small demo in it, and the truth about it."""

    jobs: Engine
    report: demo.DemoReport
    truth: demo.Truth
    people: tuple[PlainPerson, ...]

    def rows(self, query: str, **given: Any) -> list[Any]:
        """What the query answers about the demo's district, :d."""
        with self.jobs.connect() as db:
            db.exec_driver_sql("SET search_path = chalkline")
            return list(db.execute(text(query), {"d": self.report.district_id, **given}))


@pytest.fixture(scope="module")
def databases(server: Server, template: str) -> Iterator[Any]:
    """Makes copies of the cast's database, and removes them at the end."""
    names: list[str] = []
    admin = create_engine(server.url("superuser", "postgres"), isolation_level="AUTOCOMMIT")

    def copy() -> str:
        name = f"demo_{next(_numbers)}"
        with admin.connect() as db:
            db.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} OWNER chalkline_owner"))
        names.append(name)
        return name

    yield copy
    with admin.connect() as db:
        for name in names:
            db.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(scope="module")
def made(server: Server, databases: Any, keys: Path) -> Iterator[Made]:
    """The small demo, loaded once."""
    jobs = engines.jobs(server.url("owner", databases()))
    keystore = open_keystore(keys / "kek.json")
    report = demo.load(
        jobs,
        scale="small",
        seed=SEED,
        today=TODAY,
        seal=sealer(keystore),
        source_hash=source_hash(keystore),
    )
    people = roster("small", SEED, Year(TODAY))
    space = space_of(report.district_id, "small", SEED)
    plain = [
        person
        for school in range(people.schools)
        for person in plain_people(people, space, school, background(people, school))
    ]
    truth = demo.truth("small", SEED, TODAY, district=report.district_id)
    yield Made(jobs, report, truth, tuple(plain))
    jobs.dispose()


def test_small_is_three_schools_1200_learners_and_60_staff(made: Made) -> None:
    ((schools, learners, staff, grades),) = made.rows(
        "SELECT (SELECT count(*) FROM institutions WHERE district_id = :d AND kind = 'school'), "
        "(SELECT count(*) FROM learners WHERE district_id = :d), "
        "(SELECT count(*) FROM staff WHERE district_id = :d), "
        "(SELECT array_agg(DISTINCT grade_level ORDER BY grade_level) FROM learners "
        " WHERE district_id = :d)"
    )
    assert (schools, learners, staff, grades) == (3, 1200, 60, [6, 7, 8])


def test_the_report_counts_the_rows_that_stand_in_the_tables(made: Made) -> None:
    for table, rows in made.report.rows.items():
        ((found,),) = made.rows(f"SELECT count(*) FROM {table} WHERE district_id = :d")
        assert (table, found) == (table, rows)


def test_every_person_place_and_page_is_marked_as_generated(made: Made) -> None:
    assert made.rows("SELECT 1 FROM institutions WHERE district_id = :d AND NOT generated") == []


def test_two_processes_make_the_same_district(
    made: Made, server: Server, databases: Any, keys: Path
) -> None:
    url = server.url("owner", databases())
    with _run_loader(url, keys, hash_seed="4711") as process:
        process.communicate(timeout=300)
    again = engines.jobs(url)
    try:
        assert _content(again, made.report) == _content(made.jobs, made.report)
    finally:
        again.dispose()


def test_another_seed_makes_another_district() -> None:
    one, other = (roster("small", seed, Year(TODAY)) for seed in (1, 2))
    assert not np.array_equal(one.ability, other.ability)
    assert not np.array_equal(one.cause, other.cause)


def test_a_killed_load_leaves_nothing(server: Server, databases: Any, keys: Path) -> None:
    url = server.url("owner", databases())
    jobs = engines.jobs(url)
    try:
        before = _sizes(jobs)
        with _run_loader(url, keys, hash_seed="0") as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.strip() == "1":  # one school is written, the next under way
                    break
            assert _is_connected(jobs)
            process.kill()
        _wait_until_alone(jobs)
        assert _sizes(jobs) == before
    finally:
        jobs.dispose()


def test_a_second_demo_shares_the_catalogue(made: Made) -> None:
    with made.jobs.connect() as db:
        before = db.scalar(text("SELECT count(*) FROM chalkline.competencies"))
        ids = write_catalogue(db)
        assert db.scalar(text("SELECT count(*) FROM chalkline.competencies")) == before
        assert write_catalogue(db) == ids
        db.rollback()


def test_no_two_districts_share_an_identifier() -> None:
    numbers = np.arange(50_000)
    spaces = (space_of(1, "small", 7), space_of(2, "small", 7), space_of(1, "district", 7))
    found = np.concatenate([identifiers(space, "learner", numbers) for space in spaces])
    assert len({row.tobytes() for row in found}) == 3 * len(numbers)


def test_everything_done_lies_before_today(made: Made) -> None:
    for table, column in (
        ("learning_interactions", "occurred_at"),
        ("learning_sessions", "ended_at"),
        ("assessment_attempts", "submitted_at"),
        ("assessment_attempts", "marked_at"),
        ("item_responses", "answered_at"),
        ("section_progress", "last_opened_at"),
        ("attendance", "on_date"),
        ("behaviour_events", "occurred_at"),
        ("learners", "last_active_at"),
        ("enrollments", "left_on"),
    ):
        ((latest,),) = made.rows(f"SELECT max({column})::date FROM {table} WHERE district_id = :d")
        assert (table, latest < TODAY) == (table, True)


def test_work_falls_due_in_the_next_two_weeks(made: Made) -> None:
    soon = made.rows(
        "SELECT 1 FROM class_assessments WHERE district_id = :d "
        "AND due_on BETWEEN :today AND :later",
        today=TODAY,
        later=TODAY + timedelta(days=14),
    )
    assert len(soon) > 50


def test_nobody_works_at_weekends_or_in_the_holidays(made: Made) -> None:
    school = set(Year(TODAY).days.astype(object))
    for zone in ("UTC", "America/Chicago"):
        active = made.rows(
            f"SELECT DISTINCT (occurred_at AT TIME ZONE '{zone}')::date "
            "FROM learning_interactions WHERE district_id = :d AND session_id IS NOT NULL"
        )  # but for the practice that planted plans added, which sits in no session
        assert {day for (day,) in active} <= school


@pytest.mark.parametrize("ahead", range(7))
def test_today_is_in_the_26th_of_38_weeks(ahead: int) -> None:
    year = Year(TODAY + timedelta(days=ahead))
    assert (year.today - year.starts_on).days // 7 == 25
    assert (year.ends_on - year.starts_on).days == 38 * 7 - 3
    assert year.starts_on.weekday() == 0
    assert year.days[-1] < np.datetime64(year.today)
    assert year.week[-1] >= 24


def test_the_load_works_on_every_day_of_the_week() -> None:
    for ahead in range(7):
        truth = demo.truth("small", SEED, TODAY + timedelta(days=ahead))
        assert len(truth.struggling) == 126


def test_prerequisites_run_in_no_circle() -> None:
    order = list(TopologicalSorter(prerequisites()).static_order())
    assert order.index("6.RP.A.1") < order.index("6.RP.A.2") < order.index("7.RP.A.1")


def test_every_question_has_four_different_answers() -> None:
    rng = np.random.default_rng(1)
    for course in courses():
        for code in course.codes:
            for number in range(1, 6):
                asked = question(code, number, rng)
                assert len({asked.right, *(option.text for option in asked.wrong)}) == 4
                assert all(option.misconception for option in asked.wrong)


def test_no_learners_name_address_or_birthday_stands_in_plain_text(made: Made) -> None:
    readable, sealed = _everything_readable(made)
    staff = made.rows("SELECT display_name FROM staff WHERE district_id = :d")
    assert _stands_in(staff[0][0], readable)  # the search finds a name that does stand there
    families = {person.family_name for person in made.people}
    long = {family for family in families if len(family.encode()) >= 6}
    assert len(long) > len(families) / 2
    for family in families:
        assert not _stands_in(family, readable)
    for family in long:  # three bytes of a short one stand somewhere in a megabyte by chance
        assert family.encode() not in sealed
    for person in made.people:
        assert person.email is not None
        assert person.email not in readable
        assert person.email.encode() not in sealed
    births = {person.birth_date for person in made.people}
    assert births.isdisjoint(re.findall(r"\d{4}-\d\d-\d\d", readable))


def test_the_sealed_fields_open_to_what_was_sealed(made: Made, keys: Path) -> None:
    from privacy import fields
    from privacy.keystore import Wrapped, learner_context

    keystore = open_keystore(keys / "kek.json")
    person, district = made.people[17], str(made.report.district_id)
    ((given, family, birth, kek, wrapped),) = made.rows(
        "SELECT given_name, family_name, birth_date, kek_id, wrapped FROM learner_pii "
        "JOIN data_keys USING (district_id, learner_id) WHERE district_id = :d AND learner_id = :l",
        l=person.learner_id,
    )
    context = learner_context(district, person.learner_id)
    opened = fields.decrypt_row(
        keystore.unwrap(Wrapped(kek, wrapped), context=context),
        {"given_name": given, "family_name": family, "birth_date": birth},
        table="learner_pii",
        row=person.learner_id,
        district=district,
    )
    assert list(opened.values()) == [person.given_name, person.family_name, person.birth_date]


def test_ages_fit_the_grades_and_the_young_have_a_parents_consent(made: Made) -> None:
    facts = {
        learner: (grade, state, consents)
        for learner, grade, state, consents in made.rows(
            "SELECT l.learner_id, grade_level, consent_state, count(c.consent_id) FROM learners l "
            "LEFT JOIN consents c USING (district_id, learner_id) WHERE district_id = :d "
            "GROUP BY 1, 2, 3"
        )
    }
    for person in made.people:
        grade, state, consents = facts[person.learner_id]
        assert person.birth_date is not None
        years = (TODAY - date.fromisoformat(person.birth_date)).days / 365.25
        assert grade + 5.3 < years < grade + 6.7
        assert consents == (state == "parental")
        assert (state in ("parental", "pending")) == (years < 13)


def test_learners_have_two_or_three_classes_and_teachers_about_five(made: Made) -> None:
    taken = made.rows("SELECT count(*) FROM enrollments WHERE district_id = :d GROUP BY learner_id")
    assert {number for (number,) in taken} == {2, 3}
    led = made.rows(
        "SELECT count(DISTINCT class_id), count(*) FROM class_staff s "
        "JOIN enrollments e USING (district_id, class_id) "
        "WHERE district_id = :d AND duty = 'lead' GROUP BY staff_id"
    )
    assert {classes for classes, _ in led} <= {5, 6}
    assert all(115 <= learners <= 140 for _, learners in led)


def test_one_class_has_one_learner_and_one_has_none(made: Made) -> None:
    sizes = dict(
        made.rows(
            "SELECT c.class_id, count(e.learner_id) FROM classes c "
            "LEFT JOIN enrollments e USING (district_id, class_id) "
            "WHERE district_id = :d GROUP BY 1"
        )
    )
    assert sizes.pop(made.truth.class_of_one) == 1
    assert sizes.pop(made.truth.empty_class) == 0
    assert min(sizes.values()) > 20


def test_each_school_has_one_counselor_with_all_its_learners(made: Made) -> None:
    loads = made.rows("SELECT count(*) FROM caseloads WHERE district_id = :d GROUP BY staff_id")
    assert [number for (number,) in loads] == [400, 400, 400]
    roles = [member.role for member in made.report.staff]
    assert (roles.count("records"), roles.count("security")) == (2, 1)


def test_the_teacher_to_look_at_first_has_the_class_to_reteach(made: Made) -> None:
    (first,) = [member for member in made.report.staff if member.look_first]
    ((teacher,),) = made.rows(
        "SELECT staff_id FROM class_staff WHERE district_id = :d AND class_id = :c "
        "AND duty = 'lead'",
        c=made.truth.reteach.class_id,
    )
    assert teacher == first.staff_id


def test_marks_look_plausible_to_a_teacher(made: Made) -> None:
    means = made.rows(
        "SELECT avg(percent) FROM assessment_attempts WHERE district_id = :d "
        "AND class_id <> :one GROUP BY class_id",
        one=made.truth.class_of_one,
    )
    found = np.array([mean for (mean,) in means])
    assert 69 < found.mean() < 76
    assert found.min() > 60
    assert found.max() < 88


def test_one_in_ten_struggles_and_every_teacher_has_each_cause(made: Made) -> None:
    assert 0.08 < len(made.truth.struggling) / 1200 < 0.12
    taught = made.rows(
        "SELECT staff_id, learner_id FROM class_staff "
        "JOIN enrollments USING (district_id, class_id) WHERE district_id = :d AND duty = 'lead'"
    )
    causes: dict[UUID, set[str]] = {}
    for teacher, learner in taught:
        trouble = made.truth.struggling.get(learner)
        causes.setdefault(teacher, set()).update({trouble.cause} if trouble else set())
    assert all(len(found) == 4 for found in causes.values())


def test_activity_stops_after_a_shock(made: Made) -> None:
    before, after = _per_day_around_onset(made, "shock")
    assert after < 0.25 * before


def test_activity_goes_on_for_those_who_only_do_not_hand_in(made: Made) -> None:
    before, after = _per_day_around_onset(made, "unsubmitted work")
    assert after > 0.75 * before


def test_work_stays_away_from_those_who_stopped_handing_in(made: Made) -> None:
    handed_in: dict[bool, list[bool]] = {True: [], False: []}
    for learner, due, done in made.rows(
        "SELECT e.learner_id, ca.due_on, t.attempt_id IS NOT NULL FROM enrollments e "
        "JOIN class_assessments ca USING (district_id, class_id) "
        "LEFT JOIN assessment_attempts t USING (district_id, class_id, learner_id, assessment_id) "
        "WHERE district_id = :d AND ca.due_on < :cut AND e.status = 'enrolled' "
        "AND ca.due_on > e.enrolled_on",
        cut=TODAY - timedelta(days=7),
    ):
        trouble = made.truth.struggling.get(learner)
        if trouble is None:
            handed_in[False].append(done)
        elif trouble.cause == "unsubmitted work" and due >= trouble.onset:
            handed_in[True].append(done)
    assert np.mean(handed_in[True]) < 0.3
    assert np.mean(handed_in[False]) > 0.95


def test_absences_pile_up_where_they_were_planted(made: Made) -> None:
    away: dict[bool, list[bool]] = {True: [], False: []}
    for learner, day, absent in made.rows(
        "SELECT learner_id, on_date, status = 'absent' FROM attendance WHERE district_id = :d"
    ):
        trouble = made.truth.struggling.get(learner)
        planted = trouble is not None and trouble.cause == "absence" and day >= trouble.onset
        away[planted].append(absent)
    assert np.mean(away[True]) > 0.2
    assert np.mean(away[False]) < 0.04


def test_a_gap_shows_in_its_subject_and_not_before(made: Made) -> None:
    subjects = {"Mathematics": 0, "English": 1, "Science": 2}
    credit: dict[str, list[float]] = {"in the gap": [], "before": [], "elsewhere": []}
    for learner, subject, day, share in made.rows(
        "SELECT learner_id, c.subject, submitted_at::date, avg(r.credit) "
        "FROM item_responses r JOIN assessment_attempts USING (district_id, attempt_id, learner_id)"
        " JOIN assessments USING (district_id, assessment_id) JOIN courses c USING (course_id) "
        "WHERE district_id = :d GROUP BY 1, 2, 3"
    ):
        trouble = made.truth.struggling.get(learner)
        if trouble is not None and trouble.cause == "gap":
            here = subjects[subject] == trouble.subject
            late = day >= trouble.onset
            group = "in the gap" if here and late else "before" if here else "elsewhere"
            credit[group].append(float(share))
    means = {group: np.mean(values) for group, values in credit.items()}
    assert means["in the gap"] < 0.45
    assert means["before"] > means["in the gap"] + 0.2
    assert means["elsewhere"] > 0.6


def test_a_third_of_one_class_fails_the_same_competency(made: Made) -> None:
    reteach = made.truth.reteach
    shares = made.rows(
        "SELECT learner_id, avg(credit) FROM item_responses "
        "JOIN item_competencies USING (district_id, item_id) "
        "JOIN competencies USING (competency_id) "
        "WHERE district_id = :d AND class_id = :c AND code = :code GROUP BY 1",
        c=reteach.class_id,
        code=reteach.code,
    )
    failing = {learner for learner, share in shares if share < 0.4}
    assert len(failing) >= len(shares) / 3
    assert len(failing & reteach.learners) >= 0.9 * len(reteach.learners & {x for x, _ in shares})


def test_poor_sections_take_longer_teach_less_and_raise_questions(made: Made) -> None:
    poor, sound = (
        np.mean(
            [
                figures
                for section, *figures in made.rows(
                    "SELECT section_id, avg(seconds_spent / 60.0 / estimated_minutes)::float, "
                    "avg(comprehension), avg(help_requests)::float, "
                    "avg((status <> 'in_progress')::int)::float FROM section_progress "
                    "JOIN sections USING (section_id) WHERE district_id = :d "
                    "AND opens_week < 22 GROUP BY 1"
                )
                if (section in made.truth.poor_sections) is planted
            ],
            axis=0,
        )
        for planted in (True, False)
    )
    assert poor[0] > 1.4 * sound[0]
    assert poor[1] < sound[1] - 0.1
    assert poor[2] > 2 * sound[2]
    assert poor[3] < sound[3] - 0.2


def test_bad_items_do_not_tell_learners_apart(made: Made) -> None:
    found = _item_rest(made)
    sound = [r for item, r in found.items() if item not in _flawed(made.truth)]
    assert np.median(sound) > 0.3
    assert np.mean([found[item] for item in made.truth.flat_items]) < 0.12
    assert max(found[item] for item in made.truth.negative_items) < 0
    assert len(made.truth.negative_items) == 9


def test_the_best_learners_agree_on_another_key_than_the_wrong_one(made: Made) -> None:
    assert len(made.truth.wrong_key_items) == 3
    for item in made.truth.wrong_key_items:
        answers = made.rows(
            "SELECT answer, answer_key, count(*) FROM item_responses r "
            "JOIN assessment_items i USING (district_id, item_id) "
            "JOIN assessment_attempts t USING (district_id, attempt_id) "
            "WHERE district_id = :d AND item_id = :i AND percent >= 75 "
            "GROUP BY 1, 2 ORDER BY 3 DESC",
            i=item,
        )
        assert answers[0][0] != answers[0][1]


@pytest.fixture(scope="module")
def measured(made: Made) -> Made:
    """The same, its content measured."""
    measure(made.jobs, district=made.report.district_id, now=datetime.now(UTC), full=True)
    return made


def test_the_planted_ineffective_sections_are_worth_fixing_first_in_every_course(
    measured: Made,
) -> None:
    ranked = measured.rows(
        "SELECT section_id, rank() OVER (PARTITION BY course_id ORDER BY worth DESC) AS place,"
        " suggestions FROM content_effectiveness WHERE district_id = :d"
    )
    first = {row.section_id for row in ranked if row.place <= 2}
    assert first == measured.truth.poor_sections
    assert len(first) == 18
    for row in ranked:
        if row.section_id in first:
            assert {"understood", "completion", "help"} <= {r["measure"] for r in row.suggestions}
            assert all("learners" in r["found"] or "%" in r["found"] for r in row.suggestions)


def test_the_planted_bad_items_stand_out_among_all_that_were_analysed(measured: Made) -> None:
    truth = measured.truth
    found = {
        row.item_id: row
        for row in measured.rows(
            "SELECT item_id, learners, point_biserial, options FROM item_statistics "
            "WHERE district_id = :d"
        )
    }
    sound = [row.point_biserial for item, row in found.items() if item not in _flawed(truth)]
    weakest = sorted(found, key=lambda item: found[item].point_biserial)
    planted = truth.negative_items | truth.wrong_key_items
    assert set(weakest[: len(planted)]) == planted
    assert all(found[item].point_biserial < 0.15 for item in truth.flat_items)
    assert np.mean(sound) > 0.25
    for item in truth.wrong_key_items:  # those who know it best choose another answer
        by_upper = [each["upper"] for each in found[item].options.values()]
        assert max(by_upper) > 0.5


def test_only_the_wordy_item_is_called_unfair(measured: Made) -> None:
    """Of some three thousand comparisons: by home language, and of class C."""
    unfair = [
        (row.item_id, one["attribute"], one["ets"])
        for row in measured.rows("SELECT item_id, dif FROM item_statistics WHERE district_id = :d")
        for one in row.dif
        if one["ets"] != "A"
    ]
    (wordy,) = measured.truth.wordy_items
    assert unfair == [(wordy, "home_language", "C")]


def test_a_wordy_item_is_harder_for_those_with_another_language_at_home(made: Made) -> None:
    (item,) = made.truth.wordy_items
    ((english, other),) = made.rows(
        "SELECT avg(credit) FILTER (WHERE home_language = 'en'), "
        "avg(credit) FILTER (WHERE home_language <> 'en') FROM item_responses "
        "JOIN learners USING (district_id, learner_id) WHERE district_id = :d AND item_id = :i",
        i=item,
    )
    assert english - other > 0.12


def test_what_blocks_a_competency_is_a_weak_prerequisite(made: Made) -> None:
    before = prerequisites()
    assert len(made.truth.blocked) > 20
    assert all(weak in before[code] for _, code, weak in made.truth.blocked)


def test_progress_agrees_with_the_interactions_it_sums_up(made: Made) -> None:
    ((summed,),) = made.rows(
        "SELECT sum(interactions) FROM section_progress WHERE district_id = :d"
    )
    ((sat,),) = made.rows(
        "SELECT count(*) FROM learning_interactions "
        "WHERE district_id = :d AND session_id IS NOT NULL"
    )
    assert summed == sat
    ((sittings,),) = made.rows(
        "SELECT sum(interactions) FROM learning_sessions WHERE district_id = :d"
    )
    assert sittings == summed


def _today_is(made: Made, day: date) -> None:
    with made.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.institutions SET clock_on = :day "
                "WHERE district_id = :d AND kind = 'district'"
            ),
            {"d": made.report.district_id, "day": day},
        )


def test_a_type_of_plan_is_found_to_have_the_effect_that_was_planted(made: Made) -> None:
    """And of one with three plans nothing is said, so that no figure is about a few."""
    _today_is(made, TODAY)
    refresh(made.jobs, now=datetime.now(UTC))
    measured = {one.district_id: one for one in measure_effects(made.jobs, now=datetime.now(UTC))}
    assert measured[made.report.district_id].plans == 129
    found = {
        kind: (low, high, said)
        for kind, low, high, said in made.rows(
            "SELECT type, low, high, verdict FROM type_effects"
            " WHERE district_id = :d AND method = 'matching'"
        )
    }
    assert found.keys() == {"check-in", "mentoring"}
    for kind, (low, high, _) in found.items():
        assert low <= made.truth.helped[kind] <= high, kind
    assert found["check-in"][2] == "helped"
    assert found["mentoring"][2] == "did not"
    at_the_line = made.rows(
        "SELECT type, why FROM type_effects WHERE district_id = :d AND method = 'discontinuity'"
    )
    assert {tuple(row) for row in at_the_line} == {(kind, NO_SCORES) for kind in found}
    said = dict(
        made.rows("SELECT verdict, count(*) FROM plan_effects WHERE district_id = :d GROUP BY 1")
    )
    assert said["cannot tell"] > 0


def _run_loader(url: str, keys: Path, *, hash_seed: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", LOADER, url, str(keys / "kek.json"), str(TODAY), str(SEED)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
    )


def _content(jobs: Engine, report: demo.DemoReport) -> dict[str, Any]:
    """A fingerprint of every table's rows, but for what is random or counts transactions."""
    found = {}
    with jobs.connect() as db:
        for table in sorted(set(report.rows) - {"data_keys", "learner_pii"}):
            columns = db.scalars(
                text(
                    "SELECT column_name FROM information_schema.columns WHERE table_schema = "
                    "'chalkline' AND table_name = :t AND column_name <> 'ingest_xid' "
                    "ORDER BY ordinal_position"
                ),
                {"t": table},
            )
            row = ", ".join(f'"{column}"' for column in columns)
            query = (
                f"SELECT sum(hashtextextended(ROW({row})::text, 0)::numeric), count(*) "
                f"FROM chalkline.{table} WHERE district_id = :d"
            )
            found[table] = tuple(db.execute(text(query), {"d": report.district_id}).one())
    return found


def _sizes(jobs: Engine) -> dict[str, int]:
    """Rows by table that a load writes to."""
    tables = (
        "institutions",
        "courses",
        "staff",
        "learners",
        "learner_pii",
        "attendance",
        "imports",
    )
    with jobs.connect() as db:
        return {
            table: db.scalar(text(f"SELECT count(*) FROM chalkline.{table}")) or 0
            for table in tables
        }


def _is_connected(jobs: Engine) -> bool:
    """Whether the loader's connection is there."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    with jobs.connect() as db:
        return db.scalar(text(others + "AND pid <> pg_backend_pid()")) == 1


def _wait_until_alone(jobs: Engine) -> None:
    """Until the killed loader's backend has noticed and rolled back."""
    for _ in range(600):
        if not _is_connected(jobs):
            return
        time.sleep(0.1)
    raise AssertionError("The killed loader's connection is still there after a minute.")


def _everything_readable(made: Made) -> tuple[str, bytes]:
    """All different values of all text-like columns, and the bytes of the sealed ones."""
    readable: list[str] = []
    sealed: list[bytes] = []
    for table, column, kind in made.rows(
        "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c "
        "JOIN information_schema.tables t USING (table_schema, table_name) "
        "WHERE c.table_schema = 'chalkline' AND t.table_type = 'BASE TABLE' "
        "AND c.data_type IN ('text', 'jsonb', 'ARRAY', 'date', 'bytea')"
    ):
        values = made.rows(f'SELECT DISTINCT "{column}" FROM {table} WHERE "{column}" IS NOT NULL')
        if kind == "bytea":
            sealed += [bytes(value) for (value,) in values]
        else:
            readable += [str(value) for (value,) in values]
    return "\n".join(readable), b"".join(sealed)


def _stands_in(name: str, readable: str) -> bool:
    """Whether the name stands there as a word, in any case."""
    return re.search(rf"\b{re.escape(name)}\b", readable, re.IGNORECASE) is not None


def _per_day_around_onset(made: Made, cause: str) -> tuple[float, float]:
    """Interactions a school day and learner: in the ten weeks before the onset, and since."""
    days = Year(TODAY).days.astype(object)
    counts = {
        (learner, day): number
        for learner, day, number in made.rows(
            "SELECT learner_id, occurred_at::date, count(*) FROM learning_interactions "
            "WHERE district_id = :d GROUP BY 1, 2"
        )
    }
    before, after = [], []
    for learner, trouble in made.truth.struggling.items():
        if trouble.cause == cause:
            for day in days:
                if day >= trouble.onset:
                    after.append(counts.get((learner, day), 0))
                elif day >= trouble.onset - timedelta(weeks=10):
                    before.append(counts.get((learner, day), 0))
    return float(np.mean(before)), float(np.mean(after))


def _item_rest(made: Made) -> dict[UUID, float]:
    """Correlation of each item with the rest of its paper."""
    return {
        item: float(r)
        for item, r in made.rows(
            "WITH answers AS (SELECT item_id, attempt_id, credit, sum(credit) OVER "
            "(PARTITION BY attempt_id) - credit AS rest FROM item_responses WHERE district_id = :d)"
            " SELECT item_id, corr(credit, rest) FROM answers GROUP BY 1 HAVING count(*) > 100"
        )
        if r is not None
    }


def _flawed(truth: demo.Truth) -> frozenset[UUID]:
    return truth.flat_items | truth.negative_items | truth.wrong_key_items | truth.wordy_items


def test_the_delivered_risk_model_ranks_the_planted_troubles_first(made: Made) -> None:
    """Nobody here has trained it: the weights set by hand find what the generator planted."""
    risk.score(made.jobs, district=made.report.district_id, as_of=TODAY)
    with made.jobs.connect() as db:
        rows = db.execute(
            text(
                "SELECT learner_id, max(probability) FROM chalkline.risk_scores "
                "WHERE district_id = :district GROUP BY learner_id"
            ),
            {"district": made.report.district_id},
        ).all()
    planted = made.truth.struggling
    who = [learner for learner, _ in rows]
    chance = np.array([value for _, value in rows], dtype=float)
    trouble = np.array([float(learner in planted) for learner in who])
    everywhere = np.array(
        [float(learner in planted and planted[learner].cause != "gap") for learner in who]
    )
    ranked, not_one_subject = scoring.auc(trouble, chance), scoring.auc(everywhere, chance)
    assert ranked is not None
    assert not_one_subject is not None
    assert ranked.low > 0.75
    assert not_one_subject.low > 0.85
    first = np.argsort(-chance)[:30]
    assert trouble[first].mean() > 5 * trouble.mean()
