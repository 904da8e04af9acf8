"""The mastery grid: what it sends, what it refuses, and how it works in a real browser."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from components.grid import ANSWERS, SCORES, Band, Column, Row, Selection, grid_table
from components.grid.model import payload
from components.grid.widget import _selection
from tests import components_demo as demo
from tests import looked
from tests.demo import chromium, settled

BANDS = (Band("struggling", 0), Band("developing", 0.4), Band("mastered", 0.85))
ROWS = (Row("a", "Ana Ruiz"), Row("b", "Ben Okafor"))
COLUMNS = (Column("x", "6.RP.A.1", "Ratio language"), Column("y", "6.RP.A.3", "Ratio problems"))
SOURCES = sorted(Path("components").rglob("*.js"))


def cells(*given: tuple[str, str, float | None, int, bool]) -> pd.DataFrame:
    return pd.DataFrame(given, columns=["row", "column", "value", "count", "enough"])


def records(table: pd.DataFrame, **more: object) -> np.ndarray:
    sent = payload(ROWS, COLUMNS, table, caption="c", bands=BANDS, wording=ANSWERS)
    flat = np.frombuffer(base64.b64decode(sent["cells"]), dtype=np.uint8)
    return flat.reshape(len(ROWS), len(COLUMNS), sent["width"])


def test_a_cell_travels_with_its_value_band_interval_and_count() -> None:
    table = cells(("a", "y", 0.38, 9, True)).assign(low=0.24, high=0.54)
    assert records(table)[0, 1].tolist() == [38, 0, 24, 54, 9]


def test_a_cell_without_enough_evidence_sends_no_value_at_all() -> None:
    assert records(cells(("a", "x", 0.9, 2, False)))[0, 0].tolist() == [255, 8, 255, 255, 2]


def test_a_cell_that_was_not_given_is_empty_rather_than_zero() -> None:
    assert records(cells(("a", "x", 0.5, 4, True)))[1, 1].tolist() == [255, 0, 255, 255, 255]


def test_rounding_never_contradicts_the_band() -> None:
    value, flags = records(cells(("a", "x", 0.3999, 4, True)))[0, 0][:2].tolist()
    assert (value, flags) == (39, 0)


def test_very_large_counts_are_capped_instead_of_wrapping_round() -> None:
    assert records(cells(("a", "x", 0.5, 1000, True)))[0, 0][4] == 254


def test_cells_of_other_learners_are_left_out_of_the_message() -> None:
    table = cells(("stranger", "x", 0.11, 77, True), ("a", "x", 0.5, 4, True))
    sent = payload(ROWS, COLUMNS, table, caption="c", bands=BANDS, wording=ANSWERS)
    assert "stranger" not in json.dumps(sent)
    assert 77 not in records(table)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (cells(("a", "x", 38.0, 9, True)), "between 0 and 1"),
        (cells(("a", "x", 0.3, 9, True), ("a", "x", 0.4, 9, True)), "two values for one cell"),
    ],
)
def test_wrong_cells_are_refused_in_words(table: pd.DataFrame, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        records(table)


def test_bands_that_do_not_rise_from_zero_are_refused() -> None:
    wrong = (Band("high", 0.5), Band("low", 0))
    with pytest.raises(ValueError, match="start at 0 and rise"):
        payload(ROWS, COLUMNS, cells(), caption="c", bands=wrong, wording=ANSWERS)


def test_two_learners_with_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="share an id"):
        payload((*ROWS, Row("a", "X")), COLUMNS, cells(), caption="", bands=BANDS, wording=ANSWERS)


def test_an_empty_class_makes_an_empty_grid() -> None:
    sent = payload((), COLUMNS, cells(), caption="c", bands=BANDS, wording=SCORES)
    assert sent["cells"] == ""


def test_thirty_five_learners_by_forty_competencies_fit_in_sixteen_kilobytes() -> None:
    rows, columns = demo.learners(35), demo.competencies(40)
    table = demo.mastery(rows, columns).drop(columns="blocked_by")
    sent = payload(rows, columns, table, caption="c", bands=BANDS, wording=ANSWERS)
    assert len(json.dumps(sent)) < 16_000


def test_the_download_shows_what_the_grid_shows() -> None:
    table = cells(("a", "y", 0.38, 9, True), ("b", "x", 0.9, 2, False))
    wide = grid_table(ROWS, COLUMNS, table)
    assert wide.columns.tolist() == ["Learner", "6.RP.A.1", "6.RP.A.3"]
    assert wide["6.RP.A.3"][0] == 38
    assert pd.isna(wide["6.RP.A.1"][1])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (["a", "y"], Selection("a", "y")),
        (["a", None], Selection("a", None)),
        ([None, "y"], Selection(None, "y")),
        (["stranger", "y"], None),
        (["a", "stranger"], None),
        ([None, None], None),
        (["a"], None),
        ([["a"], "y"], None),
        ({"row": "a"}, None),
        ("ay", None),
        (None, None),
    ],
)
def test_only_a_selection_of_what_is_shown_is_believed(
    answer: object, expected: Selection | None
) -> None:
    assert _selection(answer, ROWS, COLUMNS) == expected


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_no_script_of_ours_writes_markup(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    wrong = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc"
    assert not re.search(wrong, text)


def test_there_are_scripts_to_check() -> None:
    assert len(SOURCES) >= 3


# In a browser.


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with demo.demo_server() as running:
        yield running


@pytest.fixture(scope="module")
def window(address: str) -> Iterator[BrowserContext]:
    """One profile for all tests, so that each need not fetch and compile Streamlit anew."""
    with chromium() as browser:
        yield browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    opened = window.new_page()
    yield opened
    opened.close()


def the_cell(page: Page, name: str) -> Locator:
    return page.get_by_role("gridcell", name=re.compile(name))


def focused(page: Page) -> str:
    """The label, or the text, of what has the keyboard, inside the component's shadow."""
    return page.evaluate(
        """() => {
          let node = document.activeElement;
          while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
          return node?.getAttribute("aria-label") ?? node?.textContent ?? "";
        }"""
    )


def open_grid(page: Page, rows: int = 12, columns: int = 10) -> None:
    page.goto(f"/?part=grid&rows={rows}&columns={columns}")
    expect(the_cell(page, "^Ana Ruiz, 6.RP.A.1:")).to_be_visible(timeout=20_000)


@pytest.mark.browser
def test_every_cell_says_its_learner_competency_value_and_certainty(page: Page) -> None:
    open_grid(page)
    label = the_cell(page, "^Ana Ruiz, 6.RP.A.1:").get_attribute("aria-label")
    assert label is not None
    form = r"Ana Ruiz, 6\.RP\.A\.1: \d+ %, [a-z ]+, \d+ answers, between \d+ and \d+ %"
    assert re.fullmatch(form, label)


@pytest.mark.browser
def test_the_grid_is_one_tab_stop(page: Page) -> None:
    open_grid(page)
    assert page.locator("table [tabindex='0']").count() == 1
    the_cell(page, "^Chidi Moreau, 6.RP.A.2:").click()
    page.keyboard.press("Tab")
    assert "Chidi" not in focused(page)
    page.keyboard.press("Shift+Tab")
    assert focused(page).startswith("Chidi Moreau, 6.RP.A.2:")


@pytest.mark.browser
def test_the_keys_move_through_cells_and_headers(page: Page) -> None:
    open_grid(page)
    page.locator("table [tabindex='0']").focus()
    for key, where in (
        ("ArrowRight", "Ana Ruiz, 6.RP.A.2:"),
        ("End", "Ana Ruiz, 6.EE.A.2:"),
        ("Home", "Ana Ruiz"),
        ("ArrowUp", "Ana Ruiz"),
        ("ArrowRight", "Ana Ruiz, 6.RP.A.1:"),
        ("ArrowUp", "6.RP.A.1: Understand ratio language, Bloom's level Remember"),
        ("ArrowRight", "6.RP.A.2: Unit rates"),
        ("PageDown", "Jamal"),
        ("Control+End", "Ben"),
        ("ArrowDown", "Ben"),
        ("Control+Home", "Ana Ruiz, 6.RP.A.1:"),
    ):
        page.keyboard.press(key)
        assert focused(page).startswith(where), key


@pytest.mark.browser
def test_enter_selects_and_the_focus_survives_the_rerun(page: Page) -> None:
    open_grid(page)
    page.locator("table [tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Chosen: cell L2 C0")).to_be_visible()
    assert focused(page).startswith("Chidi Moreau, 6.RP.A.1:")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_text("Chosen: cell L2 C1")).to_be_visible()
    assert page.locator("[aria-selected='true']").count() == 1


@pytest.mark.browser
def test_headers_select_learners_and_competencies(page: Page) -> None:
    open_grid(page)
    page.get_by_role("rowheader", name="Dana Okafor").click()
    expect(page.get_by_text("Chosen: row L3 None")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Chosen: nothing")).to_be_visible()
    page.get_by_role("columnheader", name=re.compile("^6.RP.A.3:")).click()
    expect(page.get_by_text("Chosen: column None C2")).to_be_visible()


@pytest.mark.browser
def test_a_selection_stays_through_other_reruns(page: Page) -> None:
    open_grid(page)
    the_cell(page, "^Ana Ruiz, 6.RP.A.2:").click()
    expect(page.get_by_text("Chosen: cell L0 C1")).to_be_visible()
    page.get_by_role("button", name="Rerun").click()
    page.wait_for_timeout(500)
    expect(page.get_by_text("Chosen: cell L0 C1")).to_be_visible()
    assert page.locator("[aria-selected='true']").count() == 1


@pytest.mark.browser
def test_a_large_grid_draws_a_window_and_the_keys_reach_every_cell(page: Page) -> None:
    open_grid(page, 150, 60)
    assert page.locator("tbody tr:not(.gap)").count() < 80
    assert page.get_by_role("grid").get_attribute("aria-rowcount") == "151"
    assert page.get_by_role("grid").get_attribute("aria-colcount") == "61"
    page.locator("table [tabindex='0']").focus()
    page.keyboard.press("Control+End")
    expect(page.locator("tr[aria-rowindex='151']")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Chosen: cell L149 C59")).to_be_visible()
    page.locator(".scroll").evaluate("(node) => { node.scrollTop = 0; }")
    expect(page.locator("tr[aria-rowindex='2']")).to_be_in_viewport()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Chosen: cell L148 C59")).to_be_visible()


@pytest.mark.browser
def test_a_name_made_of_markup_shows_as_text_and_runs_nothing(page: Page) -> None:
    for part in ("grid", "cards", "figures"):
        page.goto(f"/?part={part}&rows=3")
        expect(page.get_by_role("heading", name=f"Components: {part}")).to_be_visible()
        page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
        page.wait_for_timeout(1000)  # what would run by itself has had its time
        if part != "cards":
            page.locator("details summary").last.click()
            expect(page.get_by_role("region", name="mastery").locator("table")).to_be_visible()
        assert page.evaluate("window.stolen") is None
        assert page.locator("img[src='x']").count() == 0
    page.goto("/?part=grid&rows=3")
    expect(page.get_by_role("rowheader", name=demo.EVIL)).to_be_visible()


@pytest.mark.browser
def test_markup_run_on_purpose_is_noticed(page: Page) -> None:
    """The control of the test above: the same name as markup does run here."""
    open_grid(page, 3, 3)
    page.evaluate("(evil) => { document.body.insertAdjacentHTML('beforeend', evil); }", demo.EVIL)
    page.wait_for_function("window.stolen === 'yes'")


@pytest.mark.browser
def test_printing_shows_every_learner_and_competency(page: Page) -> None:
    open_grid(page, 150, 60)
    page.emulate_media(media="print")
    expect(page.locator(".paper table")).to_have_count(4)
    assert page.locator(".paper tbody td").count() == 150 * 60
    assert not page.locator(".scroll").is_visible()
    page.emulate_media(media="screen")
    expect(page.locator(".paper table")).to_have_count(0)


@pytest.mark.browser
def test_the_grid_fits_a_phone_without_scrolling_the_page_sideways(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_grid(page)
    assert page.evaluate("document.querySelector('.stMain').scrollWidth") <= 390


# The cards, whose buttons need a browser too.


def open_cards(page: Page) -> None:
    page.goto("/?part=cards&rows=2")
    expect(page.get_by_text("Action: None")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("clicks", "action"),
    [
        (["Acknowledge"], "kind='acknowledge', flag='f0'"),
        (["Snooze", "30 November"], "kind='snooze', flag='f0', until=datetime.date(2026, 11, 30)"),
        (
            ["Wrong flag", "Done on paper"],
            "kind='wrong flag', flag='f0', until=None, reason='paper'",
        ),
        (["Refer", "Refer to counselor"], "kind='refer', flag='f0'"),
        (["1. Ana Ruiz"], "kind='open', flag='f0'"),
    ],
)
def test_every_action_takes_at_most_three_clicks(
    page: Page, clicks: list[str], action: str
) -> None:
    open_cards(page)
    scope: Page | Locator = page.locator(".st-key-card-f0")
    assert len(clicks) <= 3
    for click in clicks:
        scope.get_by_role("button", name=click, exact=click == "Refer").first.click()
        scope = page
    expect(page.get_by_text(f"Action: Action({action}")).to_be_visible()


@pytest.mark.browser
def test_a_note_to_the_counselor_arrives_with_the_referral(page: Page) -> None:
    open_cards(page)
    page.locator(".st-key-card-f0").get_by_role("button", name="Refer", exact=True).click()
    page.get_by_label("Note for the counselor").fill("  Asked for help at home. ")
    page.get_by_role("button", name="Refer to counselor").click()
    expect(page.get_by_text("note='Asked for help at home.'")).to_be_visible()


@pytest.mark.browser
def test_urgency_is_a_word_and_a_shape_and_the_trend_has_a_sentence(page: Page) -> None:
    open_cards(page)
    card = page.locator(".st-key-card-f0")
    expect(card.get_by_text("▲ Urgent")).to_be_visible()
    expect(card.get_by_role("img", name=re.compile("^Active days a week over 12"))).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("part", ["grid", "scores", "cards", "figures", "empty"])
def test_axe_finds_nothing_wrong(page: Page, part: str) -> None:
    page.goto(f"/?part={part}&rows=3")
    expect(page.get_by_role("heading", name=f"Components: {part}")).to_be_visible()
    settled(page)
    for summary in page.locator("details summary").all()[:1]:
        summary.click()
        expect(page.get_by_role("button", name="Download as CSV")).to_be_visible()
    assert [wrong for scheme in looked.SCHEMES if (wrong := looked.wrong(page, scheme))] == []
