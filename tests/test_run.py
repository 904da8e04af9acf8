"""`manage.py run`: what it starts, that it stops all of it, and that being killed loses nothing."""

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from db import embedded, engine
from db.settings import Settings
from privacy import ROLES
from tests.app_server import RunningApp
from tests.demo import Running, copied, family, folder, manage, running
from tests.pg import as_a_user_has_it
from tests.tab import Browser

GONE_WITHIN = 15.0


@pytest.fixture(scope="module")
def home(demo_template: Path) -> Iterator[Path]:
    """A home with the demo, not running, whose commits outlive a killed server."""
    with copied(demo_template) as made:
        as_a_user_has_it(made)
        yield made


def test_the_first_start_makes_a_demo_and_prints_how_to_sign_in(
    demo_template: Path, record_property: Callable[[str, object], None]
) -> None:
    made = json.loads((demo_template / "made.json").read_text())
    record_property("seconds of the first start", round(made["seconds"], 1))
    logins = json.loads((demo_template / "home" / "demo-logins.json").read_text())
    assert {one["role"] for one in logins} == set(ROLES)
    for login in logins:
        assert login["sign_in_name"] in made["said"]
        assert login["password"] in made["said"]  # whole: a cut password is none
    assert "Chalkline is at http://127.0.0.1:" in made["said"]
    assert (demo_template / "home" / "demo-logins.json").stat().st_mode & 0o777 == 0o600


def test_stopping_the_first_start_left_nothing_running(demo_template: Path) -> None:
    made = json.loads((demo_template / "made.json").read_text())
    assert (made["exit"], made["left"]) == (0, [])


def test_a_later_start_is_quick_and_ctrl_c_stops_all_of_it(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    began = time.monotonic()
    with running(home) as started:
        record_property("seconds of a later start", round(time.monotonic() - began, 1))
        programs = _programs(home)
        assert any("manage.py run" in one for one in programs)
        assert any("manage.py worker" in one for one in programs)
        assert any("postgres -D" in one for one in programs)
        assert started.stop(signal.SIGINT) == 0
        assert _programs(home) == []
        assert "Traceback" not in started.said()


def test_sigterm_stops_all_of_it_too(home: Path) -> None:
    with running(home) as started:
        os.kill(started.process.pid, signal.SIGTERM)  # the one process, as a service manager does
        assert started.process.wait(GONE_WITHIN) == 0
        assert _programs(home) == []


def test_a_killed_application_leaves_nothing_behind_and_starts_again(home: Path) -> None:
    with running(home) as started:
        _mark(home, "before the application was killed")
        os.kill(started.process.pid, signal.SIGKILL)
        started.process.wait(GONE_WITHIN)
        _gone(home)  # the worker too, which may not even have begun
    with running(home):
        assert "before the application was killed" in _marks(home)


def test_a_killed_database_is_said_on_the_page_and_the_next_start_has_all_that_was_committed(
    home: Path,
) -> None:
    with running(home) as started:
        browser = Browser(_app(started))
        login = json.loads((home / "demo-logins.json").read_text())[0]
        browser.sign_in(login["sign_in_name"], login["password"])
        assert "Next step:" in browser.ask("today").words
        _mark(home, "before the database was killed")
        server = embedded.running(Settings.load({"CHALKLINE_HOME": str(home)}))
        assert server is not None
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        _until(lambda: httpx.get(f"{started.url}/health", timeout=10).status_code == 503)
        seen = browser.ask("today")
        assert "This could not be shown" in seen.words
        assert started.process.poll() is None
        assert started.stop() == 0
        _gone(home)
    with running(home):
        assert "before the database was killed" in _marks(home)


def test_two_starts_on_one_home_share_its_database(home: Path) -> None:
    with running(home) as first, running(home) as second:
        assert sum("postgres -D" in one for one in _programs(home)) == 1
        first.stop()
        assert httpx.get(f"{second.url}/health", timeout=10).status_code == 200
    _gone(home)


def test_without_the_demo_the_first_page_is_the_sign_in() -> None:
    with folder() as made, running(made / "home", "--no-demo") as started:
        assert "Sign-in name" in Browser(_app(started)).ask().widgets


def test_a_taken_port_is_said_in_a_sentence_and_leaves_nothing_running(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = manage(home, "run", PORT=str(port))
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert f"Port {port} of 127.0.0.1 can not be used (Address already in use)" in done.stderr
    _gone(home)


def _app(started: Running) -> RunningApp:
    port = int(started.url.rpartition(":")[2])
    return RunningApp(started.url, port, started.log, started.process.pid)


def _programs(home: Path) -> list[str]:
    """The command lines of what runs for a home."""
    found = []
    for number in family(home):
        with suppress(OSError):
            line = Path(f"/proc/{number}/cmdline").read_bytes()
            found.append(line.replace(b"\0", b" ").decode(errors="replace"))
    return found


def _mark(home: Path, word: str) -> None:
    with _jobs(home) as connection:
        connection.execute(
            text("INSERT INTO chalkline.job_runs (job, state) VALUES (:word, 'done')"),
            {"word": word},
        )


def _marks(home: Path) -> set[str]:
    with _jobs(home) as connection:
        return set(connection.scalars(text("SELECT job FROM chalkline.job_runs")))


@contextmanager
def _jobs(home: Path) -> Iterator[Connection]:
    """A transaction as a loader's."""
    server = embedded.running(Settings.load({"CHALKLINE_HOME": str(home)}))
    assert server is not None
    work = engine.jobs(server.url("owner"))
    with work.begin() as connection:
        yield connection
    work.dispose()


def _gone(home: Path) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while left := _programs(home):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)


def _until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
