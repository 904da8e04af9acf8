"""The commands about retention: which rules there are, what falls due, and what is carried out."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from commands.databases import database, jobs
from commands.terminal import Json, Refusal, answering, say, show_rows
from db.status import districts
from privacy import erasure, falling_due, policies
from privacy.erasure import Custody
from privacy.requests import run_requests
from privacy.retention import prepare, run_approved

retention = typer.Typer(no_args_is_help=True, help="How long records are kept.")


@retention.command()
def install(
    policy: Annotated[str, typer.Argument(help=", ".join(policies.SETS))],
    district: Annotated[int, typer.Option(help="Number of the district ('status' lists them)")] = 1,
    as_json: Json = False,
) -> None:
    """Give a district a shipped set of rules; rules it has already stay as they are."""
    with answering(as_json) as answer:
        if policy.upper() not in policies.SETS:
            raise Refusal(f"'{policy}' is no set of rules. Use {', '.join(policies.SETS)}.")
        with database() as (settings, _), jobs(settings) as work, work.begin() as connection:
            if district not in {one["district"] for one in districts(connection)}:
                raise Refusal(f"There is no district {district}. 'status' lists them.")
            number = policies.install(connection, district, policy.upper())
        answer({"rules": number}, lambda: say.print(f"{number} rules are new."))


@retention.command()
def run(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what and why; change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Prepare batches of what fell due, and carry out what two persons have decided."""
    with answering(as_json) as answer, database() as (settings, keystore), jobs(settings) as work:
        now = datetime.now(UTC)
        listed: list[dict[str, Any]] = []
        with work.begin() as connection:
            for one in districts(connection):
                for rule in falling_due.rules(connection, one["district"]):
                    found = falling_due.due(
                        connection, keystore, one["district"], rule, today=one["today"]
                    )
                    listed += [
                        {
                            "district": one["district"],
                            "learner": str(each.anonymous_id),
                            "due since": each.since.isoformat(),
                            "what": f"{rule.action} {rule.category}",
                            "why": f"{rule.trigger}: {rule.citation}",
                            "held": "by a hold" if each.held else "",
                        }
                        for each in found
                    ]
        if dry_run:
            answer(listed, lambda: show_rows("Due, and not yet in a batch", listed))
            return
        prepared = 0
        for one in _districts(work):
            with work.begin() as connection:
                made = prepare(connection, keystore, one["district"], today=one["today"], now=now)
                prepared += sum(made.values())
        custody = Custody(keystore, settings.erased_file)
        done = run_requests(work, custody, now=now) | run_approved(work, custody, now=now)
        told = {"prepared": prepared, **done}
        words = (
            f"{prepared} learners prepared for the records office to decide on; done: "
            f"{', '.join(f'{name} {number}' for name, number in done.items()) or 'nothing'}."
        )
        answer(told, lambda: say.print(words, highlight=False))


@retention.command()
def replay(as_json: Json = False) -> None:
    """After a restore: erase again whoever was erased since the backup."""
    with answering(as_json) as answer, database() as (settings, keystore), jobs(settings) as work:
        custody = Custody(keystore, settings.erased_file)
        again = erasure.replay(work, custody, now=datetime.now(UTC))
        answer({"erased": again}, lambda: say.print(f"{again} learners erased again."))


@retention.command()
def rules(
    district: Annotated[int, typer.Option(help="Number of the district")] = 1,
    as_json: Json = False,
) -> None:
    """List a district's rules."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        with work.begin() as connection:
            active = {rule.rule_id for rule in falling_due.rules(connection, district)}
            every = falling_due.rules(connection, district, active=False)
        rows = [
            asdict(rule) | {"rule_id": str(rule.rule_id), "active": rule.rule_id in active}
            for rule in every
        ]
        shown = [{k: v for k, v in row.items() if k != "rule_id"} for row in rows]
        answer(rows, lambda: show_rows("Retention rules", shown))


def _districts(work: Any) -> list[dict[str, Any]]:
    with work.begin() as connection:
        found: list[dict[str, Any]] = districts(connection)
    return found
