"""Keeps the record of a load, so that a finished one is not repeated and a killed one goes on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Engine, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from db.oulad.report import FileReport, LoadError, Rejections
from db.oulad.roster import SOURCE
from db.tables import Import, ImportError

LOCK = 7_242_617  # advisory lock: one load of OULAD at a time
STEPS, FILES, NOTES, COURSES = "steps", "files", "notes", "courses"
FINGERPRINT = "fingerprint"  # of a class, in its step


@dataclass
class Journal:
    """One import: its row in `imports`, and which steps are done."""

    district: int
    import_id: UUID
    steps: dict[str, Any] = field(default_factory=dict)

    def step(self, connection: Connection, name: str, outcome: dict[str, Any]) -> None:
        """Records a step in the very transaction that did it."""
        self.steps[name] = outcome
        self._set(connection, report={STEPS: self.steps})

    def finish(
        self,
        connection: Connection,
        files: tuple[FileReport, ...],
        notes: Sequence[str],
        courses: Sequence[str],
        rejections: Rejections,
    ) -> None:
        """Records the outcome and where rows were rejected."""
        if rejections.kept:
            connection.execute(
                insert(ImportError),
                [
                    {
                        "district_id": self.district,
                        "import_id": self.import_id,
                        "position": position,
                        "file": one.file,
                        "line": one.line,
                        "column": one.column,
                        "reason": one.reason,
                    }
                    for position, one in enumerate(rejections.kept, start=1)
                ],
            )
        self._set(
            connection,
            state="done",
            rows_read=sum(one.read for one in files),
            rows_written=sum(one.written for one in files),
            rows_rejected=sum(one.rejected for one in files),
            report={
                STEPS: self.steps,
                FILES: [asdict(one) for one in files],
                NOTES: list(notes),
                COURSES: list(courses),
            },
            finished_at=func.clock_timestamp(),
        )

    def fail(self, connection: Connection) -> None:
        self._set(connection, state="failed", finished_at=func.clock_timestamp())

    def _set(self, connection: Connection, **values: Any) -> None:
        connection.execute(
            update(Import)
            .where(Import.district_id == self.district, Import.import_id == self.import_id)
            .values(**values)
        )


@contextmanager
def alone(engine: Engine) -> Iterator[None]:
    """Holds the lock of OULAD's loader, or says that another load is running."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LOCK}):
            raise LoadError("OULAD is being loaded already. Wait until that load has finished.")
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})


def latest(connection: Connection, district: int) -> Any | None:
    """The latest import into the district: import_id, fingerprint, state, report; or None."""
    return connection.execute(
        select(Import.import_id, Import.fingerprint, Import.state, Import.report)
        .where(Import.district_id == district, Import.source == SOURCE)
        .order_by(Import.started_at.desc())
        .limit(1)
    ).one_or_none()


def begin(connection: Connection, district: int, fingerprint: str) -> Journal:
    """A new import, or the same one taken up again where it was killed."""
    before = latest(connection, district)
    if before is not None and before.state != "done":
        stopped = Journal(district, before.import_id, before.report.get(STEPS, {}))
        if before.fingerprint == fingerprint:
            stopped._set(connection, state="running", finished_at=None)
            return stopped
        stopped.fail(connection)
    journal = Journal(district, uuid4())
    connection.execute(
        insert(Import).values(
            district_id=district,
            import_id=journal.import_id,
            source=SOURCE,
            fingerprint=fingerprint,
            state="running",
            report={STEPS: {}},
        )
    )
    return journal


def loaded_classes(connection: Connection, district: int) -> dict[str, str]:
    """Class key -> fingerprint of its content as last loaded, by whichever import."""
    found: dict[str, str] = {}
    for steps in connection.scalars(
        select(Import.report[STEPS])
        .where(Import.district_id == district, Import.source == SOURCE)
        .order_by(Import.started_at)
    ):
        found |= {key: step[FINGERPRINT] for key, step in steps.items() if FINGERPRINT in step}
    return found
