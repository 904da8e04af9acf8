"""The command that fits a district's mastery model to its own answers."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from commands.databases import database, jobs
from commands.terminal import Json, Refusal, answering, note, show_pairs, watched
from db.refresh import refresh
from db.status import districts

mastery = typer.Typer(no_args_is_help=True, help="Fit the model behind mastery.")


@mastery.command("fit")
def fit(
    district: Annotated[int, typer.Option(help="Only this district.")] = 0,
    as_json: Json = False,
) -> None:
    """Fit the mastery model to a district's own answers, and estimate everybody by it."""
    with answering(as_json) as answer, database() as (settings, _), jobs(settings) as work:
        from db.knowledge.fitting import fit_district  # here: fits take a second to import

        with work.begin() as connection:
            known = [one["district"] for one in districts(connection)]
        if district and district not in known:
            raise Refusal(f"There is no district {district}. 'status' lists them.")
        told: dict[str, Any] = {}
        with watched() as progress:
            for number in [district] if district else known:
                now = datetime.now(UTC)
                fitted = fit_district(work, district=number, now=now, progress=progress)
                told[str(number)] = asdict(fitted)
                if fitted.version:
                    refresh(work, districts=[number], now=datetime.now(UTC), progress=progress)
                note(f"District {number}: {fitted.version or fitted.why_not}")
        answer(told, lambda: show_pairs(told))
