"""Opens the database that a command works on, brings it up to date and lets it go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Engine

from commands.terminal import note
from db import embedded, engine
from db.migrate import migrate, pending
from db.settings import Settings, secret_file
from db.status import has_keys
from privacy.keystore import KeyStore, open_keystore


@contextmanager
def server() -> Iterator[Settings]:
    """The settings, with the embedded server running when the database is ours."""
    settings = Settings.load()
    started = embedded.start(settings, say=note) if settings.embedded else None
    try:
        yield settings
    finally:
        if started is not None:
            embedded.leave(started)


@contextmanager
def database() -> Iterator[tuple[Settings, KeyStore]]:
    """A running, migrated database and its keys."""
    with server() as settings:
        bring_up_to_date(settings)
        yield settings, keys(settings)


def bring_up_to_date(settings: Settings) -> list[str]:
    """Applies the migrations that the database lacks; returns their names."""
    owner = engine.owner(engine.urls(settings)[1])
    try:
        return migrate(owner, context_secret=secret_file(settings.context_secret_file))
    finally:
        owner.dispose()


def lacking(settings: Settings) -> list[str]:
    """Names of the migrations that the database lacks."""
    owner = engine.owner(engine.urls(settings)[1])
    try:
        return pending(owner)
    finally:
        owner.dispose()


def keys(settings: Settings) -> KeyStore:
    """The key store; made only while no learner's key depends on an older one."""
    with jobs(settings) as work, work.begin() as connection:
        needed = has_keys(connection)
    return open_keystore(settings.keys_at, create_at=None if needed else datetime.now(UTC))


@contextmanager
def jobs(settings: Settings) -> Iterator[Engine]:
    """The engine of loaders and refresh, let go at the end."""
    work = engine.jobs(engine.urls(settings)[1])
    try:
        yield work
    finally:
        work.dispose()
