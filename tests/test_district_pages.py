"""The administrator's pages: every number is a release, and none claims more than it may."""

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import documents
from pages.district import paper_report
from privacy import NotAllowed, releases
from privacy.releases import Figure, Release
from queries.district import figures
from tests import cast
from tests.conftest import District
from tests.crowd import WEEK, cap, crowd, spent
from tests.test_pages import press, said, sent, show

ADAM, TESS = cast.viewer("Adam Price"), cast.viewer("Tess Moran")


@pytest.fixture
def school(district: District) -> District:
    """Two schools of 500, with the week's overview released."""
    crowd(district, 500)
    releases.overview(ADAM)
    return district


def test_the_overview_says_what_was_released_with_its_margin(school: District) -> None:
    page = show("pages.district.overview", ADAM)
    told = figures.week_at_a_glance(ADAM)
    assert len(told.told) == len(releases.OVERVIEW)
    wire = sent(page.main)
    for one in told.told:
        assert one.metric.title in wire
        assert one.metric.definition.replace("'", "\\'") in wire
    attendance = next(one for one in told.told if one.metric.name == "attendance")
    assert f"{attendance.figure.value:.1f} %" in wire
    assert f"{attendance.figure.noise:.1f}" in wire


def test_before_any_release_the_overview_says_so(district: District) -> None:
    assert "No figures have been released yet" in said(show("pages.district.overview", ADAM))


def test_looking_costs_nothing(school: District) -> None:
    paid = spent(school)
    for module in ("overview", "equity", "courses", "patterns"):
        show(f"pages.district.{module}", ADAM)
    assert spent(school) == paid


def test_a_reopened_page_shows_the_same_numbers(school: District) -> None:
    def shown() -> str:
        wire = sent(show("pages.district.overview", ADAM).main)
        return re.sub(r'(file_id|url|id): "[^"]*"', "", wire)  # made anew at each run

    first = shown()
    crowd(school, 30, first=500)  # the week's data is fixed, whatever comes in
    assert shown() == first


def test_a_first_week_has_nothing_to_compare_with(school: District) -> None:
    assert "no earlier week" in said(show("pages.district.overview", ADAM))


def test_what_moved_more_than_the_noise_is_said_and_the_rest_can_not_be_told(
    school: District,
) -> None:
    later = WEEK + timedelta(days=7)
    crowd(school, 500, week=later)
    with school.jobs.begin() as db:
        db.exec_driver_sql(
            "UPDATE chalkline.release_rows SET figures = figures || '{\"attendance\": 60}'"
            f" WHERE data_version = '{later}' AND school_id = '{cast.of('Oak Middle School')}'"
        )
    releases.overview(ADAM)
    found = figures.week_at_a_glance(ADAM)
    down = {one.group: one.change for one in found.moved if one.metric.name == "attendance"}
    assert down["Oak Middle School"].verdict == "down"
    assert found.compared == 2 * len(releases.OVERVIEW)
    for one in found.moved:  # by more than the noise of all that was compared
        assert abs(one.change.by or 0) > (one.change.noise or 0)
    assert {len(one.weeks) for one in found.told} == {2}
    text = said(show("pages.district.overview", ADAM))
    assert "Oak Middle School" in text
    assert "▼" in text


def test_a_figure_nobody_asked_for_is_offered_with_its_price_and_released_once(
    school: District,
) -> None:
    page = show("pages.district.courses", ADAM)
    assert "of this year's privacy budget" in said(page)
    paid = spent(school)
    press(page, "Release it")
    assert spent(school) > paid
    paid = spent(school)
    show("pages.district.courses", ADAM)
    assert spent(school) == paid


def test_a_spent_budget_is_a_refusal_in_words(school: District) -> None:
    page = show("pages.district.courses", ADAM)
    cap(school, year=spent(school))
    press(page, "Release it")
    assert page.error
    assert "budget" in page.error[0].value


@pytest.mark.parametrize("who", ["Tess Moran", "Carla Weiss", "Rita Sol", "Sam Shah"])
def test_nobody_else_reads_the_districts_figures(school: District, who: str) -> None:
    with pytest.raises(NotAllowed, match="administrators"):
        figures.week_at_a_glance(cast.viewer(who))


def test_no_learner_is_on_any_of_the_pages(school: District) -> None:
    for module in ("overview", "equity", "courses", "patterns", "data"):
        wire = sent(show(f"pages.district.{module}", ADAM).main)
        for name in cast.LEARNERS:
            assert name not in wire
            assert str(cast.of(name)) not in wire


def test_the_report_holds_the_pages_numbers_and_can_be_printed(school: District) -> None:
    found = figures.week_at_a_glance(ADAM)
    data = paper_report.report(ADAM, found)
    assert len(data["metrics"]) == len(releases.OVERVIEW)
    for part, release in zip(data["metrics"], found.schools.values(), strict=True):
        assert [row["value"] for row in part["rows"]] == [one.value for one in release.figures]
        assert release.citation == part["citation"]
    assert "invented" in data["foot"]
    assert documents.pdf("figures", data, made_at=cast.NOW).startswith(b"%PDF")


def test_a_file_holds_margins_the_rule_and_the_citation(school: District) -> None:
    found = figures.latest(ADAM, "attendance", "school")
    assert found is not None
    page = show("pages.district.overview", ADAM, {"figure": "Attendance"})
    [button] = [one for one in page.get("download_button") if "CSV with" in one.proto.label]
    assert button.proto.url
    head = set(found.table()[0])
    assert {"margin from noise", "learners (noisy)", "note"} <= head


# Gaps.


def some(value: float, learners: int, noise: float = 1.0, sampling: float = 1.0) -> Figure:
    return Figure(
        f"group of {learners}", value, noise, sampling, value - 2, value + 2, learners, 5.0
    )


class _Some:
    """As much of a release as a gap is made of."""

    def __init__(self, *parts: Figure) -> None:
        self.figures = parts


def gaps(*parts: Figure) -> Any:
    release: Any = _Some(*parts)
    return figures.gaps(release)


def test_a_gap_is_told_beside_the_largest_group() -> None:
    reference, [gap] = gaps(some(60, 50), some(80, 400))
    assert reference.learners == 400
    assert (gap.by, gap.sure, gap.underpowered) == (-20, True, False)
    assert gap.margin == 2.0  # four margins of 1


def test_a_comparison_that_could_see_nothing_is_called_underpowered() -> None:
    _, [gap] = gaps(some(78, 20, sampling=18), some(80, 400))
    assert not gap.sure
    assert gap.underpowered


def test_hidden_groups_make_no_gap() -> None:
    blank = Figure("few", None, None, None, None, None, None, None, "too few learners")
    assert gaps(blank) == (None, ())
    assert gaps(blank, some(80, 400))[1] == ()


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(10, 900)), min_size=1, max_size=9))
def test_a_gap_is_sure_only_beyond_its_margin(parts: list[tuple[float, int]]) -> None:
    _, found = gaps(*(some(value, learners) for value, learners in parts))
    assert len(found) == len(parts) - 1
    for gap in found:
        assert gap.sure == (abs(gap.by) > gap.margin)


def test_a_cell_is_coloured_only_where_it_surely_differs() -> None:
    from pages.district.matrix import _band

    found: Any = _Some()
    found.total = some(80, 900)
    for good, value, band in (("up", 60, 0), ("up", 95, 2), ("down", 60, 2), ("up", 81, 1)):
        found.metric = type("M", (), {"good": good})
        assert _band(some(value, 100), found) == band


def test_the_release_type_is_what_these_tests_stand_in_for() -> None:
    assert {"figures", "total", "metric"} <= set(Release.__dataclass_fields__)
