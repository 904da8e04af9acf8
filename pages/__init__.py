"""The site map: every page of Chalkline, one record each; a new page is a file and a line here."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from urllib.parse import urlsplit

from privacy import Viewer

TEACHER, COUNSELOR, ADMINISTRATOR = "teacher", "counselor", "administrator"
SECURITY = "security"
EVERYONE = frozenset({TEACHER, COUNSELOR, ADMINISTRATOR, "records", "security"})


@dataclass(frozen=True)
class Page:
    """One page: its words, its address, who may open it and which module shows it."""

    title: str
    address: str  # the path, without slashes
    icon: str  # a Material symbol's name
    roles: frozenset[str]
    module: str  # has `page(viewer)`; imported when the page is first opened
    in_menu: bool = True

    def function(self) -> Callable[[Viewer], None]:
        """The function that shows the page."""
        show: Callable[[Viewer], None] = import_module(self.module).page
        return show


PAGES = (
    Page("Today", "today", "today", frozenset({TEACHER}), "pages.students.today"),
    Page("Caseload", "caseload", "diversity_1", frozenset({COUNSELOR}), "pages.students.caseload"),
    Page("Mastery", "mastery", "grid_on", frozenset({TEACHER}), "pages.students.mastery"),
    Page("Groups", "groups", "groups", frozenset({TEACHER}), "pages.students.groups"),
    Page("Content", "content", "menu_book", frozenset({TEACHER}), "pages.students.content"),
    Page(
        "Patterns",
        "patterns",
        "schedule",
        frozenset({TEACHER, COUNSELOR}),
        "pages.students.patterns",
    ),
    Page(
        "Find",
        "find",
        "search",
        frozenset({TEACHER, COUNSELOR}),
        "pages.students.find",
        in_menu=False,
    ),
    Page(
        "Learner",
        "learner",
        "person",
        frozenset({TEACHER, COUNSELOR}),
        "pages.students.learner",
        in_menu=False,  # opened from a name, or through Find
    ),
    Page("Meeting", "meeting", "groups", frozenset({COUNSELOR}), "pages.students.meeting"),
    Page("My week", "week", "event_note", frozenset({TEACHER, COUNSELOR}), "pages.students.week"),
    Page("Plan", "plan", "flag", frozenset({TEACHER, COUNSELOR}), "pages.students.plan", False),
    Page(
        "Raise a flag",
        "concern",
        "add_alert",
        frozenset({TEACHER, COUNSELOR}),
        "pages.students.concern",
        False,
    ),
    Page(
        "Message",
        "message",
        "mail",
        frozenset({TEACHER, COUNSELOR}),
        "pages.students.message",
        False,
    ),
    Page(
        "District overview",
        "overview",
        "location_city",
        frozenset({ADMINISTRATOR}),
        "pages.district.overview",
    ),
    Page(
        "Support",
        "support",
        "handshake",
        frozenset({ADMINISTRATOR}),
        "pages.district.support",
    ),
    Page("Equity", "equity", "balance", frozenset({ADMINISTRATOR}), "pages.district.equity"),
    Page("Courses", "courses", "school", frozenset({ADMINISTRATOR}), "pages.district.courses"),
    Page(
        "Patterns",
        "learning",
        "insights",
        frozenset({ADMINISTRATOR}),
        "pages.district.patterns",
    ),
    Page(
        "Privacy",
        "privacy",
        "shield_person",
        frozenset({ADMINISTRATOR}),
        "pages.district.privacy",
    ),
    Page("Data", "data", "database", frozenset({ADMINISTRATOR}), "pages.district.data"),
    Page("Staff and roles", "staff", "group", frozenset({ADMINISTRATOR}), "pages.account.staff"),
    Page(
        "Emergency view",
        "emergency",
        "emergency",
        frozenset({ADMINISTRATOR}),
        "pages.students.emergency",
    ),
    Page("Security", "security", "shield", frozenset({SECURITY}), "pages.account.security"),
    Page(
        "Records office", "records", "folder_shared", frozenset({"records"}), "pages.records.office"
    ),
    Page(
        "Alert quality",
        "alerts",
        "flag_circle",
        frozenset({ADMINISTRATOR, COUNSELOR}),
        "pages.district.alerts",
    ),
    Page("My account", "account", "lock", EVERYONE, "pages.account.own", in_menu=False),
)
ADDRESSES = {page.address: page for page in PAGES}


def home(role: str) -> Page:
    """The page a role starts on: the first one that is hers."""
    return next(page for page in PAGES if role in page.roles)


def landing(to: str) -> str:
    """Where to go afterwards: one of our own pages, never another site.

    >>> landing("/mastery?class=x"), landing("//evil.example/mastery"), landing("/auth/leave")
    ('/mastery?class=x', '/', '/')
    """
    parts = urlsplit(to)
    if parts.scheme or parts.netloc or parts.path.removeprefix("/") not in ADDRESSES:
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")
