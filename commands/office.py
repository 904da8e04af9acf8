"""What the worker does for the records office: finds what fell due, carries out decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from db.chores import Chore
from db.settings import Settings
from db.status import districts
from privacy import retention
from privacy.erasure import Custody
from privacy.keystore import open_keystore
from privacy.requests import run_requests
from privacy.turns import Turns


def chores(settings: Settings) -> tuple[Chore, ...]:
    """Both; the key store is opened when the work begins."""

    def find_what_fell_due(engine: Engine, now: datetime) -> dict[str, Any] | None:
        keystore = open_keystore(settings.keys_at)
        found = 0
        with engine.begin() as connection:
            days = {one["district"]: one["today"] for one in districts(connection)}
        for district, today in days.items():
            with engine.begin() as connection:
                made = retention.prepare(connection, keystore, district, today=today, now=now)
                found += sum(made.values())
        return {"learners": found} if found else None

    def carry_out_decisions(engine: Engine, now: datetime) -> dict[str, Any] | None:
        custody = Custody(open_keystore(settings.keys_at), settings.erased_file)
        done: dict[str, int] = {}
        turns = Turns()

        def note(made: dict[str, int]) -> int:
            done.update(made)
            return len(made)

        turns.take(lambda: note(run_requests(engine, custody, now=now)))
        turns.take(lambda: note(retention.run_approved(engine, custody, now=now)))
        turns.end()
        return dict(done) or None

    return (
        Chore("retention", "17 * * * *", find_what_fell_due),
        Chore("records office", "* * * * *", carry_out_decisions),
    )
