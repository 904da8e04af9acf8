"""Brings a database to the newest schema: numbered SQL files, once each, one process at a time."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from db.in_words import InWordsError

FOLDER = Path(__file__).parent / "migrations"
LOCK = 7_242_615  # advisory lock: any constant that nothing else here uses
HMAC_BLOCK = 64  # bytes, of SHA-256 (RFC 2104)


class MigrationError(InWordsError, RuntimeError):
    """The database can not be brought forward; the message says which file and what to do."""


@dataclass(frozen=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def available() -> list[Migration]:
    """All migrations, in order."""
    found = [
        Migration(int(path.name[:4]), path.stem, path.read_text(encoding="utf-8"))
        for path in sorted(FOLDER.glob("[0-9]*.sql"))
    ]
    numbers = [migration.number for migration in found]
    if numbers != list(range(1, len(found) + 1)):
        raise MigrationError(f"Migrations must be numbered 1, 2, 3 ...; found {numbers}.")
    return found


def pending(engine: Engine) -> list[str]:
    """Names of the migrations this database still lacks."""
    with engine.begin() as connection:
        done = _applied(connection)
    return [migration.name for migration in available() if migration.number not in done]


def migrate(engine: Engine, *, context_secret: bytes) -> list[str]:
    """Applies what is missing and installs the context secret; returns what was applied.

    Each file is one transaction. A file changed after it was applied is refused.
    """
    fresh: list[str] = []
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            done = _applied(connection)
            connection.commit()
            for migration in available():
                if migration.number in done:
                    _check_unchanged(migration, done[migration.number])
                    continue
                _apply(connection, migration)
                fresh.append(migration.name)
            _install_secret(connection, context_secret)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
            connection.commit()
    return fresh


def _applied(connection: Connection) -> dict[int, str]:
    """{number: fingerprint}; empty before the first migration."""
    exists = connection.scalar(text("SELECT to_regclass('public.chalkline_migrations')"))
    if exists is None:
        return {}
    rows = connection.execute(text("SELECT number, fingerprint FROM public.chalkline_migrations"))
    return {row.number: row.fingerprint for row in rows}


def _apply(connection: Connection, migration: Migration) -> None:
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS public.chalkline_migrations ("
            "number integer PRIMARY KEY, name text NOT NULL, fingerprint text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT now())"
        )
    )
    connection.execute(text("GRANT SELECT ON public.chalkline_migrations TO chalkline_app"))
    connection.exec_driver_sql(migration.sql.replace("%", "%%"))
    connection.execute(
        text(
            "INSERT INTO public.chalkline_migrations (number, name, fingerprint) "
            "VALUES (:number, :name, :fingerprint)"
        ),
        {
            "number": migration.number,
            "name": migration.name,
            "fingerprint": migration.fingerprint,
        },
    )
    connection.commit()


def _check_unchanged(migration: Migration, fingerprint: str) -> None:
    if migration.fingerprint != fingerprint:
        raise MigrationError(
            f"Migration {migration.name} was changed after it had been applied here. "
            "Put the file back as it was and write the change as a new migration."
        )


def _install_secret(connection: Connection, secret: bytes) -> None:
    """Stores the two padded keys from which HMAC-SHA256 is two plain hashes (RFC 2104)."""
    key = secret.ljust(HMAC_BLOCK, b"\0")
    connection.execute(
        text(
            "INSERT INTO chalkline.context_secrets (secret_id, inner_pad, outer_pad) "
            "VALUES (1, :inner, :outer) ON CONFLICT (secret_id) DO UPDATE "
            "SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad"
        ),
        {"inner": bytes(b ^ 0x36 for b in key), "outer": bytes(b ^ 0x5C for b in key)},
    )
