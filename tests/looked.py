"""What axe has against a page: every rule in light, and in dark again those about colour."""

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Between the two nothing differs but colours; these are all rules of axe that read one.
_COLOUR = ["color-contrast", "link-in-text-block"]


def wrong(page: Page, scheme: Scheme = "light") -> dict[str, str]:
    """Broken rules of WCAG 2.2 AA, each with the first place where it is broken."""
    page.emulate_media(color_scheme=scheme)
    expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
    rules: dict[str, Any] = (
        {"type": "tag", "values": _LEVELS}
        if scheme == "light"
        else {"type": "rule", "values": _COLOUR}
    )
    # What is right need not be described node by node: that is most of the work.
    found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]})
    return {one["id"]: one["nodes"][0]["html"] for one in found.response["violations"]}
