"""Imports, jobs and backups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Integer, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Import(Table):
    """One row per run of a loader."""

    __tablename__ = "imports"

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    source: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    rows_read: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)
    rows_written: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)
    rows_rejected: Mapped[int] = mapped_column(BigInteger, server_default=DEFAULT)
    report: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ImportError(Table):
    """One row per rejected row of an import (the first thousand): where and why, never its
    content.
    """

    __tablename__ = "import_errors"
    __table_args__ = (to("imports", "district_id", "import_id", cascade=True),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    import_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    file: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None] = mapped_column(BigInteger)
    column: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class JobRun(Table):
    """One row per run of a background job that did something or failed."""

    __tablename__ = "job_runs"

    run_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, server_default=DEFAULT)
    district_id: Mapped[int | None] = mapped_column(Integer)
    job: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    detail: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=DEFAULT)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Backup(Table):
    """One row per backup or restore drill and its result."""

    __tablename__ = "backups"

    backup_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    location: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    result: Mapped[Any] = mapped_column(JSONB, server_default=DEFAULT)
