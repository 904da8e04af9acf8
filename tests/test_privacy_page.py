"""The Privacy page as a script: what it says, and that it never says a learner."""

from decimal import Decimal

from privacy import releases
from tests import cast
from tests.conftest import District
from tests.crowd import cap, crowd
from tests.test_pages import press, ran, said, sent, show

ADAM = cast.viewer("Adam Price")
RITA = cast.viewer("Rita Sol", role="administrator")
MODULE = "pages.district.privacy"


def part(name: str, viewer=ADAM):
    page = show(MODULE, viewer)
    page.session_state["part"] = name
    return ran(page)


def test_without_data_it_says_so_and_what_will_change_that(district: District) -> None:
    page = show(MODULE, ADAM)
    assert "Nothing can be released yet" in said(page)


def test_it_says_what_is_spent_by_whom_and_what_is_left(district: District) -> None:
    crowd(district, 300)
    releases.weekly_overview(now=cast.NOW)
    releases.release(ADAM, "mastery", "gender")
    page = show(MODULE, ADAM)
    text = said(page)
    assert "26 releases about 1 week" in text
    assert "takes 2.3 % a week" in text
    assert "more weeks" in text
    assert "Adam Price" in sent(page.main)
    assert "epsilon" in text


def test_a_budget_that_will_not_last_is_said_before_it_ends(district: District) -> None:
    crowd(district, 300)
    cap(district, year=Decimal("0.5"))
    releases.release(ADAM, "enrolment", "school")
    assert "At this pace the budget ends" in said(show(MODULE, ADAM))


def test_a_planned_report_is_priced_before_it_is_asked_for(district: District) -> None:
    crowd(district, 300)
    page = show(MODULE, ADAM)
    assert "**0.5 %** of the year's budget (rho 0.0316" in said(page)
    cap(district, year=Decimal("0.03"))
    assert "it would be refused" in said(ran(page))


def test_every_release_is_listed_with_its_parameters(district: District) -> None:
    crowd(district, 300)
    assert "Nothing has been released" in said(part("Releases"))
    releases.release(ADAM, "pass", "school")
    page = part("Releases")
    everything = sent(page.main)
    assert "Pass rate" in everything
    assert "discrete Gaussian" in everything
    assert [one.label for one in page.get("download_button")] == [
        "Download the list (2 releases)",
        "Download this release",
    ]


def test_one_proposes_and_another_approves(district: District) -> None:
    crowd(district, 300)
    page = part("Caps")
    page.number_input[0].set_value(4.0)
    page.text_area[0].set_value("Less is enough for us this year.")
    press(page, "Propose")
    assert "You proposed this yourself" in said(page)
    assert "Approve" not in [button.label for button in page.button]
    other = part("Caps", RITA)
    press(other, "Approve")
    now = releases.current(ADAM)
    assert now is not None
    assert now.cap == 4
    assert "Approved** by Rita Sol" in said(other)


def test_a_proposal_without_a_reason_is_refused_in_words(district: District) -> None:
    crowd(district, 300)
    page = press(part("Caps"), "Propose")
    assert "Say why in a sentence" in said(page)


def test_the_attacks_are_shown_without_any_data(district: District) -> None:
    page = part("What an attacker sees")
    assert "Asking 1,000 times" in said(page)
    assert "the best guess about her is right" in said(page)
    before = sent(page.main)
    assert sent(press(page, "Make up another school").main) != before
