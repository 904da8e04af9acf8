"""The commands about the audit trail: is it whole, and sign it as it stands."""

from datetime import UTC, datetime
from typing import Any

import typer

from commands.databases import database, jobs
from commands.terminal import Json, answering, say, show_pairs, watched
from db.audit import Notary
from db.audit.verify import keep, verify
from db.audit.work import chain_all, sign

audit = typer.Typer(no_args_is_help=True, help="The trail of who saw and did what.")


@audit.command("verify")
def verified(as_json: Json = False) -> None:
    """Hold the whole trail against its chain and the checkpoints outside the database."""
    with answering(as_json) as answer:
        with (
            database() as (settings, _),
            jobs(settings) as work,
            watched() as progress,
            work.begin() as connection,
        ):
            verdict = verify(
                connection,
                Notary.of(settings),
                progress=lambda rows: progress("rows", rows, None),
            )
            keep(connection, verdict, now=datetime.now(UTC))
        told: dict[str, Any] = {
            "whole": verdict.fault is None,
            "rows": verdict.rows,
            "waiting": verdict.waiting,
            "checkpoints": verdict.checkpoints,
        }
        if verdict.fault is not None:
            told |= {"fault": verdict.fault, "bad_row": verdict.bad_row}
        answer(told, lambda: show_pairs(told))
    if verdict.fault is not None:
        raise typer.Exit(1)


@audit.command("checkpoint")
def signed(as_json: Json = False) -> None:
    """Chain what waits and sign the trail as it stands now."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        now = datetime.now(UTC)
        chained = chain_all(work, now=now)
        rows = sign(work, Notary.of(settings), now=now)
        words = f"Signed {rows:,} rows." if rows else "Nothing new to sign."
        told = {"chained": chained, "signed": rows, "folder": str(settings.checkpoints)}
        answer(told, lambda: say.print(f"{words} Checkpoints are in {settings.checkpoints}."))
