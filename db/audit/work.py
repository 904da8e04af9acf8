"""The worker's part in the audit trail: chain and look for the unusual, sign, verify at night."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Engine

from db.audit import unusual
from db.audit.chain import MOST, chain, end
from db.audit.checkpoints import AuditError, Notary, checkpoint
from db.audit.keyuse import tell_uses
from db.audit.verify import Verdict, keep, verify
from db.chores import Chore
from db.settings import Settings

CHAINED: Final = "* * * * * */10"  # cron with seconds
SIGNED: Final = "*/5 * * * *"
KEYS_TOLD: Final = "4 * * * *"  # the hour before, when its last counts are written
VERIFIED: Final = "43 2 * * *"


def chores(settings: Settings) -> tuple[Chore, ...]:
    """The periodic jobs, for the worker."""

    def chained(engine: Engine, now: datetime) -> None:
        chain_all(engine, now=now)

    def signed(engine: Engine, now: datetime) -> None:
        sign(engine, Notary.of(settings), now=now)

    def verified(engine: Engine, now: datetime) -> dict[str, Any]:
        verdict = check(engine, Notary.of(settings), now=now)
        return {"rows": verdict.rows, "whole": verdict.fault is None}

    def keys_told(engine: Engine, now: datetime) -> dict[str, Any] | None:
        with engine.begin() as connection:
            told = tell_uses(connection, now=now)
        return {"rows": told} if told else None

    return (
        Chore("audit chain", CHAINED, chained),
        Chore("audit checkpoint", SIGNED, signed),
        Chore("audit verification", VERIFIED, verified),
        Chore("key use", KEYS_TOLD, keys_told),
    )


def chain_all(engine: Engine, *, now: datetime) -> int:
    """Places every waiting row, in transactions of at most `MOST`; returns how many."""
    placed, more = 0, MOST
    while more == MOST:
        with engine.begin() as connection:
            after, _ = end(connection)
            more = chain(connection)
            if more:
                unusual.find(connection, after=after, now=now)
        placed += more
    return placed


def sign(engine: Engine, notary: Notary, *, now: datetime) -> int | None:
    """Signs what is chained and committed; the number of rows signed, None when none is new.

    A trail that does not continue its last checkpoint is written down as a fault.
    """
    try:
        with engine.begin() as connection:
            made = checkpoint(connection, notary, now=now)
    except AuditError as fault:
        with engine.begin() as connection:
            rows, _ = end(connection)
            keep(connection, Verdict(rows, 0, 0, str(fault), rows + 1), now=now)
        raise
    return made.size if made else None


def check(engine: Engine, notary: Notary, *, now: datetime) -> Verdict:
    """Verifies the whole trail and writes the verdict down."""
    with engine.begin() as connection:
        verdict = verify(connection, notary)
        keep(connection, verdict, now=now)
    return verdict
