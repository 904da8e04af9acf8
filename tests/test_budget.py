"""The arithmetic of the budget: what a school year costs, and what margins it buys."""

import math
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import privacy
from privacy import Viewer, releases
from privacy.metrics import GRAINS, METRICS
from privacy.releases import FEW, OVERVIEW, Figure, Refused, change, whole_percents
from privacy.releases.accounting import (
    DELTA,
    EACH_RHO,
    MEMBERS_RHO,
    SCHOOL_WEEKS,
    SUM_RHO,
    YEAR_RHO,
    Z,
    certain,
    epsilon,
    rounded_up,
    scale_for,
)
from privacy.releases.attacks import averaging, differencing
from privacy.releases.figures import figures, least
from privacy.releases.measuring import Rows, measure, price
from privacy.releases.numbers import Numbers, consistent, numbers
from privacy.releases.question import Question, question_of, times
from queries.district.spending import ITSELF, one_release, released, spending
from tests import cast
from tests.conftest import District
from tests.crowd import crowd, spent

SCHOOL = 500
POINTS = 2.0
NOW = datetime(2026, 3, 20, 13, tzinfo=UTC)


def adam() -> Viewer:
    return cast.viewer("Adam Price")


def second() -> Viewer:
    """Another administrator of the district."""
    return cast.viewer("Rita Sol", role="administrator")


def figured(question: Question, values: list[float], learners: int) -> Figure:
    """One group's figure, as it is released: enrolment first, then the question."""
    count = Question("count", 0, 1)
    everybody = numbers(count, measure(count, Rows([[1.0] * learners], None)), None)
    measured = measure(question, Rows([values], [learners]))
    return figures(question, numbers(question, measured, everybody), ["Elm"])[0]


# What a year costs.


def test_a_school_year_of_weekly_overviews_fits_into_the_default_budget(
    district: District,
) -> None:
    assert len(OVERVIEW) == 12
    year = releases.planned(adam(), OVERVIEW, "school", weeks=SCHOOL_WEEKS)
    assert SCHOOL_WEEKS == 40
    assert year.rho <= YEAR_RHO
    assert year.rho == Decimal("5.4880")  # what docs/administrator.md says
    assert year.changed == Decimal("14.7360")
    assert epsilon(year.rho) == pytest.approx(21.81, abs=0.01)
    assert epsilon(YEAR_RHO) == pytest.approx(23.09, abs=0.01)


def test_a_change_costs_what_its_worst_kind_does() -> None:
    """Of a rate of some: a value turned, membership changed, or moved to another group."""
    turned = 4 * SUM_RHO
    membership = SUM_RHO + 4 * MEMBERS_RHO
    moved = 2 * SUM_RHO + 2 * MEMBERS_RHO
    charged = price(Question("rate", 0, 1), denominated=True).changed
    assert charged == turned == max(turned, membership, moved)


def test_what_is_planned_is_what_is_charged(district: District) -> None:
    crowd(district, 300)
    cost = releases.planned(adam(), ("pass", "active", "median_time"), "school")
    for name in ("pass", "active", "median_time"):
        releases.release(adam(), name, "school")
    assert spent(district) == cost.rho


def test_no_metric_at_any_grain_costs_more_than_one_release_may() -> None:
    for metric in METRICS.values():
        for name in metric.grains:
            cost = price(question_of(metric), denominated=False, times=times(metric, GRAINS[name]))
            assert cost.rho <= EACH_RHO, (metric.name, name)


@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_rate_of_a_school_of_500_is_within_two_points(everybody: bool, rate: float) -> None:
    """By the formula, with the counts as they are: 95 % of the noise lies within."""
    question = Question("rate", 0, 1, everybody=everybody)
    measured = measure(question, Rows([[1.0] * SCHOOL], [SCHOOL]))
    enrolment = measure(Question("count", 0, 1), Rows([[1.0] * SCHOOL], None)).count
    assert enrolment is not None
    assert measured.total is not None
    learners = enrolment.scale**2
    if measured.members is not None:
        learners = (learners + measured.members.scale**2) / 4
    total = (measured.total.scale / 1_000 / 2) ** 2  # of learners with a yes, from 500 halves
    noise = Z * math.sqrt(total + (rate - 0.5) ** 2 * learners) / SCHOOL
    assert 100 * noise <= POINTS


def test_the_stated_margin_holds_the_truth_19_times_in_20() -> None:
    """Through the whole path, a thousand schools: noisy counts, ratio, clamp, margin."""
    question = Question("rate", 0, 1)
    values = [[1.0] * 360 + [0.0] * 90] * 1_000  # 80 % of the 450 of 500 it is about
    count = Question("count", 0, 1)
    everybody = numbers(count, measure(count, Rows([[1.0] * SCHOOL] * 1_000, None)), None)
    measured = measure(question, Rows(values, [SCHOOL] * 1_000))
    told = figures(question, numbers(question, measured, everybody), ["Elm"] * 1_000)
    held = [abs(one.value - 80) <= one.noise for one in told if one.value and one.noise]
    assert len(held) == 1_000
    assert 0.92 <= np.mean(held) <= 0.98
    assert max(one.noise or 0 for one in told) <= 2.6  # of 450 learners


def test_rho_is_only_ever_rounded_up() -> None:
    for value in (0.1, 1 / 3, 0.0064, 1e-13):
        assert rounded_up(value) >= Decimal(value)
    assert scale_for(Decimal("0.02"), 1.0) >= 5.0


def test_epsilon_grows_with_rho_and_shrinks_with_delta() -> None:
    assert epsilon(Decimal("0.02")) < epsilon(Decimal("0.5")) < epsilon(Decimal(6))
    assert epsilon(Decimal(1), Decimal("1e-9")) > epsilon(Decimal(1), DELTA)
    assert 0.5 == certain(Decimal(0)) < certain(Decimal("0.02")) < certain(Decimal(6)) < 1


# From noise to figures.


@pytest.mark.parametrize(
    ("kind", "values", "truth"),
    [
        ("rate", [1.0] * 300 + [0.0] * 100, 75.0),
        ("mean", [20.0] * 200 + [80.0] * 200, 50.0),
        ("sum", [20.0] * 200 + [80.0] * 200, 20_000.0),
    ],
)
def test_a_figure_lies_about_the_truth(kind: str, values: list[float], truth: float) -> None:
    high = 1 if kind == "rate" else 100
    found = figured(Question(kind, 0, high), values, 400)  # type: ignore[arg-type]  # a Kind
    assert found.value is not None
    assert found.noise is not None
    assert abs(found.value - truth) < 3 * found.noise
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high


def test_a_median_lies_about_the_truth() -> None:
    question = question_of(METRICS["median_time"])
    measured = measure(question, Rows([[60.0 + n % 121 for n in range(1_200)]], None))
    found = figures(question, numbers(question, measured, None), ["Elm"])[0]
    assert found.value is not None
    assert found.noise is not None
    assert abs(found.value - 120) <= 3 * found.noise + 20  # a bar is twenty minutes wide


def test_bands_are_shares_that_never_add_up_to_more_than_the_whole() -> None:
    question = question_of(METRICS["score_bands"])
    rows = Rows([[float(n % 100) for n in range(300)]] * 50, None)
    told = figures(question, numbers(question, measure(question, rows), None), ["Elm"] * 50)
    for one in told:
        assert not one.hidden
        assert sum(one.shares) == pytest.approx(1)
        assert sum(whole_percents(one.shares)) == 100
        assert min(whole_percents(one.shares)) >= 0


def test_a_rate_never_leaves_its_bounds() -> None:
    for values in ([1.0] * 60, [0.0] * 60):
        for _ in range(20):
            found = figured(Question("rate", 0, 1, everybody=True), values, 60)
            if found.value is not None and found.low is not None and found.high is not None:
                assert 0 <= found.low <= found.value <= found.high <= 100


def test_a_learner_without_a_value_counts_as_nothing_where_everybody_counts() -> None:
    found = figured(Question("rate", 0, 1, everybody=True), [1.0] * 200, 400)
    assert found.value == pytest.approx(50, abs=6)


def test_parts_are_moved_to_add_up_to_the_published_whole() -> None:
    one = np.ones(4)
    parts = Numbers(np.array([10.0, 20, 30, 40]), one, np.array([1.0, 2, 3, 4]), one)
    whole = Numbers(np.array([33.0, 60]), one[:2], np.array([5.0, 6]), one[:2])
    moved = consistent(parts, whole, [0, 0, 1, 1])
    assert moved.learners.tolist() == [11.5, 21.5, 25, 35]
    assert moved.total.tolist() == [2, 3, 2.5, 3.5]


def test_a_group_is_shown_from_a_noisy_count_that_leaves_ten_for_sure() -> None:
    assert least(25.0) == pytest.approx(10 + 1.96 * 5, abs=0.01)


def test_a_change_within_the_noise_is_not_called_one() -> None:
    was = Figure("Elm", 80.0, 2.0, 3.0, 76.0, 84.0, 500, 10.0)
    for value, verdict in ((82.5, "cannot tell"), (84.0, "up"), (76.0, "down")):
        now = Figure("Elm", value, 2.0, 3.0, 0.0, 100.0, 500, 10.0)
        assert change(now, was).verdict == verdict
    hidden = Figure("Elm", None, None, None, None, None, None, None, FEW)
    assert change(hidden, was).verdict == "cannot tell"


# The caps.


def test_other_caps_need_a_second_administrator(district: District) -> None:
    crowd(district, 100)
    proposal = releases.propose(
        adam(),
        school_year=2026,
        cap=Decimal(2),
        each=Decimal("0.05"),
        reason="A lower cap is enough for us.",
    )
    before = releases.current(adam())
    assert before is not None
    assert before.cap == YEAR_RHO
    with pytest.raises(Refused, match="another administrator"):
        releases.decide(adam(), proposal, "approved", now=NOW)
    releases.decide(second(), proposal, "approved", now=NOW)
    after = releases.current(adam())
    assert after is not None
    assert (after.cap, after.each) == (Decimal(2), Decimal("0.05"))
    with pytest.raises(Refused, match="decided already"):
        releases.decide(second(), proposal, "refused", now=NOW)
    told = releases.proposals(adam())[0]
    assert (told.proposed_by, told.decided_by, told.mine) == ("Adam Price", "Rita Sol", True)


def test_a_refused_proposal_changes_nothing(district: District) -> None:
    crowd(district, 100)
    proposal = releases.propose(
        adam(), school_year=2026, cap=Decimal(9), each=Decimal(1), reason="We want more figures."
    )
    releases.decide(second(), proposal, "refused", now=NOW)
    found = releases.current(adam())
    assert found is not None
    assert found.cap == YEAR_RHO


def test_the_database_itself_refuses_one_person_in_both_parts(district: District) -> None:
    crowd(district, 100)
    proposal = releases.propose(
        adam(), school_year=2026, cap=Decimal(9), each=Decimal(1), reason="We want more figures."
    )
    alone = text(
        "UPDATE chalkline.budget_proposals SET decision = 'approved', decided_at = now(),"
        " decided_by = :by WHERE proposal_id = :one"
    )
    with pytest.raises(DBAPIError, match="check constraint"), privacy.session(adam()) as db:
        db.execute(alone, {"by": adam().staff_id, "one": proposal})
    with pytest.raises(DBAPIError, match="row-level security"), privacy.session(adam()) as db:
        db.execute(alone, {"by": second().staff_id, "one": proposal})
    for column in ("rho_cap", "rho_each", "rho_spent"):
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(adam()) as db:
            db.execute(text(f"UPDATE chalkline.release_budgets SET {column} = 1"))


def test_a_cap_below_what_is_spent_only_stops_new_figures(district: District) -> None:
    crowd(district, 100)
    releases.release(adam(), "enrolment", "school")
    proposal = releases.propose(
        adam(),
        school_year=2026,
        cap=Decimal("0.01"),
        each=Decimal("0.01"),
        reason="Nothing more this year.",
    )
    releases.decide(second(), proposal, "approved", now=NOW)
    assert releases.release(adam(), "enrolment", "school").figures
    with pytest.raises(Refused):
        releases.release(adam(), "active", "school")
    assert spent(district) == Decimal("0.02")


def test_only_administrators_touch_the_caps(district: District) -> None:
    for ask in (
        lambda viewer: releases.current(viewer),
        lambda viewer: releases.proposals(viewer),
        lambda viewer: releases.propose(
            viewer, school_year=2026, cap=Decimal(9), each=Decimal(1), reason="We want more."
        ),
    ):
        with pytest.raises(privacy.NotAllowed):
            ask(cast.viewer("Tess Moran"))


# What the Privacy page reads.


def test_the_page_tells_who_spent_what_and_lists_every_release(district: District) -> None:
    crowd(district, 300)
    releases.weekly_overview(now=NOW)
    releases.release(adam(), "mastery", "gender")
    year = spending(adam(), school_year=2026)
    assert set(year.by_person["person"]) == {ITSELF, "Adam Price"}
    assert (year.releases, year.weeks) == (26, 1)  # with enrolment by gender
    assert Decimal(str(round(year.by_metric["rho"].sum(), 6))) == spent(district)
    listed = released(adam(), school_year=2026)
    assert len(listed) == 26
    assert listed["shown"].le(listed["groups"]).all()
    whole = one_release(adam(), UUID(listed["release"].iloc[0]))
    assert whole is not None
    assert whole["parameters"]["mechanism"].startswith("discrete Gaussian")
    assert one_release(cast.viewer("Vera Lund"), UUID(listed["release"].iloc[0])) is None
    assert spending(cast.viewer("Vera Lund"), school_year=2026).releases == 0


def test_the_shown_attack_succeeds_without_the_store_and_fails_with_it() -> None:
    rng = np.random.default_rng(5)
    for _ in range(5):
        asked = averaging(rng)
        assert abs(asked.fresh[-1] - asked.truth) < 0.9
        two = differencing(rng)
        assert two.exact[0] - two.exact[1] == 1
        assert two.margin > 10
        assert 0.5 < two.certain < 0.6
