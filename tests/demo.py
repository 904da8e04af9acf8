"""The small demo district, made once in a test run by the command a new user types, and copied.

A test that wants it takes the fixture `demo_template` (tests/conftest.py names it), and
starts a copy of its own with `site`: files run side by side, and none minds another's clicks.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import Engine, select, text

from commands.data import SEED
from commands.logins import FILE
from db import embedded, engine
from db.accounts import add_account
from db.demo.truth import Truth, truth
from db.settings import Settings
from db.tables import Staff
from privacy import tokens
from privacy.keystore import open_keystore
from privacy.passwords import generated, hashed
from tests.app_server import ROOT, free_port
from tests.pg import scratch

MANAGE = (sys.executable, str(ROOT / "manage.py"))
STARTS_WITHIN = 60.0  # seconds
STOPS_WITHIN = 20.0
Login = Mapping[str, str]  # as in demo-logins.json
PATIENCE = 20_000  # milliseconds that a browser waits for what should be there at once


@dataclass(frozen=True)
class Running:
    """A started `manage.py run`: its process, where the app answers, and what was printed."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def said(self) -> str:
        """Everything printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def family(self) -> list[int]:
        """The processes that live on: of its session, and whatever else names its home."""
        return family(self.log.parent)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Signals the whole group, as a terminal's Ctrl-C does; the exit code."""
        os.killpg(self.process.pid, number)
        return self.process.wait(STOPS_WITHIN)


@dataclass(frozen=True)
class Site:
    """A running application over a copy of the demo district, and what the generator planted."""

    settings: Settings
    app: Running
    logins: Mapping[str, Login]  # by role; of several, the first
    work: Engine  # as loaders have it: every row
    made_on: date

    def staff_id(self, role: str) -> UUID:
        """Whose sign-in it is."""
        return self.ask(
            "SELECT staff_id FROM chalkline.accounts WHERE sign_in_name = :name",
            name=self.logins[role]["sign_in_name"],
        )[0][0]

    def ask(self, question: str, **values: object) -> list[Any]:
        """Rows, as a loader sees them."""
        with self.work.begin() as connection:
            return list(connection.execute(text(question), values).all())

    def run(self, statement: str, **values: object) -> None:
        """Changes the database as a loader does."""
        with self.work.begin() as connection:
            connection.execute(text(statement), values)

    def account(self, staff: UUID) -> Login:
        """Lets somebody of the roster sign in as a teacher, by one more account."""
        password = generated()
        name = f"colleague.{uuid4().hex[:8]}"
        with self.work.begin() as connection:
            person = connection.execute(
                select(Staff.district_id, Staff.display_name).where(Staff.staff_id == staff)
            ).one()
            add_account(
                connection,
                district_id=person.district_id,
                staff_id=staff,
                sign_in_name=name,
                password_hash=hashed(password),
                must_change=False,
            )
        return {
            "role": "teacher",
            "name": person.display_name,
            "sign_in_name": name,
            "password": password,
        }

    def truth(self) -> Truth:
        """What was planted."""
        return truth("small", SEED, self.made_on)

    def opened(self, token: str, role: str) -> UUID:
        """The learner that a person's address token stands for."""
        secret = open_keystore(self.settings.key_file).secret("token")
        return tokens.open_token(secret, token, viewer=self.staff_id(role), kind="learner")

    def sealed(self, value: UUID, role: str, *, kind: str = "learner") -> str:
        """A person's address token for a learner, a plan or the like."""
        secret = open_keystore(self.settings.key_file).secret("token")
        return tokens.seal(secret, viewer=self.staff_id(role), kind=kind, value=value)


def family(home: Path) -> list[int]:
    """Processes that have `home` in their command line or environment; zombies do not count."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid():
            continue
        with suppress(OSError):
            command, environment = (folder / "cmdline"), (folder / "environ")
            told = command.read_bytes() + b"\0" + environment.read_bytes()
            if os.fsencode(home) in told and command.read_bytes():
                found.append(int(folder.name))
    return sorted(found)


@contextmanager
def running(
    home: Path, *options: str, within: float = STARTS_WITHIN, **environment: str
) -> Iterator[Running]:
    """`manage.py run` on a home, from its first answer until it has been stopped."""
    port = free_port()
    log = home.parent / f"run-{port}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*MANAGE, "run", *options],
            cwd=ROOT,
            env={**os.environ, "CHALKLINE_HOME": str(home), "PORT": str(port), **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # our own Ctrl-C is not its Ctrl-C
        )
    started = Running(process, f"http://127.0.0.1:{port}", log)
    try:
        _wait(started, within)
        yield started
    finally:
        if process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                started.stop()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(started: Running, within: float) -> None:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if started.process.poll() is not None:
            raise AssertionError(f"manage.py run ended at once:\n{started.said()}")
        with suppress(httpx.TransportError):
            if httpx.get(f"{started.url}/health", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"manage.py run did not answer in time:\n{started.said()}")


def manage(home: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """One command of manage.py, to its end."""
    return subprocess.run(
        [*MANAGE, *words],
        cwd=ROOT,
        env={**os.environ, "CHALKLINE_HOME": str(home), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that ends with the block, which a root's server may pass through."""
    made = Path(tempfile.mkdtemp(prefix="chalkline-test-", dir=scratch()))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def copied(template: Path) -> Iterator[Path]:
    """A home of one's own with the demo district, not running."""
    with folder() as made:
        home = made / "home"
        subprocess.run(["cp", "-a", template / "home", home], check=True)
        yield home


@contextmanager
def site(template: Path) -> Iterator[Site]:
    """The application and its worker over a copy of the demo district, as `make run` has them."""
    with copied(template) as home, running(home) as started:
        settings = Settings.load({"CHALKLINE_HOME": str(home)})
        server = embedded.running(settings)
        assert server is not None
        work = engine.jobs(server.url("owner"))
        made = json.loads((template / "made.json").read_text())
        logins: dict[str, Login] = {}
        for login in json.loads((home / FILE).read_text()):
            logins.setdefault(login["role"], login)
        try:
            yield Site(settings, started, logins, work, date.fromisoformat(made["day"]))
            failed = [line for line in started.said().splitlines() if "error" in line.lower()]
            assert not failed, failed  # what a page could not show stands in the log
        finally:
            work.dispose()


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, or Playwright's own where the system has none.

    The headless shell is the same engine without a window to draw: two thirds of the work.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    expect.set_options(timeout=PATIENCE)
    path = next((found for name in names if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        started = playwright.chromium.launch(executable_path=path, args=options)
        yield started
        started.close()


def visitor(browser: Browser, site: Site, **options: Any) -> BrowserContext:
    """A browser profile of its own, as a new visitor has."""
    context = browser.new_context(
        base_url=site.app.url, **{"viewport": {"width": 1280, "height": 900}, **options}
    )
    context.set_default_timeout(PATIENCE)
    return context


def sign_in(page: Page, login: Login) -> None:
    """Types into the form that is shown, and waits for the page that it leads to."""
    page.get_by_label("Sign-in name").fill(login["sign_in_name"])
    page.get_by_label("Password", exact=True).fill(login["password"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text(f"{login['name']} · {login['role']}").wait_for()


def settled(page: Page) -> None:
    """Waits until Streamlit has drawn all that the last click led to."""
    page.locator(".stApp[data-test-script-state=notRunning]").wait_for()
    busy = "[data-testid=stSkeleton], [data-testid=stAppSkeleton], [data-stale=true]"
    expect(page.locator(busy)).to_have_count(0)


@dataclass(frozen=True)
class People:
    """Opens pages as somebody; each person signs in once, through the form."""

    site: Site
    browser: Browser
    known: dict[str, BrowserContext] = field(default_factory=dict)

    @contextmanager
    def at(self, login: Login, address: str) -> Iterator[Page]:
        """A new tab of this person's browser, fully drawn."""
        tab = self.browser_of(login).new_page()
        try:
            tab.goto(address)
            tab.get_by_text(f"{login['name']} · {login['role']}").wait_for()
            settled(tab)
            yield tab
        finally:
            tab.close()

    def browser_of(self, login: Login) -> BrowserContext:
        """Her browser, signed in."""
        name = login["sign_in_name"]
        if name not in self.known:
            self.known[name] = visitor(self.browser, self.site)
            tab = self.known[name].new_page()
            tab.goto("/")
            sign_in(tab, login)
            tab.close()
        return self.known[name]
