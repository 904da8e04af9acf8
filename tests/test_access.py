"""Attacks on the running application: over its websocket, its addresses, and in a browser.

The probe page (tests/probe.py) stands for every page: for each attack there is a control that
shows the same page to the person who may see it.
"""

import base64
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import Engine, create_engine, text
from streamlit.util import calc_hash
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

import pages
from db.embedded import Server
from pages.password_form import WRONG
from pages.sign_in import NO_ROLE
from privacy import passwords, proving, totp
from tests import cast
from tests.app_server import ROOT, RunningApp, free_port, running_app
from tests.conftest import _super
from tests.demo import chromium
from tests.probe import CANARY, LEFT_BY_CALLBACK
from tests.tab import PAGE, Browser, Tab

PASSWORD = "three blue kettles"
REFUSED = "may not open"
PROBE = ("-c", "from tests import probe; probe.serve()")


@dataclass(frozen=True)
class Campus:
    """A running application over the cast's district, and a way to change its database."""

    app: RunningApp
    database: Engine
    callbacks: Path  # what the probe's button has written
    environment: dict[str, str]
    folder: Path
    known: dict[str, Browser] = field(default_factory=dict)

    def run(self, statement: str, **values: object) -> None:
        """Changes the database as nobody in the application could."""
        with self.database.begin() as connection:
            connection.execute(text(statement), values)

    def browser(self, name: str = "", *, page: str = "") -> Browser:
        """A new browser, signed in as somebody of the cast if a name is given."""
        browser = Browser(self.app)
        if name:
            assert browser.sign_in(name, PASSWORD, page=page).redirect
            assert "chalkline" in browser.cookies
        return browser

    def familiar(self, name: str) -> Browser:
        """A browser in which somebody is signed in, shared by tests that do not end her session."""
        if name not in self.known:
            self.known[name] = self.browser(name)
        return self.known[name]

    def written(self) -> int:
        """How often the probe's button has done its work."""
        return len(self.callbacks.read_text().splitlines()) if self.callbacks.exists() else 0


@pytest.fixture(scope="module")
def campus(
    server: Server, template: str, keys: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campus]:
    """One application for all attacks; each test signs in with browsers of its own."""
    _super(server, f"CREATE DATABASE campus TEMPLATE {template} OWNER chalkline_owner")
    database = create_engine(server.url("superuser", "campus"))
    with database.begin() as connection:
        connection.execute(
            text("UPDATE chalkline.accounts SET password_hash = :hash"),
            {"hash": passwords.hashed(PASSWORD)},
        )
    folder = tmp_path_factory.mktemp("campus")
    environment = {
        "DATABASE_URL": server.url("app", "campus"),
        "CHALKLINE_KEY_FILE": str(keys / "kek.json"),
        "CHALKLINE_CONTEXT_SECRET_FILE": str(keys / "context.key"),
        LEFT_BY_CALLBACK: str(folder / "callbacks"),
    }
    with running_app(folder, folder, environment=environment, command=PROBE) as app:
        yield Campus(app, database, folder / "callbacks", environment, folder)
    database.dispose()
    _super(server, "DROP DATABASE campus WITH (FORCE)")


@pytest.fixture(autouse=True)
def forgiven(campus: Campus) -> None:
    """No test waits for the wrong passwords of another."""
    campus.run("DELETE FROM chalkline.sign_in_attempts")


ADDRESSES = [page.address for page in pages.PAGES] + ["probe"]


# Who sees what.


def test_a_teacher_sees_the_probe(campus: Campus) -> None:
    assert f"{CANARY} page of Tess Moran" in campus.familiar("tess").ask("probe").words


@pytest.mark.parametrize("address", ["", *ADDRESSES])
def test_a_signed_out_visitor_gets_the_form_at_every_address(campus: Campus, address: str) -> None:
    seen = campus.browser().ask(address)
    assert set(seen.widgets) == {"Sign-in name", "Password", "Sign in"}
    assert CANARY not in seen.words


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("name", ["tess", "carla", "adam", "rita"])
def test_a_page_of_another_role_is_refused_in_words(
    campus: Campus, name: str, address: str
) -> None:
    person = next(each for each in cast.STAFF if each.lower().startswith(name))
    allowed = {page.address: page.roles for page in pages.PAGES} | {"probe": {"teacher"}}
    seen = campus.familiar(name).ask(address)
    assert (REFUSED in seen.words) == (cast.STAFF[person][1] not in allowed[address])
    assert (CANARY in seen.words) == (name == "tess" and address == "probe")


def test_the_menu_offers_only_what_the_role_may_open(campus: Campus) -> None:
    offered = campus.familiar("adam").ask("overview").shown
    assert offered == [
        page.title for page in pages.PAGES if page.in_menu and "administrator" in page.roles
    ]


def test_a_crafted_message_naming_a_forbidden_page_is_refused(campus: Campus) -> None:
    known = campus.familiar("tess").ask("probe").pages
    adam = campus.familiar("adam")
    for crafted in (
        {"page_hash": known["probe"]},
        {"page": "overview", "page_hash": known["probe"]},
        {"page": "probe", "query": "page=probe&role=teacher&chalkline_session=x"},
    ):
        with adam.tab() as tab:
            tab.run(page="overview")
            seen = tab.run(**crafted)
        assert CANARY not in seen.words
        assert REFUSED in seen.words


def test_a_crafted_message_shows_a_signed_out_tab_nothing(campus: Campus) -> None:
    known = campus.familiar("tess").ask("probe").pages
    with campus.browser().tab() as tab:
        for hash_ in (*known.values(), calc_hash(str(ROOT / "tests" / "probe.py")), "0" * 32):
            seen = tab.run(page_hash=hash_)
            assert CANARY not in seen.words
            assert "Sign-in name" in seen.widgets


# The cold server: Streamlit itself would run the files of a `pages` folder.


@pytest.mark.parametrize("name", ["own", "students", "router"])
def test_a_cold_server_runs_no_page_file_by_itself(campus: Campus, name: str) -> None:
    with running_app(
        campus.folder, campus.folder, environment=campus.environment, command=PROBE
    ) as cold:
        seen = Browser(cold).ask(name)
    assert set(seen.widgets) == {"Sign-in name", "Password", "Sign in"}
    assert CANARY not in seen.words


def test_the_trap_exists_a_pages_folder_beside_the_script_is_run_without_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "alerts.py").write_text(f"import streamlit as st; st.write('{CANARY}')")
    (tmp_path / "app.py").write_text("import streamlit as st; st.navigation([]); st.stop()")
    port = free_port()
    options = [f"--server.port={port}", "--server.headless=true"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", *options],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _answers(f"{url}/_stcore/health")
        seen = Browser(RunningApp(url, port, tmp_path / "log", process.pid)).ask("alerts")
    finally:
        process.terminate()
        process.wait()
    assert CANARY in seen.words


# Signing in.


def test_wrong_passwords_and_unknown_names_get_the_same_words(campus: Campus) -> None:
    browser = campus.browser()
    for name in ("tess", "nobody", "' OR 1=1 --", "te\0ss", "<script>"):
        seen = browser.sign_in(name, "wrong")
        assert WRONG in seen.words
        assert seen.redirect is None


def test_an_open_page_clears_itself_when_its_session_has_ended(campus: Campus) -> None:
    browser = campus.browser("tess")
    with browser.tab() as tab:
        fragment = tab.run(page="account").fragments[0]
        _sign_out(browser)
        seen = tab.run(page="account", fragment=fragment, by_itself=True)
    assert seen.redirect is not None


def test_five_wrong_passwords_make_the_right_one_wait(campus: Campus) -> None:
    browser = campus.browser()
    for _ in range(5):
        browser.sign_in("omar", "wrong")
    seen = browser.sign_in("omar", PASSWORD)
    assert seen.redirect is None
    assert "Try again in 1 minute" in seen.words


def test_a_person_without_a_role_is_told_whom_to_ask(campus: Campus) -> None:
    who = {"who": cast.of("Sam Shah")}
    campus.run(
        "UPDATE chalkline.staff_roles SET ends_on = '2026-01-01' WHERE staff_id = :who", **who
    )
    seen = campus.browser().sign_in("sam", PASSWORD)
    campus.run("UPDATE chalkline.staff_roles SET ends_on = NULL WHERE staff_id = :who", **who)
    assert seen.redirect is None
    assert NO_ROLE in seen.words


def test_a_visitor_lands_on_the_page_she_asked_for(campus: Campus) -> None:
    browser = campus.browser()
    seen = browser.sign_in("tess", PASSWORD, page="mastery", query="class=x%26y&notice=idle")
    assert seen.redirect
    assert browser.get("/").headers["location"] == "/today"
    assert "to=%2Fmastery%3Fclass%3Dx%2526y" in seen.redirect


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example/today", "/\\evil.example", "/auth/leave", "x"]
)
def test_signing_in_leads_to_no_other_site(campus: Campus, to: str) -> None:
    browser = campus.browser()
    ticket = _ticket(browser, "tess")
    answer = browser.get("/auth/enter", ticket=ticket, to=to)
    assert answer.headers["location"] == "/today"


def test_a_ticket_is_worth_nothing_in_another_browser_or_a_second_time(campus: Campus) -> None:
    mine, thief = campus.browser(), campus.browser()
    ticket = _ticket(mine, "tess")
    assert "chalkline" not in _enter(thief, ticket)
    assert "chalkline" in _enter(mine, ticket)
    assert "chalkline" not in _enter(campus.browser(), ticket)
    mine.jar.delete("chalkline")
    assert "chalkline" not in _enter(mine, ticket)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(campus: Campus) -> None:
    browser = campus.browser()
    ticket = _ticket(browser, "tess")
    said = browser.get("/auth/enter", ticket=ticket).headers["set-cookie"]
    assert re.fullmatch(r"chalkline=[\w-]{43}; Path=/; HttpOnly; SameSite=Strict", said)


def test_behind_https_cookies_are_secure_and_bound_to_the_host(campus: Campus) -> None:
    environment = {**campus.environment, "CHALKLINE_PUBLIC_URL": "https://chalk.example"}
    with running_app(campus.folder, campus.folder, environment=environment, command=PROBE) as app:
        answers = [
            httpx.get(app.url + path, headers={"host": "chalk.example", **PAGE})
            for path in ("/today", "/_stcore/health")
        ]
    cookies = [value for answer in answers for value in answer.headers.get_list("set-cookie")]
    assert any(value.startswith("__Host-chalkline-browser=") for value in cookies)
    assert any(value.startswith("_streamlit_xsrf=") for value in cookies)
    assert all("; Secure" in value for value in cookies)
    assert "max-age=" in answers[0].headers["strict-transport-security"]


def test_a_required_second_factor_comes_before_any_page_and_is_asked_ever_after(
    campus: Campus,
) -> None:
    rule = "UPDATE chalkline.institutions SET settings = '{}' WHERE district_id = 1"
    campus.run(rule.format('{"second_factor": "required"}'))
    browser = campus.browser("rita")
    with browser.tab() as tab:
        seen = tab.run(page="overview")
        assert "Add a second factor" in seen.words
        assert REFUSED not in seen.words
        key = re.search(r"type this key into it: `([A-Z2-7 ]+)`", seen.words)
        assert key
        secret = base64.b32decode(key[1].replace(" ", ""))
        box, button = seen.widgets["2. Type the six digits it shows"], seen.widgets["Turn on"]
        wrong = tab.run(page="overview", typed={box: "000000"}, clicked=button)
        assert "That code is not right" in wrong.words
        step = totp.step_at(datetime.now(UTC))
        done = tab.run(page="overview", typed={box: totp.code(secret, step)}, clicked=button)
        assert "Write these recovery codes down" in done.words
        recovery = re.search(r"([a-z2-9]{4}(?:-[a-z2-9]{4}){5})", done.words)
        assert recovery
        assert REFUSED in tab.run(page="overview").words  # the page itself answers now
        remove = tab.run(page="account").widgets["Remove second factor"]
        assert proving.WRONG in tab.run(page="account", clicked=remove).words
    with campus.browser().tab() as tab:
        form = tab.run().widgets
        typed = {form["Sign-in name"]: "rita", form["Password"]: PASSWORD}
        seen = tab.run(typed=typed, clicked=form["Sign in"])
        assert seen.redirect is None
        assert "One more step" in seen.words
        box, button = seen.widgets["Code"], seen.widgets["Sign in"]
        seen = tab.run(typed={box: totp.code(secret, step)}, clicked=button)
        assert "used already" in seen.words
        assert seen.redirect is None
        seen = tab.run(typed={box: recovery[1]}, clicked=button)
        assert seen.redirect is not None
        assert seen.redirect.startswith("/auth/enter")
    campus.run("DELETE FROM chalkline.second_factors")
    campus.run(rule.format("{}"))


def test_signing_out_elsewhere_asks_for_the_password_on_the_page(campus: Campus) -> None:
    elsewhere = campus.browser("rita")
    with campus.browser("rita").tab() as tab:
        form = tab.run(page="account").widgets
        box, button = form["Your password"], form["Sign out there"]
        seen = tab.run(page="account", typed={box: "a guess"}, clicked=button)
        assert "nothing was ended" in seen.words
        assert elsewhere.ask("account").redirect is None
        seen = tab.run(page="account", typed={box: PASSWORD}, clicked=button)
        assert "signed in nowhere else" in seen.words
    assert elsewhere.ask("account").redirect is not None


# Ending.


def test_a_stolen_cookie_is_dead_after_signing_out(campus: Campus) -> None:
    browser, thief = campus.browser("tess"), campus.browser()
    with thief.tab(cookies=browser.cookies) as tab:
        assert CANARY in tab.run(page="probe").words  # the control: it is worth something before
    stolen = browser.cookies
    _sign_out(browser)
    with thief.tab(cookies=stolen) as tab:
        seen = tab.run(page="probe")
    assert CANARY not in seen.words
    assert seen.redirect is not None
    assert seen.redirect.startswith("/auth/leave")


def test_signing_out_in_one_tab_ends_the_other_at_its_next_click(campus: Campus) -> None:
    browser = campus.browser("tess")
    with browser.tab() as other:
        button = other.run(page="probe").widgets["Write"]
        before = campus.written()
        other.run(page="probe", clicked=button)
        assert campus.written() == before + 1  # the control
        _sign_out(browser)
        seen = other.run(page="probe", clicked=button)
    assert campus.written() == before + 1  # its callback, which runs before any page, did not run
    assert CANARY not in seen.words
    assert seen.redirect is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("last_seen_at = now() - interval '16 minutes'", "idle"),
        ("absolute_expires_at = now() - interval '1 second'", "day"),
        ("revoked_at = now()", "signed-out"),
    ],
)
def test_an_ended_session_leads_to_the_sign_in_and_back(
    campus: Campus, change: str, why: str
) -> None:
    browser = campus.browser("ines")
    with browser.tab() as tab:
        assert CANARY in tab.run(page="probe", query="class=x").words
        campus.run(
            f"UPDATE chalkline.web_sessions SET {change} WHERE account_id = :who",
            who=cast.of("account Ines Duarte"),
        )
        seen = tab.run(page="probe", query="class=x")
    assert CANARY not in seen.words
    assert seen.redirect == f"/auth/leave?why={why}&to=%2Fprobe%3Fclass%3Dx"
    answer = browser.get(seen.redirect)
    assert answer.headers["location"] == f"/probe?class=x&notice={why}"
    assert "chalkline" not in browser.cookies


def test_fragments_of_an_ended_session_load_nothing(campus: Campus) -> None:
    browser = campus.browser("tess")
    with browser.tab() as tab:
        fragments = tab.run(page="probe").fragments
        loaded = [tab.run(page="probe", fragment=each).words for each in fragments]
        assert any(f"{CANARY} careless" in words for words in loaded)  # the control
        assert any(f"{CANARY} guarded" in words for words in loaded)
        _sign_out(browser)
        for each in fragments:
            seen = tab.run(page="probe", fragment=each, by_itself=True)
            assert CANARY not in seen.words
            assert seen.redirect is not None


def test_a_page_that_repeats_itself_does_not_keep_a_session_alive(campus: Campus) -> None:
    browser = campus.browser("tess")
    with browser.tab() as tab:
        fragments = tab.run(page="probe").fragments
        at = _last_seen(campus, "14 minutes")
        for each in fragments:
            tab.run(page="probe", fragment=each, by_itself=True)
        assert _last_seen(campus) == at
    with browser.tab() as tab:
        tab.run(page="probe")
    assert _last_seen(campus) > at  # the control: a person's visit does


def test_a_person_is_warned_before_her_session_ends(campus: Campus) -> None:
    with campus.browser("tess").tab() as tab:
        seen = tab.run(page="account")
        assert "Stay signed in" not in seen.widgets
        time.sleep(5.5)  # the page does not ask twice within 5 seconds
        _last_seen(campus, "13 minutes 30 seconds")
        warned = tab.run(page="account", fragment=seen.fragments[0], by_itself=True)
    assert "less than two minutes" in warned.words
    assert "Stay signed in" in warned.widgets


def test_switching_an_account_off_ends_it_at_the_next_click(campus: Campus) -> None:
    browser = campus.browser("zoe")
    with browser.tab() as tab:
        assert CANARY in tab.run(page="probe").words
        campus.run("UPDATE chalkline.accounts SET disabled_at = now() WHERE sign_in_name = 'zoe'")
        seen = tab.run(page="probe")
    assert CANARY not in seen.words
    assert seen.redirect == "/auth/leave?why=closed&to=%2Fprobe"


def test_a_link_on_another_site_signs_nobody_out(campus: Campus) -> None:
    browser = campus.browser("tess")
    # Without the Strict cookie, as a browser sends what another site's link asks for.
    answer = httpx.get(campus.app.url + "/auth/leave")
    assert "set-cookie" not in answer.headers
    assert CANARY in browser.ask("probe").words


def test_a_password_somebody_else_chose_must_be_changed_first(campus: Campus) -> None:
    change = "UPDATE chalkline.accounts SET must_change_password = {} WHERE sign_in_name = 'tess'"
    campus.run(change.format("true"))
    seen = campus.browser("tess").ask("probe")
    campus.run(change.format("false"))
    assert CANARY not in seen.words
    assert "New password" in seen.widgets


def test_a_first_password_that_has_run_out_says_whom_to_ask(campus: Campus) -> None:
    change = (
        "UPDATE chalkline.accounts SET must_change_password = {}, "
        "first_password_at = now() - interval '15 days' WHERE sign_in_name = 'tess'"
    )
    campus.run(change.format("true"))
    with campus.browser().tab() as tab:
        form = tab.run().widgets
        typed = {form["Sign-in name"]: "tess", form["Password"]: PASSWORD}
        seen = tab.run(typed=typed, clicked=form["Sign in"])
    campus.run(change.format("false"))
    assert seen.redirect is None
    assert "good for 14 days and has run out. Ask whoever keeps" in seen.words


# Around the pages.


def test_another_session_of_streamlit_can_not_be_taken_over(campus: Campus) -> None:
    tess, adam, nobody = campus.familiar("tess"), campus.familiar("adam"), campus.browser()
    with tess.tab() as victim:
        session = victim.run(page="probe").session_id
        for thief in (adam, nobody):
            with thief.tab(resume=session) as tab:
                assert tab.run(page="account").session_id != session
        assert victim.run(page="probe").session_id == session  # and it was not cut off
    with tess.tab(resume=session) as again:
        assert again.run(page="probe").session_id == session  # the control: its owner may


def test_nobody_can_introduce_herself_by_a_header(campus: Campus) -> None:
    forged = dict.fromkeys(("chalkline_session", "x-chalkline-session"), "0" * 64)
    with connect(
        f"ws://127.0.0.1:{campus.app.port}/_stcore/stream",
        origin=Origin(campus.app.url),
        subprotocols=[Subprotocol("streamlit")],
        additional_headers=forged,
    ) as socket:
        assert CANARY not in Tab(socket).run(page="probe").words


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:3000", "http://127.0.0.1:3000", "null", None],
)
def test_a_websocket_from_another_origin_is_refused(campus: Campus, origin: str | None) -> None:
    with pytest.raises(InvalidStatus), campus.familiar("tess").tab(origin=origin):
        pass


def test_behind_https_only_the_public_address_may_open_a_websocket(campus: Campus) -> None:
    environment = {**campus.environment, "CHALKLINE_PUBLIC_URL": "https://chalk.example"}
    with running_app(campus.folder, campus.folder, environment=environment, command=PROBE) as app:
        browser = Browser(app)
        with browser.tab(origin="https://chalk.example") as tab:
            assert "Sign-in name" in tab.run().widgets
        with pytest.raises(InvalidStatus), browser.tab(origin=app.url):
            pass
        assert "external IP" not in app.said()


def test_another_origin_is_told_nothing_it_may_read(campus: Campus) -> None:
    for origin in ("https://evil.example", "http://localhost:3000"):
        answer = httpx.get(campus.app.url + "/_stcore/health", headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers
    assert "external IP" not in campus.app.said()  # and Streamlit has asked nobody who we are


def test_another_host_name_is_refused(campus: Campus) -> None:
    assert httpx.get(campus.app.url, headers={"host": "evil.example"}).status_code == 400


def test_files_of_the_signed_in_are_closed_to_the_signed_out(campus: Campus) -> None:
    browser = campus.browser("tess")
    address = re.search(r"/media/[0-9a-f]+\.csv", browser.ask("probe").words)
    assert address
    with browser.tab() as tab:  # a file lives as long as the tab that shows it
        found = re.search(r"/media/[0-9a-f]+\.csv", tab.run(page="probe").words)
        assert found
        assert CANARY in browser.get(found[0]).text  # the control
        assert httpx.get(campus.app.url + found[0]).status_code == 401
        forged = {"chalkline": "x" * 43}
        assert httpx.get(campus.app.url + found[0], cookies=forged).status_code == 401


def test_nothing_can_be_uploaded_by_the_signed_out(campus: Campus) -> None:
    answer = httpx.put(f"{campus.app.url}/_stcore/upload_file/a/b", files={"file": ("a.csv", b"a")})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path", ["/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/agent/interact"]
)
def test_streamlits_doors_for_machines_are_shut(campus: Campus, path: str) -> None:
    assert campus.familiar("tess").get(path).status_code == 404


def test_health_tells_nothing_but_health(campus: Campus) -> None:
    answer = httpx.get(campus.app.url + "/health")
    assert answer.json() == {"status": "ok", "database": "answers"}


@pytest.mark.parametrize("path", ["/", "/today", "/health", "/static/none.js", "/media/none"])
def test_every_answer_carries_the_security_headers(campus: Campus, path: str) -> None:
    headers = httpx.get(campus.app.url + path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "'unsafe-eval'" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_an_error_tells_neither_reader_nor_log_what_it_knew(campus: Campus) -> None:
    with campus.familiar("tess").tab() as tab:
        button = tab.run(page="probe").widgets["Fail"]
        seen = tab.run(page="probe", clicked=button)
    reference = re.search(r"name reference ([0-9a-f]{8})", seen.words)
    assert reference
    assert "in a message" not in seen.words
    assert f"error {reference[1]}: ValueError at probe.py" in campus.app.said()
    assert "in a message" not in campus.app.said()


# In a real browser.


@pytest.fixture(scope="module")
def chrome() -> Iterator[Chromium]:
    """A real browser, started once."""
    with chromium() as started:
        yield started


@contextmanager
def window_of(chrome: Chromium, campus: Campus) -> Iterator[BrowserPage]:
    """A window of a profile of its own; anything it complains about fails the test."""
    complaints: list[str] = []
    context = chrome.new_context(base_url=campus.app.url)
    window = context.new_page()
    window.on("console", lambda said: complaints.append(said.text))
    window.on(
        "request",
        lambda asked: (
            complaints.append(f"asked {asked.url}")
            if not asked.url.startswith((campus.app.url, "data:", "blob:"))
            else None
        ),
    )
    yield window
    context.close()
    assert not [text for text in complaints if "Content Security Policy" in text or "asked" in text]


def _type_and_send(window: BrowserPage, name: str, password: str) -> None:
    window.get_by_label("Sign-in name").fill(name)
    window.get_by_role("textbox", name="Password").fill(password)
    window.get_by_role("button", name="Sign in").click()


@pytest.mark.browser
def test_a_teacher_follows_a_link_signs_in_and_out(chrome: Chromium, campus: Campus) -> None:
    with window_of(chrome, campus) as window:
        window.goto("/probe?class=x")
        _type_and_send(window, "tess", "wrong")
        window.get_by_text(WRONG).wait_for()
        _type_and_send(window, "tess", PASSWORD)
        window.get_by_text(f"{CANARY} page of Tess Moran").wait_for()
        assert window.url.endswith("/probe?class=x")
        assert window.evaluate("document.cookie").startswith("_streamlit_xsrf")
        other = window.context.new_page()
        other.goto("/probe")
        other.get_by_text(f"{CANARY} page of Tess Moran").wait_for()
        window.get_by_role("button", name="Tess Moran").click()
        window.get_by_role("button", name="Sign out").click()
        window.get_by_text("You are signed out.").wait_for()
        other.get_by_role("button", name="Write").click()
        other.get_by_label("Sign-in name").wait_for()
        assert CANARY not in other.content()


@pytest.mark.browser
def test_the_forms_fields_say_what_they_are_for(chrome: Chromium, campus: Campus) -> None:
    with window_of(chrome, campus) as window:
        window.goto("/")
        name = window.get_by_label("Sign-in name")
        name.wait_for()
        password = window.locator("input[type=password][autocomplete=current-password]")
        password.wait_for()  # the policy of the page lets no test evaluate a string
        assert name.get_attribute("autocomplete") == "username"
        # As Streamlit does when it draws the field once more, or only after our script has run.
        window.locator("input[type=password]").evaluate("it => (it.autocomplete = 'off')")
        password.wait_for()


@pytest.mark.browser
def test_a_person_changes_her_password_and_her_other_browsers_are_out(
    chrome: Chromium, campus: Campus
) -> None:
    elsewhere = campus.browser("noor")
    with window_of(chrome, campus) as window:
        window.goto("/account")
        _type_and_send(window, "noor", PASSWORD)
        window.get_by_role("textbox", name="Present password").fill(PASSWORD)
        for label in ("New password", "New password again"):
            window.get_by_role("textbox", name=label, exact=True).fill("four green kettles")
        window.get_by_role("button", name="Change password").click()
        window.get_by_text("Your password is changed").wait_for()
        window.get_by_text("this browser").wait_for()
    assert elsewhere.ask("account").redirect is not None


def _ticket(browser: Browser, name: str) -> str:
    with browser.tab() as tab:
        form = tab.run().widgets
        typed = {form["Sign-in name"]: name, form["Password"]: PASSWORD}
        redirect = tab.run(typed=typed, clicked=form["Sign in"]).redirect
    assert redirect is not None
    return httpx.URL(redirect).params["ticket"]


def _enter(browser: Browser, ticket: str) -> dict[str, str]:
    browser.get("/auth/enter", ticket=ticket)
    return browser.cookies


def _sign_out(browser: Browser) -> None:
    with browser.tab() as tab:
        button = tab.run(page="account").widgets["Sign out"]
        redirect = tab.run(page="account", clicked=button).redirect
    assert redirect is not None
    browser.get(redirect)
    assert "chalkline" not in browser.cookies


def _last_seen(campus: Campus, ago: str | None = None) -> object:
    """When Tess's latest session was last used; first set back if `ago` says so."""
    which = (
        "(SELECT token_hash FROM chalkline.web_sessions WHERE account_id = :who "
        "ORDER BY created_at DESC LIMIT 1)"
    )
    who = {"who": cast.of("account Tess Moran")}
    if ago is not None:
        campus.run(
            f"UPDATE chalkline.web_sessions SET last_seen_at = now() - interval '{ago}' "
            f"WHERE token_hash = {which}",
            **who,
        )
    with campus.database.begin() as connection:
        return connection.scalar(
            text(f"SELECT last_seen_at FROM chalkline.web_sessions WHERE token_hash = {which}"),
            who,
        )


def _answers(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")
