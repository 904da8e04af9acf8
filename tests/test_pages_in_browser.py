"""Every page as each role sees it on the demo: readable by all, on a phone, on paper, and discreet.

Each page is opened once and then looked at by the tests here one after the other.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

import pages
from components.empty import GENERATED
from tests import looked
from tests.demo import People, Site, chromium, settled, site, visitor

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
PAPER = {"width": 704, "height": 1032}  # A4 less 12 mm on each side, at 96 pixels an inch
# Streamlit asks below the page's own address first, and then at the root, where it is answered.
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")
PLACES = (
    ("teacher", "today"),
    ("teacher", "mastery"),
    ("teacher", "groups"),
    ("teacher", "content"),
    ("teacher", "patterns"),
    ("teacher", "learner"),
    ("teacher", "find"),
    ("teacher", "account"),
    ("counselor", "caseload"),
    ("counselor", "learner"),
    ("counselor", "today"),  # which is not hers: a refusal is a page too
    ("administrator", "overview"),
    ("administrator", "equity"),
    ("administrator", "learning"),
    ("administrator", "privacy"),
    ("administrator", "data"),
    ("nobody", "today"),  # signed out: the form
)


WITH_CHARTS = {
    ("teacher", "content"),
    ("teacher", "patterns"),
    ("teacher", "learner"),
    ("counselor", "learner"),
    ("administrator", "overview"),
}
WITH_NAMES = {("teacher", "today"), ("teacher", "mastery"), ("counselor", "caseload")} | {
    (role, "learner") for role in ("teacher", "counselor")
}

OTHERS = {  # looked at by axe alone; of a learner's, the address names one
    "teacher": ("week", "plan?learner=", "concern?learner=", "message?learner="),
    "counselor": ("meeting", "alerts", "plan?learner="),
    "administrator": ("support", "courses", "staff", "emergency", "alerts"),
    "records": ("records",),
    "security": ("security",),
}


@dataclass(frozen=True)
class Opened:
    """A page that stands in a browser, what the browser complained of, and who is named on it."""

    role: str
    address: str
    page: Page
    complaints: list[str]
    names: frozenset[str]


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


@pytest.fixture(scope="module", params=PLACES, ids=" ".join)
def opened(
    request: pytest.FixtureRequest, place: Site, people: People, browser: Browser
) -> Iterator[Opened]:
    role, address = request.param
    login = place.logins.get(role)
    context = people.browser_of(login) if login else visitor(browser, place)
    page = context.new_page()
    complaints: list[str] = []
    for event, hear in _listener(place, complaints).items():
        page.on(event, hear)  # type: ignore[call-overload]  # a name each, as the library types
    page.on("pageerror", lambda error: complaints.append(str(error)))
    learner = _a_learner(place, role) if address == "learner" else None
    page.goto(f"/{address}" + (f"?learner={place.sealed(learner, role)}" if learner else ""))
    page.get_by_text(f"{login['name']} · {role}" if login else "Sign-in name").first.wait_for()
    settled(page)
    for frame in page.locator("[data-testid=stPlotlyChart]").all():
        frame.locator("svg").first.wait_for()
    if address == "mastery":
        _rows(page).first.wait_for()
    yield Opened(role, address, page, complaints, _names_on(page))
    page.close()
    if not login:
        context.close()


@pytest.fixture(autouse=True)
def as_on_a_desk(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test may turn the page into a phone or paper; the next finds it on a desk again."""
    yield
    if "opened" in request.fixturenames:
        page = request.getfixturevalue("opened").page
        page.emulate_media(media="screen", color_scheme="light")
        page.set_viewport_size(DESK)


@pytest.mark.parametrize("scheme", looked.SCHEMES)
def test_axe_finds_nothing_wrong(opened: Opened, scheme: looked.Scheme) -> None:
    assert looked.wrong(opened.page, scheme) == {}


@pytest.mark.parametrize("role", OTHERS)
def test_nothing_is_wrong_on_the_other_pages_and_nobody_named_outside_them(
    people: People, place: Site, role: str
) -> None:
    """What axe finds, what the browser complains of, and learners in titles and addresses."""
    found, complaints, inside, outside, name = {}, list[str](), "", "", None
    context = people.browser_of(place.logins[role])
    listen = _listener(place, complaints)
    for event, hear in listen.items():
        context.on(event, hear)  # type: ignore[call-overload]  # a name each, as the library types
    if any(address.endswith("=") for address in OTHERS[role]):
        learner = place.sealed(_a_learner(place, role), role)
        with people.at(place.logins[role], f"/learner?learner={learner}") as page:
            name = page.get_by_role("heading", level=1).inner_text()
    for address in OTHERS[role]:
        whole = f"/{address}{learner if address.endswith('=') else ''}"
        with people.at(place.logins[role], whole) as page:
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            outside += f"{page.title()} {page.url} "
            inside += page.locator("body").inner_text()
            found |= {(address, scheme): looked.wrong(page, scheme) for scheme in looked.SCHEMES}
    for event, hear in listen.items():
        context.remove_listener(event, hear)
    assert {where: wrong for where, wrong in found.items() if wrong} == {}
    assert complaints == []
    assert not name or (name in inside and not _named([name], outside))


def test_every_page_is_looked_at_here() -> None:
    others = {address.partition("?")[0] for some in OTHERS.values() for address in some}
    assert {address for _, address in PLACES} | others == set(pages.ADDRESSES)


def test_axe_notices_what_is_wrong(people: People, place: Site) -> None:
    """The control of the test above: here something is wrong on purpose."""
    with people.at(place.logins["administrator"], "/overview") as page:
        page.evaluate("document.body.append(document.createElement('img'))")
        page.get_by_role("heading", level=1).evaluate("it => (it.style.color = '#222')")
        wrong = looked.wrong(page), looked.wrong(page, "dark")
    assert "image-alt" in wrong[0]
    assert "color-contrast" in wrong[1]


def test_axe_finds_nothing_wrong_in_any_part_of_the_records_office(
    people: People, place: Site
) -> None:
    """Also on a phone nothing makes it scroll sideways; the demo's desk has something in each."""
    learner = place.ask("SELECT learner_id FROM chalkline.erasure_requests ORDER BY due_on")[0][0]
    file = f"A+learner%27s+file&learner={place.sealed(learner, 'records')}"
    wrong, wide = set(), []
    with people.at(place.logins["records"], "/records") as page:
        for part in ("Requests", file, "Consents", "What+fell+due", "Holds"):
            page.goto(f"/records?part={part}")
            page.get_by_role("heading", name="Records office").wait_for()
            settled(page)
            if part == "Requests":  # the correction's form, too
                page.get_by_text("Open what is held").first.click()
                page.get_by_label("Given name").wait_for()
            for scheme in looked.SCHEMES:
                wrong |= {(part[:9], scheme, *one) for one in looked.wrong(page, scheme).items()}
            page.set_viewport_size(PHONE)
            if page.locator("[data-testid=stMain]").evaluate("it => it.scrollWidth") > 390:
                wide.append(part)
            page.set_viewport_size(DESK)
    assert (wrong, wide) == (set(), [])


def test_the_browser_complains_of_nothing(opened: Opened) -> None:
    assert opened.complaints == []


def test_every_figure_says_what_it_shows(opened: Opened) -> None:
    charts = opened.page.get_by_test_id("stPlotlyChart")
    assert bool(charts.count()) == ((opened.role, opened.address) in WITH_CHARTS)
    for picture in [*charts.all(), *opened.page.locator("svg[role=img]").all()]:
        sentence = picture.evaluate(
            "it => (it.closest('[aria-label]') ?? it.querySelector('[aria-label]'))?.ariaLabel"
        )
        assert len((sentence or "").split()) >= 5


def test_words_in_figures_have_the_ink_of_the_theme_that_is_shown(opened: Opened) -> None:
    """Also when a browser turns dark while the page stands."""
    page = opened.page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator(".stApp")).to_have_css("color-scheme", scheme)
        ink = page.locator(".stApp").evaluate("it => getComputedStyle(it).color")
        for words in page.locator(".stPlotlyChart :is(.xtick, .ytick) text").all()[:3]:
            expect(words).to_have_css("fill", ink)


def test_the_page_says_that_its_people_are_invented(opened: Opened) -> None:
    expect(opened.page.get_by_text(GENERATED)).to_have_count(0 if opened.role == "nobody" else 1)


def test_no_name_of_a_learner_is_in_the_title_or_the_address(opened: Opened) -> None:
    assert bool(opened.names) == ((opened.role, opened.address) in WITH_NAMES)
    assert _named(opened.names, f"{opened.page.title()} {opened.page.url}") == []


def test_on_a_phone_nothing_makes_the_page_scroll_sideways(opened: Opened) -> None:
    opened.page.set_viewport_size(PHONE)
    expect(opened.page.get_by_test_id("stMain")).to_have_css("width", f"{PHONE['width']}px")
    for box in ("html", "[data-testid=stMain]"):
        assert opened.page.locator(box).evaluate("it => it.scrollWidth") <= PHONE["width"]


def test_on_paper_it_is_black_on_white_whole_and_without_buttons(opened: Opened) -> None:
    if opened.role == "nobody":
        return  # nobody prints the form
    page = opened.page
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator(".stApp")).to_have_css("background-color", "rgb(255, 255, 255)")
    for button in page.get_by_role("button").all():
        if button.is_visible():
            assert any(name in button.inner_text() for name in opened.names)
    long, seen, wide = page.get_by_test_id("stMain").evaluate(
        "main => [main.scrollHeight, main.clientHeight, main.scrollWidth]"
    )
    assert long <= seen + 1  # a box that scrolls would be cut at the first sheet's end
    assert wide <= PAPER["width"]
    sheets = page.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    assert long / PAPER["height"] <= sheets <= 2 * (1 + long / PAPER["height"])


def test_who_needs_help_is_named_on_paper(people: People, place: Site) -> None:
    for role, address in (("teacher", "/today"), ("counselor", "/caseload")):
        with people.at(place.logins[role], address) as page:
            page.emulate_media(media="print")
            card = page.locator("[class*='st-key-card-']").last
            expect(card.get_by_text(re.compile(r"^\d+\. \w+"))).to_be_visible()
            expect(card.get_by_text("Wrong flag")).to_be_hidden()


# Classes of unusual size.


def test_figures_stand_in_one_column_also_where_one_is_not_told(
    people: People, place: Site
) -> None:
    with people.at(place.logins["teacher"], "/mastery") as page:
        page.get_by_text("Beside your grade and school").click()
        table = page.get_by_role("table", name=re.compile("beside its grade"))
        for cell in (table.get_by_role("cell", name="–"), table.get_by_role("cell", name="%")):
            expect(cell.first).to_have_css("text-align", "right")
        expect(table.get_by_role("rowheader").first).to_have_css("text-align", "left")


def test_a_class_without_learners_is_said_to_be_empty(people: People, place: Site) -> None:
    label = _title(place, place.truth().empty_class)
    teacher = place.account(_lead_of(place, place.truth().empty_class))
    with people.at(teacher, f"/mastery?class={label.replace(' ', '+')}") as page:
        expect(page.get_by_text("Nobody is in this class yet.")).to_be_visible()


def test_a_class_of_one_learner_has_a_map_and_no_figures_about_groups(
    people: People, place: Site
) -> None:
    one = place.truth().class_of_one
    teacher = place.account(_lead_of(place, one))
    with people.at(teacher, f"/mastery?class={_title(place, one).replace(' ', '+')}") as page:
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "2")
    only = place.ask("SELECT learner_id FROM chalkline.enrollments WHERE class_id = :it", it=one)
    place.run(  # now she teaches nobody else
        "DELETE FROM chalkline.class_staff WHERE class_id <> :it AND staff_id = :her",
        it=one,
        her=_lead_of(place, one),
    )
    assert len(only) == 1
    with people.at(teacher, "/content?part=Questions") as page:
        expect(page.get_by_text("has been answered by 5 learners of your classes")).to_be_visible()
        expect(page.get_by_test_id("stPlotlyChart")).to_have_count(0)


def test_a_hundred_and_fifty_learners_by_sixty_competencies_can_be_read_and_reached(
    people: People, place: Site
) -> None:
    filled = place.truth().empty_class
    place.run(
        "INSERT INTO chalkline.enrollments (district_id, class_id, learner_id, enrolled_on) "
        "SELECT c.district_id, c.class_id, l.learner_id, c.starts_on FROM chalkline.classes c "
        "JOIN (SELECT * FROM chalkline.learners ORDER BY learner_id LIMIT 150) l "
        "USING (district_id) WHERE c.class_id = :it",
        it=filled,
    )
    place.run(
        "INSERT INTO chalkline.content_competencies (section_id, competency_id) "
        "SELECT s.section_id, k.competency_id FROM "
        "(SELECT section_id FROM chalkline.sections JOIN chalkline.classes USING (course_id)"
        " WHERE class_id = :it ORDER BY section_id LIMIT 1) s, chalkline.competencies k "
        "ON CONFLICT DO NOTHING",
        it=filled,
    )
    label = _title(place, filled).replace(" ", "+")
    with people.at(place.account(_lead_of(place, filled)), f"/mastery?class={label}") as page:
        grid = page.get_by_role("grid")
        expect(grid).to_have_attribute("aria-rowcount", "151")
        assert int(grid.get_attribute("aria-colcount") or 0) > 60
        page.get_by_role("gridcell").and_(page.locator("[aria-label]")).first.click()
        page.keyboard.press("Control+End")
        expect(page.locator("tr[aria-rowindex='151']")).to_be_in_viewport()
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Open the learner's page")).to_be_visible()


def test_the_class_that_missed_a_lesson_is_one_group_to_teach_again(
    people: People, place: Site
) -> None:
    planted = place.truth().reteach
    notices = place.ask(
        "SELECT k.code FROM chalkline.class_notices n JOIN chalkline.competencies k "
        "USING (competency_id) WHERE n.class_id = :it AND n.closed_on IS NULL",
        it=planted.class_id,
    )
    assert [row[0] for row in notices] == [planted.code]
    found = {row[0] for row in _struggling(place, planted.code)}
    assert len(found & planted.learners) >= 0.7 * len(planted.learners)
    label = _title(place, planted.class_id).replace(" ", "+")
    lead = place.account(_lead_of(place, planted.class_id))
    with people.at(lead, f"/groups?class={label}") as page:
        expect(page.get_by_text(f"lack {planted.code}; 20 minutes; use “")).to_be_visible()
        expect(page.get_by_text("In other teachers’ classes").first).to_be_visible()


def test_learners_held_up_by_a_planted_gap_are_sent_back_to_it(place: Site) -> None:
    weak = {
        (learner, code)
        for code in {code for _, code, _ in place.truth().blocked}
        for (learner,) in _struggling(place, code)
    }
    held_up = [
        (learner, code, before)
        for learner, code, before in place.truth().blocked
        if (learner, code) in weak and (learner,) in _struggling(place, before)
    ]
    sent_back = {
        tuple(row)
        for row in place.ask(
            "SELECT r.learner_id, k.code FROM chalkline.recommendations r "
            "JOIN chalkline.competencies k ON k.competency_id = (r.reasons->>'holds_up')::uuid"
        )
    }
    assert len(held_up) > 20
    learners = {learner for learner, _, _ in held_up}
    assert len({learner for learner, _ in sent_back} & learners) >= 0.9 * len(learners)


def _struggling(place: Site, code: str) -> list[tuple[UUID]]:
    return [
        (row[0],)
        for row in place.ask(
            "SELECT m.learner_id FROM chalkline.mastery m JOIN chalkline.competencies k "
            "USING (competency_id) WHERE k.code = :code AND m.label = 'struggling'",
            code=code,
        )
    ]


def test_after_all_that_the_log_names_no_learner(place: Site, people: People) -> None:
    with people.at(place.logins["teacher"], "/mastery") as page:
        _rows(page).nth(20).wait_for()  # the grid draws itself when the page has been drawn
        names = _names_on(page)
    assert len(names) > 20
    assert _named(names, place.app.said()) == []
    assert _named(names, f"a log that names {min(names)}")  # the control


def _is_ours(said: ConsoleMessage) -> bool:
    return said.type == "error" and not PROBES.search(said.location["url"])


def _listener(place: Site, complaints: list[str]) -> dict[str, Callable[[Any], None]]:
    """Notes errors (a breach of the pages' policy is one) and whatever is asked of other hosts."""

    def said(message: ConsoleMessage) -> None:
        if _is_ours(message):
            complaints.append(message.text)

    def asked(request: Request) -> None:
        if not request.url.startswith((place.app.url, "data:", "blob:")):
            complaints.append(f"asked {request.url}")

    return {"console": said, "request": asked}


def _named(names: Collection[str], text: str) -> list[str]:
    """Parts of these names that a text holds as words."""
    parts = {part.casefold() for name in names for part in re.findall(r"\w{3,}", name)}
    words = set(re.findall(r"\w+", unquote_plus(text).casefold()))
    return sorted(parts & words)


def _names_on(page: Page) -> frozenset[str]:
    """Of cards, of the grid's rows and of a learner's own page."""
    named = [re.sub(r"^\d+\. ", "", one) for one in _rows(page).all_inner_texts()]
    people = "[class*='st-key-card-'] button[kind=tertiary], [class*='st-key-due-'] button"
    for button in page.locator(people).all():
        named.append(re.sub(r"^\d+\. |\n.*", "", button.inner_text()))
    if "/learner" in page.url:
        named.append(page.get_by_role("heading", level=1).inner_text())
    return frozenset(named)


def _rows(page: Page) -> Locator:
    """The learners of a grid; other tables' row headers name none."""
    return page.get_by_role("grid").get_by_role("rowheader")


def _a_learner(place: Site, role: str) -> UUID:
    """One with a flag, for whom the person is responsible."""
    hers = {
        "teacher": "SELECT e.learner_id FROM chalkline.class_staff c "
        "JOIN chalkline.enrollments e USING (district_id, class_id) WHERE c.staff_id = :her",
        "counselor": "SELECT learner_id FROM chalkline.caseloads WHERE staff_id = :her",
    }
    return place.ask(
        "SELECT learner_id FROM chalkline.flags WHERE closed_on IS NULL "
        f"AND class_id IS NOT NULL AND learner_id IN ({hers[role]}) ORDER BY learner_id LIMIT 1",
        her=place.staff_id(role),
    )[0][0]


def _lead_of(place: Site, class_id: UUID) -> UUID:
    return place.ask(
        "SELECT staff_id FROM chalkline.class_staff WHERE class_id = :it AND duty = 'lead'",
        it=class_id,
    )[0][0]


def _title(place: Site, class_id: UUID) -> str:
    return place.ask("SELECT title FROM chalkline.classes WHERE class_id = :it", it=class_id)[0][0]
