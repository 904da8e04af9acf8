"""Gives tests a PostgreSQL server of their own, and leaves nothing of it behind."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from db.embedded import Server, start, stop
from db.settings import Settings


@contextmanager
def new_home(under: Path | None = None) -> Iterator[Settings]:
    """The settings of a home that ends with the block.

    pytest's own folders are closed to the user that a root's server runs as, hence the default.
    """
    folder = Path(tempfile.mkdtemp(prefix="chalkline-test-", dir=under or "/tmp"))
    folder.chmod(0o711)
    try:
        yield Settings.load({"CHALKLINE_HOME": str(folder / "home")})
    finally:
        shutil.rmtree(folder)


@contextmanager
def temporary_server(tmp_root: Path | None = None) -> Iterator[Server]:
    """A fresh server with our roles and an empty database `chalkline`, stopped at the end."""
    with new_home(tmp_root) as settings:
        server = start(settings)
        hasten(server)
        try:
            yield server
        finally:
            stop(server)
            if settings.home not in server.data.parents:  # a root's server under a closed folder
                shutil.rmtree(server.data.parent)


def hasten(server: Server) -> None:
    """A server that is thrown away need not survive a power cut."""
    engine = create_engine(server.url("superuser", "postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()
