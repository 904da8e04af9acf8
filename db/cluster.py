"""Makes the embedded server's data folder, its settings file, its roles and its database."""

import json
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from db.places import Account, EmbeddedError, Places
from db.postmaster import PORT
from db.programs import last_line, programs_major
from db.server_conf import OUR_CONF
from db.settings import private_file, sync_folder

Role = Literal["app", "owner", "superuser"]

DATABASE = "chalkline"
USERS: dict[Role, str] = {
    "app": "chalkline_app",
    "owner": "chalkline_owner",
    "superuser": "postgres",
}


def passwords(places: Places) -> dict[str, str]:
    """The server's passwords by user, made at the first call."""
    made = {user: secrets.token_urlsafe(32) for user in USERS.values()}
    text = private_file(places.passwords, lambda: json.dumps(made).encode())
    try:
        kept = {user: str(json.loads(text)[user]) for user in made}
    except (ValueError, KeyError, TypeError):
        raise EmbeddedError(
            f"{places.passwords} is damaged: put it back from your backup of the keys."
        ) from None
    return kept


def ensure_cluster(places: Places, programs: Path, account: Account) -> None:
    """Makes the data folder, or checks that the one there is for these programs.

    It is made beside its place and moved there when complete, so that a power cut or a kill never
    leaves half a cluster that a later start would take for a whole one.
    """
    for left in places.base.glob("postgres.new-*"):
        shutil.rmtree(left, ignore_errors=True)  # an orphaned initdb may still write: next time
    if places.data.exists():
        _check_version(places, programs, account)
        return
    new = Path(tempfile.mkdtemp(prefix="postgres.new-", dir=places.base))
    try:
        data = new / "data"
        _initdb(new, data, programs, account, passwords(places)[USERS["superuser"]])
        with (data / "postgresql.conf").open("a") as conf:
            conf.write(f"\ninclude '{OUR_CONF}'\n")
            conf.flush()
            os.fsync(conf.fileno())
        sync_folder(data)
        data.rename(places.data)
        sync_folder(places.base)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _initdb(new: Path, data: Path, programs: Path, account: Account, password: str) -> None:
    secret = new / "password"
    with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    if os.geteuid() == 0:
        os.chown(secret, account.uid, account.gid)
        os.chown(new, account.uid, account.gid)
    made = account.run(
        *(programs / "initdb", "--pgdata", data, "--pwfile", secret),
        *("--username", USERS["superuser"], "--auth", "scram-sha-256", "--data-checksums"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--encoding", "UTF8"),
        *("--text-search-config", "simple", "--no-instructions"),
    )
    secret.unlink()
    if made.returncode:
        raise EmbeddedError(explain(made.stderr, where=data.parent.parent))


def _check_version(places: Places, programs: Path, account: Account) -> None:
    try:
        made_by = (places.data / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise EmbeddedError(
            f"{places.data} is no PostgreSQL data folder that can be read ({error.strerror}): "
            "put it back from your backup, or move it away to start afresh."
        ) from None
    ours = programs_major(programs, account)
    if made_by != str(ours):
        raise EmbeddedError(
            f"The database in {places.data} was made by PostgreSQL {made_by} and these programs "
            f"are PostgreSQL {ours}: set PG_BINDIR to a PostgreSQL {made_by}, or upgrade the "
            "data folder with pg_upgrade first."
        )


def ensure_roles(places: Places, socket_dir: Path) -> None:
    """Makes our roles and our database where they are missing, and takes from PUBLIC what it has.

    Every step may be repeated, so that a start which was killed half-way is finished by the next.
    """
    secret = passwords(places)
    try:
        with _superuser(socket_dir, secret) as server:
            _ensure_role(server, USERS["owner"], "CREATEROLE", secret)
            _ensure_role(server, USERS["app"], "NOINHERIT", secret)
            found = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if found.fetchone() is None:
                server.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(DATABASE), sql.Identifier(USERS["owner"])
                    )
                )
            for database in (DATABASE, "postgres", "template1"):
                server.execute(
                    sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(
                        sql.Identifier(database)
                    )
                )
            server.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(USERS["app"])
                )
            )
        with _superuser(socket_dir, secret, DATABASE) as server:
            server.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    except psycopg.OperationalError as error:
        if "password authentication failed" in str(error):
            raise EmbeddedError(
                f"The passwords in {places.passwords} do not open the database in {places.data}: "
                "put that file back from your backup, or move the database away to start afresh."
            ) from None
        raise EmbeddedError(explain(str(error), where=places.data)) from None


def _superuser(
    socket_dir: Path, secret: dict[str, str], database: str = "postgres"
) -> psycopg.Connection:
    return psycopg.connect(
        host=str(socket_dir),
        port=PORT,
        user=USERS["superuser"],
        password=secret[USERS["superuser"]],
        dbname=database,
        autocommit=True,
    )


def _ensure_role(
    server: psycopg.Connection, user: str, powers: str, secret: dict[str, str]
) -> None:
    if server.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user]).fetchone():
        return
    # The server gets the salted verifier, so the password itself is in no statement.
    verifier = server.pgconn.encrypt_password(
        secret[user].encode(), user.encode(), b"scram-sha-256"
    ).decode()
    server.execute(
        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
            sql.Identifier(user), sql.SQL(powers), sql.Literal(verifier)
        )
    )


def explain(output: str, *, where: Path) -> str:
    """What went wrong, from PostgreSQL's own words, in one sentence with the way out."""
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return (
            f"The disk that holds {where} is full: free some space there and start again "
            "(nothing that was saved is lost)."
        )
    if re.search(r"could not (map|create|resize).*shared memory", output) and (
        "in use" not in output
    ):
        return "There is not enough memory for PostgreSQL: free some, or give the container more."
    worst = [line for line in output.splitlines() if re.search("PANIC|FATAL|error:", line)]
    said = re.sub(r"^.*?(?:PANIC|FATAL|error):\s*", "", worst[-1] if worst else last_line(output))
    return f"PostgreSQL could not start with {where}: {said or 'it gave no reason'}."
