"""Opens connections: one pool for the application, one for jobs that work as everybody."""

from collections.abc import Iterator
from contextlib import contextmanager

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from db.settings import Settings

POOL = 12  # connections a process keeps; more sessions than that wait their turn
WAIT_SECONDS = 10


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def application(url: str, *, pool: int = POOL) -> Engine:
    """The pool that people's sessions share; its user sees nothing until a role is taken."""
    return create_engine(
        url,
        pool_size=pool,
        max_overflow=4,
        pool_timeout=WAIT_SECONDS,
        pool_pre_ping=True,
        pool_use_lifo=True,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # errors must not quote what a query was about
    )


def jobs(url: str) -> Engine:
    """A pool for loaders and refresh: connects as the owner, works as `chalkline_job`."""
    engine = create_engine(
        url,
        pool_size=2,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def become_job(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        with connection.cursor() as cursor:  # type: ignore[attr-defined]  # DBAPI's type is bare
            cursor.execute("SET ROLE chalkline_job")
        connection.commit()

    return engine


def owner(url: str) -> Engine:
    """A connection for migrations: owns the tables, and by forced policies sees no learner."""
    return create_engine(
        url,
        pool_size=1,
        json_serializer=_json,
        json_deserializer=orjson.loads,
        hide_parameters=True,
    )


@contextmanager
def step_up(connection: Connection) -> Iterator[None]:
    """Lets a job's connection be the owner for a moment, to create a month's partition."""
    connection.exec_driver_sql("RESET ROLE")
    try:
        yield
    finally:
        connection.exec_driver_sql("SET ROLE chalkline_job")


def urls(settings: Settings) -> tuple[str, str]:
    """(application URL, owner URL): of the external server named, or of the embedded one."""
    if settings.database_url is not None:
        return settings.database_url, settings.database_owner_url or settings.database_url
    from db import embedded  # imported late: an external installation needs no server of ours

    server = embedded.running(settings)
    if server is None:
        raise embedded.EmbeddedError(
            "The embedded database is not running. Start it with 'make run', or name another "
            "server in DATABASE_URL."
        )
    return server.url("app"), server.url("owner")
