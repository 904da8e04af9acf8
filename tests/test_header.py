"""The line above every page: help for each page, views that are one's own, keys that fight none."""

from datetime import timedelta

import pytest

from pages import ADDRESSES, header
from pages.help import HELP
from privacy import NotAllowed, Viewer
from queries import saved_views
from queries.saved_views import MOST
from tests import cast
from tests.conftest import District

TESS, OMAR = cast.viewer("Tess Moran"), cast.viewer("Omar Haddad")


def kept(viewer: Viewer) -> list[tuple[str, str]]:
    return [(view.name, view.address) for view in saved_views.saved_views(viewer)]


def test_every_page_has_help_and_no_help_lacks_its_page() -> None:
    assert set(HELP) == set(ADDRESSES)
    for words in HELP.values():
        assert len(words.split()) >= 6


def test_a_shortcut_has_a_modifier() -> None:
    assert "+" in header.FIND_KEYS


def test_a_view_is_kept_with_its_filters_and_comes_back(district: District) -> None:
    query = {"class": "Maths 7A", "unit": "1. Ratios"}
    saved_views.keep(TESS, name="  My  first ", address="mastery", query=query, now=cast.NOW)
    [view] = saved_views.saved_views(TESS)
    assert (view.name, view.address, dict(view.query)) == ("My first", "mastery", query)
    saved_views.forget(TESS, view=view.view_id)
    assert kept(TESS) == []


def test_the_same_name_again_takes_the_former_ones_place(district: District) -> None:
    for address in ("mastery", "content"):
        saved_views.keep(TESS, name="One", address=address, query={}, now=cast.NOW)
    assert kept(TESS) == [("One", "content")]


def test_nobody_sees_or_forgets_anothers_views(district: District) -> None:
    saved_views.keep(TESS, name="Mine", address="today", query={}, now=cast.NOW)
    [view] = saved_views.saved_views(TESS)
    assert kept(OMAR) == []
    saved_views.forget(OMAR, view=view.view_id)
    assert kept(TESS) == [("Mine", "today")]


@pytest.mark.parametrize("name", ["", "   "])
def test_a_view_without_a_name_is_refused_in_words(district: District, name: str) -> None:
    with pytest.raises(NotAllowed, match="needs a name"):
        saved_views.keep(TESS, name=name, address="today", query={}, now=cast.NOW)


def test_too_many_views_and_too_long_filters_are_refused(district: District) -> None:
    with pytest.raises(NotAllowed, match="too long"):
        saved_views.keep(TESS, name="x", address="today", query={"a": "b" * 3000}, now=cast.NOW)
    for number in range(MOST):
        now = cast.NOW + timedelta(seconds=number)
        saved_views.keep(TESS, name=f"View {number}", address="today", query={}, now=now)
    with pytest.raises(NotAllowed, match="Forget one"):
        saved_views.keep(TESS, name="One more", address="today", query={}, now=cast.NOW)
    assert len(kept(TESS)) == MOST
