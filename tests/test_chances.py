"""The chance of failing or leaving on the pages: who sees it, and how it orders the list."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from analytics import rules
from queries.students import caseload, today
from queries.students.classes import my_classes
from queries.students.learner import learner_record
from tests import cast
from tests.conftest import District
from tests.test_queries import MISSING, add_flag

TESS, CARLA = cast.viewer("Tess Moran"), cast.viewer("Carla Weiss")
NOW = datetime.combine(TESS.today, datetime.min.time(), UTC)
WHY = '[{"matter": "work", "words": "None is handed in."}]'


@pytest.fixture
def scored(district: District) -> District:
    """Ana at 22 % and Ben at 71 % in Tess's class, Eve at 90 % in another's; all with flags."""
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.risk_models (district_id, model_version, kind, features, "
                "parameters) VALUES (1, 'm', 'transparent', '[]', '{}')"
            )
        )
        for who, place, chance in (
            ("Ana Ruiz", "Maths 7A", 0.22),
            ("Ben Cole", "Maths 7A", 0.71),
            ("Eve Lind", "Maths 7C", 0.9),
        ):
            for back, value in ((0, chance), (7, chance / 2)):
                db.execute(
                    text(
                        "INSERT INTO chalkline.risk_scores (district_id, class_id, learner_id, "
                        "as_of, model_version, probability, low, high, base_rate, reasons) VALUES "
                        "(1, :class, :who, :day, 'm', :p, :low, :high, 0.31, CAST(:why AS jsonb))"
                    ),
                    {
                        "class": cast.class_id(place),
                        "who": cast.of(who),
                        "day": TESS.today - timedelta(days=back),
                        "p": value,
                        "low": value / 2,
                        "high": (1 + value) / 2,
                        "why": WHY,
                    },
                )
        db.execute(
            text(
                "INSERT INTO chalkline.watermarks (district_id, name, seen_xid, as_of, updated_at) "
                "VALUES (1, 'risk', 0, :day, now())"
            ),
            {"day": TESS.today},
        )
    for who in ("Ana Ruiz", "Ben Cole"):
        add_flag(district, who, "missing_work", MISSING)
    return district


def listed() -> tuple[today.LearnerInNeed, ...]:
    return today.struggling_learners(
        TESS, classes=my_classes(TESS), today=TESS.today, now=NOW
    ).learners


def test_the_likelier_to_fail_comes_first_and_the_card_says_how_likely(scored: District) -> None:
    found = {one.name: one.chance for one in listed()}
    ben, ana = found["Ben Cole"], found["Ana Ruiz"]
    assert list(found).index("Ben Cole") < list(found).index("Ana Ruiz")
    assert ben is not None
    assert ana is not None
    assert ben.words == (
        "Chance of failing or leaving: 71 % (between 36 and 86 %); 31 % is usual in this course."
    )


def test_before_anybody_is_scored_the_rules_order_the_list_alone(district: District) -> None:
    add_flag(district, "Ben Cole", "missing_work", MISSING)
    assert {one.chance for one in listed()} == {None}


def test_work_that_a_rule_flags_is_not_said_or_counted_twice(scored: District) -> None:
    evidence = {"line": 0.5, "why": [{"matter": "work", "words": "None is handed in."}],
                "clears": "Clears when one is in."}  # fmt: skip
    before = next(one for one in listed() if one.name == "Ben Cole")
    add_flag(scored, "Ben Cole", rules.RISK, evidence)
    after = next(one for one in listed() if one.name == "Ben Cole")
    assert after.severity == pytest.approx(before.severity)
    assert [reason.text for reason in after.reasons if reason.rule == rules.RISK] == [
        "Risk above 50 % for these reasons."
    ]


def test_a_teacher_sees_no_chance_of_anothers_class(scored: District) -> None:
    assert all(one.learner_id != cast.of("Eve Lind") for one in listed())
    mine = learner_record(TESS, learner_id=cast.of("Ben Cole"), today=TESS.today).chances
    assert {one.class_id for one in mine} == {cast.class_id("Maths 7A")}


def test_a_learners_chance_can_be_read_as_it_stood(scored: District) -> None:
    def newest(day: date) -> float:
        return learner_record(TESS, learner_id=cast.of("Ben Cole"), today=day).chances[0].value

    assert newest(TESS.today) == pytest.approx(0.71)
    assert newest(TESS.today - timedelta(days=3)) == pytest.approx(0.355)


def test_a_counselor_can_put_the_likeliest_first(scored: District) -> None:
    cases = caseload.overdue_cases(CARLA, today=CARLA.today).cases
    ordered = caseload.likeliest_first(cases)
    assert ordered[0].learner_id == cast.of("Ben Cole")
    assert ordered[0].chance is not None
