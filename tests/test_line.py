"""The effect at the flag's line: found where it was planted, and refused where it can not be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from analytics.effects.discontinuity import TOO_FEW, WEAK
from db.effects import measure_effects
from db.effects.line import FEW_PLANS, NO_SCORES, OTHERS
from queries.effects import EffectOfType, effects_by_type
from tests import cast
from tests.conftest import District
from tests.test_pages import said, show

ADAM = cast.viewer("Adam Price")
SCORED = cast.TODAY - timedelta(days=cast.TODAY.weekday(), weeks=11)  # a Monday
EFFECT = 1.5  # days of activity a week that a check-in adds

# A crowd whose chances lie evenly around the line; the riskier, the less active. Numbers that
# look drawn come of a hash, so that every run has the same.
_CROWD = """
CREATE TEMP TABLE crowd ON COMMIT DROP AS
SELECT n, md5('line' || n)::uuid AS learner, 0.3 + 0.4 * n / :learners AS chance,
       ('x' || substr(md5('a' || n), 1, 6))::bit(24)::integer / 16777216.0 AS lot,
       (ARRAY[CAST(:tess AS uuid), CAST(:omar AS uuid), CAST(:ines AS uuid)])[1 + n % 3] AS owner,
       CAST(NULL AS text) AS kind
FROM generate_series(1, :learners) n;
"""
_GIVEN = "UPDATE crowd SET kind = CASE WHEN lot < {share} THEN 'check-in' END"
_ROWS = (
    "INSERT INTO chalkline.learners (district_id, learner_id, school_id, age_group,"
    " academic_level) SELECT 1, learner, :elm, '11-13', 'middle' FROM crowd",
    "INSERT INTO chalkline.enrollments (district_id, class_id, learner_id, enrolled_on)"
    " SELECT 1, :class, learner, '2025-09-01' FROM crowd",
    "INSERT INTO chalkline.risk_scores (district_id, class_id, learner_id, as_of, model_version,"
    " probability, low, high) SELECT 1, :class, learner, :scored, 'test', chance, 0, 1 FROM crowd",
    "INSERT INTO chalkline.interventions (district_id, intervention_id, learner_id, owner_id, type,"
    " tier, goal, measure, starts_on, review_on) SELECT 1, md5('plan' || n)::uuid, learner, owner,"
    " kind, 2, 'Is active', 'activity', CAST(:scored AS date) + 7, CAST(:scored AS date) + 90"
    " FROM crowd WHERE kind IS NOT NULL",
    # A learner is active on each of five days a week with a probability of her own.
    "INSERT INTO chalkline.activity_days (district_id, class_id, learner_id, on_date, clicks,"
    " help_requests, answers, right_answers)"
    " SELECT 1, :class, learner, CAST(:scored AS date) + 7 * w + d, 5, 0, 0, 0"
    " FROM crowd, generate_series(-9, 9) w, generate_series(0, 4) d"
    " WHERE ('x' || substr(md5(n || 'd' || w || 'd' || d), 1, 6))::bit(24)::integer / 16777216.0"
    " < 0.75 - 0.5 * chance"
    " + CASE WHEN kind = 'check-in' AND w >= 1 THEN :effect / 5 ELSE 0 END",
)


def measured(
    district: District, share: str, *, learners: int = 320, scored: bool = True, **changes: Any
) -> EffectOfType:
    """What is said of check-ins at the line when `share` of the learners got one."""
    given = {
        "learners": learners,
        "tess": cast.of("Tess Moran"),
        "omar": cast.of("Omar Haddad"),
        "ines": cast.of("Ines Duarte"),
        "elm": cast.of("Elm Middle School"),
        "class": cast.class_id("Maths 7C"),
        "scored": SCORED,
        "effect": EFFECT,
        **changes,
    }
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.risk_models (district_id, model_version, kind,"
                " features, parameters, metrics) VALUES (1, 'test', 'transparent', '[]',"
                " '{}', '{}')"
            )
        )
        for statement in (_CROWD, _GIVEN.format(share=share), *changes.get("also", ()), *_ROWS):
            if scored or "risk_scores" not in statement:
                db.execute(text(statement), {k: v for k, v in given.items() if k != "also"})
    measure_effects(district.jobs, now=datetime.now(UTC))
    found = {(one.type, one.method): one for one in effects_by_type(ADAM)}
    assert found["check-in", "matching"].estimate is not None
    return found["check-in", "discontinuity"]


OVER = "CASE WHEN chance >= 0.5 THEN 0.9 ELSE 0.05 END"


def test_the_effect_planted_at_the_line_is_within_the_interval_and_on_the_page(
    district: District,
) -> None:
    found = measured(district, OVER)
    assert found.low is not None
    assert found.low <= EFFECT <= found.high
    assert (found.verdict, found.why) == ("helped", "")
    assert found.plans >= 100
    page = said(show("pages.district.support", ADAM))
    assert "At the line" in page
    assert "Beside learners alike" in page
    assert "can not be estimated" not in page


def test_without_an_effect_the_line_finds_none(district: District) -> None:
    found = measured(district, OVER, effect=0.0)
    assert found.low is not None
    assert found.low <= 0 <= found.high
    assert found.verdict != "helped"


@pytest.mark.parametrize(
    ("share", "changes", "why"),
    [
        ("0.5", {}, WEAK),
        (OVER, {"scored": False}, NO_SCORES),
        ("0.4", {"learners": 40}, TOO_FEW),
        (
            OVER,
            {"also": ["UPDATE crowd SET owner = :tess WHERE abs(chance - 0.5) < 0.15"]},
            FEW_PLANS,
        ),
        (
            OVER,
            {"also": ["UPDATE crowd SET kind = 'mentoring' WHERE kind IS NOT NULL AND n % 2 = 0"]},
            OTHERS,
        ),
    ],
    ids=["lots decide", "no scores", "a few learners", "one owner", "another plan too"],
)
def test_where_the_line_can_not_tell_the_page_says_why(
    district: District, share: str, changes: dict[str, Any], why: str
) -> None:
    found = measured(district, share, **changes)
    assert (found.estimate, found.verdict, found.why) == (None, "cannot tell", why)
    assert why in said(show("pages.district.support", ADAM))
