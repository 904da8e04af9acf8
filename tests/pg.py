"""Gives tests a PostgreSQL server of their own, and leaves nothing of it behind."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine

from db.embedded import Server, start, stop
from db.settings import Settings

PLENTY = 8 * 1024**3  # bytes of a file system in memory, which is half of the machine's


def scratch() -> Path:
    """Where tests' databases are: in memory on a machine with plenty of it, else on the disk.

    Not pytest's own folders, which are closed to the user that a root's server runs as. A copy of
    the cast's database is a thousand files, and there is one a test.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).total >= PLENTY:
        return memory
    return Path("/tmp")


@contextmanager
def new_home(under: Path | None = None) -> Iterator[Settings]:
    """The settings of a home that ends with the block."""
    folder = Path(tempfile.mkdtemp(prefix="chalkline-test-", dir=under or scratch()))
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
        for setting in (
            "fsync = off",
            "full_page_writes = off",
            "synchronous_commit = off",
            "shared_buffers = '64MB'",  # from its next start: a gigabyte makes each fork slower
        ):
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def as_a_user_has_it(home: Path) -> None:
    """Takes back what `hasten` set, in a home that is not running: here a commit has to last."""
    for settings in home.rglob("postgresql.auto.conf"):
        settings.write_text("")
