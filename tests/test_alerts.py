"""How alerts are measured, what may be told of groups, and who may read and decide about them."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import binomtest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import privacy
from analytics.alerts import Cell, Tally, group_cells, replay, shown_groups, verdict
from privacy import NotAllowed
from queries.district import alert_line, alerts
from tests import cast
from tests.conftest import District

ADAM = cast.viewer("Adam Price")
CARLA = cast.viewer("Carla Weiss")
TESS = cast.viewer("Tess Moran")
K = 5

counts = st.integers(0, 40)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Cell]:
    """Between two and five groups; cells from nobody to forty."""
    found = {}
    for number in range(draw(st.integers(2, 5))):
        rest, wrong, missed, right = (draw(counts) for _ in range(4))
        found[f"g{number}"] = Cell(rest + wrong, wrong, missed + right, right)
    return found


# -- Measuring ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("hits", "n"), [(0, 12), (7, 12), (12, 12), (63, 100), (301, 977)])
def test_precision_and_recall_have_wilsons_interval(hits: int, n: int) -> None:
    found = Tally(2 * n, n, n, hits)
    low, high = binomtest(hits, n).proportion_ci(method="wilson")
    for share in (found.precision, found.recall):
        assert (share.low, share.high) == pytest.approx((low, high), abs=1e-9)


rows = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 12), st.floats(0, 1), st.booleans()),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(rows, st.floats(0, 1), st.floats(0, 1))
def test_a_higher_line_flags_no_more_finds_no_more_and_no_earlier(
    drawn: list[tuple[int, int, float, bool]], one: float, other: float
) -> None:
    who = np.array([row[0] for row in drawn])
    day = np.array([7.0 * row[1] for row in drawn])
    chance = np.array([row[2] for row in drawn])
    bad = {row[0]: row[3] for row in drawn}
    truth = np.array([float(bad[row[0]]) for row in drawn])
    last = np.full(len(drawn), 100.0)
    low, high = sorted((one, other))
    few, many = (replay(who, day, chance >= line, last, truth) for line in (high, low))
    assert few.tally.flagged <= many.tally.flagged
    assert few.tally.flagged_right <= many.tally.flagged_right <= many.tally.went_wrong
    both = few.flagged
    assert (many.first_day[both] <= few.first_day[both]).all()


def test_an_enrolment_counts_once_at_its_first_flag() -> None:
    found = replay(
        np.array([0, 0, 0, 1]),
        np.array([14.0, 21, 28, 14]),
        np.array([False, True, True, True]),
        np.array([70.0, 70, 70, 90]),
        np.array([1.0, 1, 1, 0]),
    )
    assert found.tally == Tally(2, 1, 2, 1)
    assert found.lead_days == 49


def test_a_rule_no_better_than_the_lot_is_marked_for_retirement_and_a_good_one_is_not() -> None:
    assert verdict(Tally(1000, 300, 300, 90)) == "retire"
    assert verdict(Tally(1000, 300, 300, 180)) == "keep"
    assert verdict(Tally(1000, 300, 19, 0)) == "too few to say"


def test_a_learner_in_three_classes_is_one_learner_of_her_group() -> None:
    found = group_cells(
        np.array([1.0, 0, 0, 0]),
        np.array([False, True, False, False]),
        np.array(["ana", "ana", "ana", "ben"], dtype=object),
        np.array(["F", "F", "F", None], dtype=object),
    )
    assert found == {"F": Cell(0, 0, 1, 1), "unknown": Cell(1, 0, 0, 0)}


# -- What may be told of groups -----------------------------------------------------------------


def ranges(cells: dict[str, Cell], shown: frozenset[str]) -> list[float]:
    """An attacker who knows every total and every shown group: how far each hidden count may lie
    from its least to its most."""
    hidden = sorted(set(cells) - shown)
    found = []
    for column in range(4):
        total = sum(cells[name].cells[column] for name in hidden)
        for place in range(len(hidden)):
            aim = np.zeros(len(hidden))
            aim[place] = 1.0
            ends = [
                linprog(sign * aim, A_eq=np.ones((1, len(hidden))), b_eq=[total]).fun * sign
                for sign in (1, -1)
            ]
            found.append(ends[1] - ends[0])
    return found


@settings(max_examples=40, deadline=None)
@given(tables())
def test_no_hidden_count_can_be_worked_out_from_the_totals(cells: dict[str, Cell]) -> None:
    shown = shown_groups([cells], K)
    assert all(min(cells[name].cells) >= K for name in shown)
    hidden = set(cells) - shown
    if shown and hidden:
        assert min(ranges(cells, shown)) >= K - 1e-6


def test_hiding_only_the_small_group_would_give_it_away() -> None:
    """The control: the same attacker, where only what is small is hidden."""
    cells = {"a": Cell(60, 10, 40, 20), "b": Cell(50, 9, 30, 12), "c": Cell(8, 1, 5, 2)}
    assert max(ranges(cells, frozenset({"a", "b"}))) == pytest.approx(0)
    assert shown_groups([cells], K) == {"a"}


def test_a_group_withheld_for_one_alert_is_withheld_for_all() -> None:
    big, small = Cell(60, 10, 40, 20), Cell(60, 2, 40, 20)
    groups = [{"a": big, "b": big, "c": big}, {"a": big, "b": big, "c": small}]
    assert shown_groups(groups, K) == shown_groups(groups[::-1], K) == {"b"}


# -- Who reads, who decides ---------------------------------------------------------------------

MEASURED = {
    "alert_quality": "(district_id, alert, basis, learners, went_wrong, flagged, flagged_right, "
    "measured_at) VALUES (:d, 'missing_work', 'replayed', 100, 30, 40, 20, now())",
    "alert_groups": "(district_id, alert, attribute, group_value, shown, measured_at) "
    "VALUES (:d, 'transparent', 'gender', 'F', false, now())",
    "alert_lines": "(district_id, kind, line, learners, went_wrong, flagged, flagged_right, "
    "teacher_weeks, busiest_week, now_scored, now_flagged, now_false, now_teachers, measured_at) "
    "VALUES (:d, 'transparent', 50, 100, 30, 25, 18, 20, 4, 90, 12, 4.5, 6, now())",
}


@pytest.fixture
def measured(district: District) -> District:
    """Figures of both districts of the cast."""
    with district.jobs.begin() as db:
        for table, values in MEASURED.items():
            for number in (1, 2):
                db.execute(text(f"INSERT INTO chalkline.{table} {values}"), {"d": number})
    return district


def read(viewer: privacy.Viewer, table: str) -> Any:
    with privacy.session(viewer) as db:
        return db.scalars(text(f"SELECT district_id FROM chalkline.{table}")).all()


@pytest.mark.parametrize("table", MEASURED)
def test_administrators_and_counselors_read_their_own_districts_figures(
    measured: District, table: str
) -> None:
    assert read(ADAM, table) == read(CARLA, table) == [ADAM.district_id]
    with pytest.raises(DBAPIError, match="permission denied"):
        read(TESS, table)
    with measured.jobs.begin() as db:  # the control: both districts' are there
        assert db.scalar(text(f"SELECT count(*) FROM chalkline.{table}")) == 2


def test_an_administrator_reads_no_score_and_no_model_of_weights(district: District) -> None:
    for what in ("probability FROM chalkline.risk_scores", "parameters FROM chalkline.risk_models"):
        with privacy.session(ADAM) as db, pytest.raises(DBAPIError, match="permission denied"):
            db.execute(text(f"SELECT {what}"))


def test_the_page_reads_what_was_measured(measured: District) -> None:
    found = alerts.alert_quality(ADAM)
    assert [one.name for one in found.replayed] == ["missing_work"]
    line = found.line("transparent", 50)
    assert line is not None
    assert line.tally == Tally(100, 30, 25, 18)
    assert line.flags_a_week == pytest.approx(1.25)
    assert [one.cell for one in found.groups] == [None]


def test_before_anything_is_measured_the_page_has_nothing_and_the_line_as_delivered(
    district: District,
) -> None:
    found = alerts.alert_quality(CARLA)
    assert (found.replayed, found.raised, dict(found.lines), found.measured_at) == (
        (),
        (),
        {},
        None,
    )
    assert (found.decision.kind, found.decision.line) == ("transparent", 50)


def test_a_decision_holds_and_stands_in_the_trail(district: District) -> None:
    alert_line.decide(ADAM, kind="transparent", line=60)
    alert_line.decide(ADAM, kind="boosted", line=60)
    now = alerts.alert_quality(CARLA).decision
    assert (now.kind, now.line, now.by) == ("boosted", 60, "Adam Price")
    with district.jobs.begin() as db:
        said = db.scalars(
            text("SELECT detail FROM chalkline.audit_log WHERE action = 'risk line decided'")
        ).all()
    assert {"kind": "boosted", "line": 60, "kind_before": "transparent", "line_before": 60} in said


@pytest.mark.parametrize("viewer", [TESS, CARLA], ids=["teacher", "counselor"])
def test_nobody_else_decides(district: District, viewer: privacy.Viewer) -> None:
    with pytest.raises(NotAllowed, match="Ask an administrator"):
        alert_line.decide(viewer, kind="boosted", line=60)
    with privacy.session(viewer) as db, pytest.raises(DBAPIError, match="permission denied"):
        db.execute(
            text(
                "INSERT INTO chalkline.risk_decisions (district_id, kind, line, decided_by) "
                "VALUES (1, 'boosted', 0.6, :me)"
            ),
            {"me": viewer.staff_id},
        )


def test_nobody_decides_in_anothers_name_or_for_another_district(district: District) -> None:
    for number, staff in ((1, CARLA.staff_id), (2, ADAM.staff_id)):
        with privacy.session(ADAM) as db, pytest.raises(DBAPIError, match="row-level security"):
            db.execute(
                text(
                    "INSERT INTO chalkline.risk_decisions (district_id, kind, line, decided_by) "
                    "VALUES (:d, 'boosted', 0.6, :staff)"
                ),
                {"d": number, "staff": staff},
            )


def test_a_teacher_may_not_open_the_page(district: District) -> None:
    with pytest.raises(NotAllowed, match="Ask an administrator or a counselor"):
        alerts.alert_quality(TESS)
