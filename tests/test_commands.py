"""manage.py as people and machines type it: what it answers, and how it refuses.

Every refusal is one sentence and a non-zero exit, and leaves nothing half-written.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from commands.logins import FILE
from db import embedded, engine
from db.settings import Settings
from tests.app_server import RunningApp, free_port
from tests.demo import copied, folder, manage, running
from tests.tab import Browser

SIGN_IN = {"Sign-in name", "Password", "Sign in"}
FIRST_CLUSTER = 60 * 1024 * 1024  # bytes: enough to make a database, too little for the demo


@pytest.fixture(scope="module")
def home(demo_template: Path) -> Iterator[Path]:
    """A home with the demo."""
    with copied(demo_template) as made:
        yield made


@pytest.fixture(scope="module")
def app(home: Path) -> Iterator[RunningApp]:
    """The application on it; it also keeps the server up, so that commands need not start it."""
    with running(home) as started:
        port = int(started.url.rpartition(":")[2])
        yield RunningApp(started.url, port, started.log, started.process.pid)


def answer(home: Path, *words: str, **environment: str) -> Any:
    """What a command answers to a machine: one line of JSON on standard output."""
    done = manage(home, *words, "--json", **environment)
    assert done.returncode == 0, done.stderr + done.stdout
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


def refused(done: "subprocess.CompletedProcess[str]") -> str:
    """The one sentence with which a command refused."""
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    said = done.stderr.strip().splitlines()[-1] if not done.stdout else done.stdout
    return json.loads(said)["error"] if said.startswith("{") else said


# Answers.


def test_status_counts_what_there_is(app: RunningApp, home: Path) -> None:
    told = answer(home, "status")
    assert told["pending"] == []
    assert [(one["district"], one["learners"]) for one in told["districts"]] == [(1, 1200)]


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        (["migrate"], {"applied"}),
        (["refresh"], {"districts", "scored"}),
        (["db-url", "--role", "app"], {"url"}),
        (["db-url", "--role", "owner"], {"url"}),
    ],
    ids=lambda words: " ".join(sorted(words)),
)
def test_a_command_answers_a_machine_in_json(
    app: RunningApp, home: Path, words: list[str], keys: set[str]
) -> None:
    assert set(answer(home, *words)) == keys


def test_a_command_answers_a_person_in_words(app: RunningApp, home: Path) -> None:
    done = manage(home, "status")
    assert done.returncode == 0
    assert done.stdout == ""  # which is a machine's
    assert "Lindenbrook" in done.stderr


def test_accounts_are_listed_without_their_secrets(app: RunningApp, home: Path) -> None:
    listed = answer(home, "user", "list")
    assert len(listed) >= 4
    assert not any("hash" in key for one in listed for key in one)


def test_the_first_password_of_an_added_person_works_and_must_be_changed(
    app: RunningApp, home: Path
) -> None:
    told = answer(home, "user", "add", "New.Person", "--name", "New Person", "--role", "counselor")
    browser = Browser(app)
    assert browser.sign_in(told["sign_in_name"], told["password"]).redirect
    assert "Choose your own password" in browser.ask("caseload").words


def test_a_reset_signs_out_at_once_and_gives_a_new_first_password(
    app: RunningApp, home: Path
) -> None:
    name, password = _login(home, "counselor")
    browser = Browser(app)
    browser.sign_in(name, password)
    assert "Caseload" in browser.ask("caseload").words
    told = answer(home, "user", "reset", name)
    seen = browser.ask("caseload")
    assert "your caseload" not in seen.words
    assert Browser(app).sign_in(name, password).redirect is None
    assert Browser(app).sign_in(name, told["password"]).redirect


def test_a_disabled_account_is_signed_out_at_once_and_stays_out(
    app: RunningApp, home: Path
) -> None:
    name, password = _login(home, "administrator")
    browser = Browser(app)
    browser.sign_in(name, password)
    assert "District overview" in browser.ask("overview").words
    answer(home, "user", "disable", name)
    assert "Is the data fresh" not in browser.ask("data").words
    assert set(Browser(app).ask("overview").widgets) == SIGN_IN
    assert Browser(app).sign_in(name, password).redirect is None


def test_a_second_demo_is_a_second_district_with_sign_ins_of_its_own(demo_template: Path) -> None:
    with copied(demo_template) as home:
        made = answer(home, "demo", "--seed", "7")
        assert made["district"] == 2
        kept = json.loads((home / FILE).read_text())
        names = [one["sign_in_name"] for one in kept]
        assert len(names) == len(set(names)) == 16  # eight a district
        assert (home / FILE).stat().st_mode & 0o777 == 0o600


# Refusals.


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo", "--scale", "huge"], "'huge' is not a scale. Use small or district."),
        (["demo", "--today", "tomorrow"], "'tomorrow' is not a day. Write it like 2026-03-20."),
        (["db-url", "--role", "root"], "'root' is not a role of the database. Use app or owner."),
        (["load", "oulad", "/nowhere.zip"], "There is no file or folder /nowhere.zip."),
        (["load", "oulad", "manage.py"], "manage.py"),
        (["refresh", "--district", "99"], "There is no district 99"),
        (["user", "add", "x", "--name", "X", "--role", "king"], "'king' is not a role."),
        (
            ["user", "add", "x", "--name", "X", "--role", "teacher", "--school", "Hogwarts"],
            "District 1 has no school 'Hogwarts'.",
        ),
        (
            ["user", "add", "x", "--name", "X", "--role", "teacher", "--district", "99"],
            "no district 99",
        ),
        (["user", "reset", "nobody"], "'nobody'"),
        (["user", "disable", "nobody"], "'nobody'"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_a_wrong_argument_is_answered_in_a_sentence(
    app: RunningApp, home: Path, words: list[str], said: str
) -> None:
    before = _counts(home)
    assert said in refused(manage(home, *words, "--json"))
    assert _counts(home) == before


def test_a_person_gets_the_same_sentence_as_a_machine(app: RunningApp, home: Path) -> None:
    person, machine = (manage(home, "user", "reset", "nobody", *how) for how in ([], ["--json"]))
    assert " ".join(person.stderr.split()).endswith(refused(machine))


def test_a_name_that_is_taken_is_refused(app: RunningApp, home: Path) -> None:
    name, _ = _login(home, "teacher")
    words = ["user", "add", name.upper(), "--name", "Somebody", "--role", "teacher"]
    assert f"'{name}' is taken" in refused(manage(home, *words))


@pytest.mark.parametrize(
    "words", [["fly"], ["load"], ["load", "oulad"], ["user", "add"], ["status", "--loudly"]]
)
def test_what_is_no_command_gets_the_usage(words: list[str]) -> None:
    done = manage(Path("/nonexistent"), *words)
    assert done.returncode == 2
    assert "Usage:" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["status"], ["refresh"], ["migrate"], ["user", "list"], ["run"]])
def test_a_database_that_does_not_answer_is_said_to_be_down(words: list[str]) -> None:
    address = f":secret-word@127.0.0.1:{free_port()}/nothing"
    down = {
        "DATABASE_URL": f"postgresql://app{address}",
        "DATABASE_OWNER_URL": f"postgresql://owner{address}",
    }
    with folder() as made:
        done = manage(made / "home", *words, **down)
    assert "does not answer" in refused(done)
    assert "secret-word" not in done.stdout + done.stderr


def test_a_setting_that_can_not_be_is_named() -> None:
    with folder() as made:
        assert "PORT" in refused(manage(made / "home", "status", PORT="many"))


@pytest.mark.parametrize("words", [["demo"], ["migrate"], ["run"]])
def test_a_home_that_can_not_be_written_is_named_and_stays_as_it_was(words: list[str]) -> None:
    with little_disk(0) as disk:
        done = manage(disk / "home", *words)
        assert str(disk) in refused(done)
        assert list(disk.iterdir()) == []


def test_a_disk_that_fills_up_leaves_no_half_a_district() -> None:
    with little_disk(FIRST_CLUSTER) as disk:
        home = disk / "home"
        sentence = refused(manage(home, "demo"))
        assert sentence.endswith((".", "again"))
        make_room(disk)
        assert answer(home, "migrate") is not None
        with running(home, "--no-demo"):
            assert answer(home, "status")["districts"] == []
        assert not (home / FILE).exists()


def _counts(home: Path) -> Any:
    """Districts and accounts that there are."""
    server = embedded.running(Settings.load({"CHALKLINE_HOME": str(home)}))
    assert server is not None
    work = engine.jobs(server.url("owner"))
    with work.begin() as connection:
        counted = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM chalkline.institutions WHERE kind = 'district'), "
                "(SELECT count(*) FROM chalkline.accounts)"
            )
        ).one()
    work.dispose()
    return counted


@contextmanager
def little_disk(size: int) -> Iterator[Path]:
    """A folder with room for `size` bytes. Only root can make one with room for any."""
    with folder() as made:
        disk = made / "disk"
        disk.mkdir(mode=0o500)
        if os.geteuid() == 0:
            options = f"size={size},mode=0711" if size else "ro"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk], check=True)
        try:
            yield disk
        finally:
            _stop_server(disk / "home")
            if os.geteuid() == 0:
                subprocess.run(["umount", disk], check=True)
            disk.chmod(0o700)


def make_room(disk: Path) -> None:
    """Lets as much be written as anybody needs."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", "remount,rw,size=1g", disk], check=True)
    else:
        disk.chmod(0o700)


def _stop_server(home: Path) -> None:
    if (home / "postgres").exists():
        server = embedded.running(Settings.load({"CHALKLINE_HOME": str(home)}))
        if server is not None:
            embedded.stop(server)


def _login(home: Path, role: str) -> tuple[str, str]:
    kept = json.loads((home / FILE).read_text())
    found = next(one for one in kept if one["role"] == role)
    return found["sign_in_name"], found["password"]
