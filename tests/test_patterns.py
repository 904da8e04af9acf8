"""How cohorts learn: figures against hand-worked values, and nothing about fewer than k."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from analytics.cohorts import ANY, cohorts, diversity
from analytics.patterns import bands, engagement, joined, velocity
from db import tables as t
from db.patterns import analyse
from db.refresh import refresh
from tests import cast
from tests.conftest import District

TESS = cast.viewer("Tess Moran")


# -- Cohorts ------------------------------------------------------------------------------------

PLACES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=80)


@settings(max_examples=200, deadline=None)
@given(PLACES, st.sampled_from([5, 10]))
def test_everybody_is_in_one_cohort_of_at_least_k(places: list[tuple[int, int]], k: int) -> None:
    made = cohorts([p[0] for p in places], [p[1] for p in places], k=k)
    if len(places) < k:
        assert made == ()
        return
    assert sorted(one for cohort in made for one in cohort.members) == list(range(len(places)))
    assert min(cohort.size for cohort in made) >= k
    for cohort in made:  # what it is called is true of every member
        assert {places[one][0] for one in cohort.members} == {cohort.school} or cohort.school == ANY
        assert {places[one][1] for one in cohort.members} == {cohort.grade} or cohort.grade == ANY


def test_a_small_grade_is_generalised_to_its_school_before_the_district() -> None:
    made = cohorts(["elm"] * 14 + ["oak"] * 6, [6] * 6 + [7] * 4 + [8] * 4 + [6] * 6, k=5)
    assert [(one.school, one.grade, one.size) for one in made] == [
        ("elm", 6, 6),
        ("oak", 6, 6),
        ("elm", ANY, 8),
    ]


def test_diversity_counts_the_values_of_a_cohort() -> None:
    (one,) = cohorts(["elm"] * 5, [6] * 5, k=5)
    assert diversity(one, {"income": ["low", "low", "high", None, "low"]}) == {"income": 2}


# -- Bands --------------------------------------------------------------------------------------


def test_every_learner_counts_once_however_much_she_did() -> None:
    amount = np.array([[1.0, 1.0]] * 9 + [[0.0, 1000.0]])
    morning, evening = bands(amount, ("morning", "evening"), k=5)
    assert (morning.share, evening.share) == (0.45, 0.55)


def test_an_outcome_compares_each_learner_with_herself() -> None:
    """The able work in the evening; nobody does better there than she usually does."""
    hits = np.array([[9.0, 9.0]] * 6 + [[2.0, 0.0]] * 6)
    tries = np.array([[10.0, 10.0]] * 6 + [[10.0, 0.0]] * 6)
    found = bands(np.ones((12, 2)), ("morning", "evening"), k=5, hits=hits, tries=tries)
    assert [one.outcome for one in found] == [0.55, 0.55]
    assert [(one.low, one.high) for one in found] == [(0, 0), (0, 0)]
    # The control: the plain shares right would praise the evening.
    assert hits[:, 1].sum() / tries[:, 1].sum() > hits[:, 0].sum() / tries[:, 0].sum() + 0.3


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 30), st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_no_band_is_about_fewer_than_k(learners: int, many: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    amount = rng.random((learners, many)) * (rng.random((learners, many)) < 0.3)
    labels = [str(n) for n in range(many)]
    found = bands(amount, labels, k=5)
    kept = joined(amount, labels, k=5)[0]
    if not found:
        assert (amount.sum(axis=1) > 0).sum() < 5
        return
    assert ((kept > 0).sum(axis=0) >= 5).all()
    assert sum(one.share for one in found) == pytest.approx(1, abs=0.005 * many + 1e-9)
    assert " or ".join(one.label for one in found) == " or ".join(labels)
    assert all(one.learners >= 5 for one in found)


def test_the_number_in_a_band_does_not_tell_how_few_are_outside_it() -> None:
    amount = np.array([[1.0, 1.0]] * 131 + [[1.0, 0.0]] * 2)
    assert [one.learners for one in bands(amount, ("a", "b"), k=5)] == [130, 130]


# -- Engagement and velocity --------------------------------------------------------------------


@settings(max_examples=100)
@given(st.floats(0, 28), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_engagement_lies_between_0_and_1_and_grows_with_each_part(
    days: float, handed_in: float, completed: float, more: float
) -> None:
    def score(a: float, b: float, c: float) -> float:
        return float(engagement(np.array([a]), np.array([b]), np.array([c]))[0])

    assert 0 <= score(days, handed_in, completed) <= 1
    assert score(days + more, handed_in, completed) >= score(days, handed_in, completed)
    assert score(days, min(1, handed_in + more), completed) >= score(days, handed_in, completed)


def test_engagement_is_silent_where_nothing_is_known() -> None:
    nothing = np.array([np.nan])
    assert np.isnan(engagement(nothing, nothing, nothing)).all()


@settings(max_examples=100)
@given(st.lists(st.integers(-100, 100), max_size=20), st.integers(20, 40))
def test_velocity_never_passes_the_whole_course(days: list[int], sections: int) -> None:
    assert 0 <= velocity(days, sections, today=0, days=28) * 4 <= 1


# -- Over a district ----------------------------------------------------------------------------


def now() -> datetime:
    return datetime.now(UTC)


def analysed(district: District, **how: Any) -> Any:
    refresh(district.jobs, now=now())
    return analyse(district.jobs, district=cast.LAKESIDE, now=now(), **how)


def seen(name: str) -> dict[str, Any]:
    with privacy.session(cast.viewer(name)) as db:
        return {row.dimension: row for row in db.execute(select(t.LearningPattern))}


def test_a_district_of_few_is_one_cohort_or_none(district: District) -> None:
    """Four learners of grade 7 at Elm and one at Oak: together they are five."""
    assert analysed(district).cohorts == 1
    with privacy.session(TESS) as db:
        group = db.execute(select(t.LearnerGroup)).one()
    assert (group.size, group.generalisation["school"], group.generalisation["grade"]) == (
        5, "*", "7",
    )  # fmt: skip
    assert group.generalisation["l_diversity"] == {"gender": 1}
    with district.jobs.begin() as db:
        db.execute(
            update(t.Institution).where(t.Institution.kind == "district").values(least_group=10)
        )
    assert analysed(district, full=True).cohorts == 0
    assert seen("Tess Moran") == {}
    with district.jobs.begin() as db:
        left = select(func.count()).select_from(t.Learner).where(t.Learner.group_id.is_not(None))
        assert db.scalar(left) == 0


def test_staff_read_the_patterns_of_their_district_alone(district: District) -> None:
    analysed(district)
    assert {"time_of_day", "session_length", "pace", "engagement", "velocity"} <= set(
        seen("Tess Moran")
    )
    assert seen("Carla Weiss").keys() == seen("Tess Moran").keys()
    assert seen("Zoe Quist") == {}
    with pytest.raises(DBAPIError, match="permission denied"):
        seen("Adam Price")


def test_a_cohorts_bands_say_what_its_learners_did(district: District) -> None:
    analysed(district)
    found = seen("Tess Moran")
    (noon,) = found["time_of_day"].figures["bands"]
    assert (noon["label"], noon["share"]) == ("12 to 16", 1.0)  # every sitting began at twelve
    (length,) = found["session_length"].figures["bands"]
    assert length["label"] == "15 to 30 minutes"  # 1000 seconds
    (pace,) = found["pace"].figures["bands"]
    assert (pace["label"], pace["outcome"]) == ("about as planned", 0.7)  # 30 minutes of 30
    # One of two sections, completed a week ago: half the course in the second week from the end.
    weeks = found["velocity"].figures["weeks"]
    assert weeks[-2] == 0.5
    assert sum(weeks) == 0.5
    assert found["velocity"].figures["quarters"][1] == 0.125  # a week, over four


def test_patterns_are_made_once_a_week(district: District) -> None:
    assert analysed(district).patterns > 0
    assert analysed(district).patterns == 0
    later = analyse(district.jobs, district=cast.LAKESIDE, now=now() + timedelta(days=8))
    assert later.patterns > 0


def test_the_documents_velocity_counts_what_was_touched_and_ours_what_was_completed(
    district: District,
) -> None:
    """calculate_learning_velocity of lms-database-guide.md: the sum of the percentages of all
    sections updated within thirty days, over the days. Ana is half through one section, and has
    looked again at one she completed in autumn."""
    with district.jobs.begin() as db:
        db.execute(text("DELETE FROM chalkline.section_progress WHERE learner_id = :l"),
                   {"l": cast.of("Ana Ruiz")})  # fmt: skip
        for section, percent, completed in (
            ("Ratios", 100, "2025-10-01"),
            ("Unit rates", 50, None),
        ):
            db.execute(
                text(
                    "INSERT INTO chalkline.section_progress (district_id, class_id, learner_id,"
                    " section_id, status, completion_percentage, completed_at, last_opened_at)"
                    " VALUES (1, :class, :ana, :section, :status, :percent,"
                    " CAST(:completed AS timestamptz), '2026-03-19 12:00Z')"
                ),
                {
                    "class": cast.class_id("Maths 7A"),
                    "ana": cast.of("Ana Ruiz"),
                    "section": cast.SECTIONS[section],
                    "status": "completed" if completed else "in_progress",
                    "percent": percent,
                    "completed": completed,
                },
            )
        documents = db.scalar(
            text(
                "SELECT coalesce(sum(CASE WHEN last_opened_at >= '2026-03-20'::date - 30"
                " THEN completion_percentage ELSE 0 END) / greatest(30, 1), 0)"
                " FROM chalkline.section_progress WHERE learner_id = :l"
            ),
            {"l": cast.of("Ana Ruiz")},
        )
        days = db.scalars(
            text(
                "SELECT completed_at::date - '2000-01-01'::date FROM chalkline.section_progress"
                " WHERE learner_id = :l AND completed_at IS NOT NULL"
            ),
            {"l": cast.of("Ana Ruiz")},
        ).all()
    assert documents == pytest.approx(5.0)  # "5 % a day": in twenty days a course done twice over
    today = (date(2026, 3, 20) - date(2000, 1, 1)).days
    assert velocity(days, 2, today=today, days=30) == 0.0  # nothing was completed in that time
    assert velocity(days, 2, today=today, days=180) == pytest.approx(0.5 / (180 / 7))
