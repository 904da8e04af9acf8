"""Every page as each role sees it on the demo: readable by all, on a phone, on paper, and discreet.

Each page is opened once and looked at by every test here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine

import privacy
from components.empty import GENERATED
from db import embedded
from privacy import people as people_of
from tests import cast
from tests.demo import People, Site, chromium, settled, site, visitor

pytest_plugins = ["tests.demo_template"]
pytestmark = pytest.mark.browser

LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
PHONE = 390  # pixels
# Streamlit's own, none of ours can mend them: element -> why.
STREAMLITS = {
    "stSkipToContent": "its target is drawn by Streamlit's own router",
}
# Streamlit asks under the page's own address first, then at the root, where it is answered.
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")
PLACES = (
    ("teacher", "today"),
    ("teacher", "mastery"),
    ("teacher", "content"),
    ("teacher", "learner"),
    ("teacher", "account"),
    ("counselor", "caseload"),
    ("counselor", "learner"),
    ("counselor", "today"),  # which is not hers: a refusal is a page too
    ("administrator", "overview"),
    ("", "today"),  # signed out: the form
)


@pytest.fixture(scope="module")
def place(demo_template: Path) -> Iterator[Site]:
    with site(demo_template) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def people(place: Site, browser: Browser) -> People:
    return People(place, browser)
