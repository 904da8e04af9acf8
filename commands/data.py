"""The commands that make, load, refresh and describe data."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.databases import bring_up_to_date, database, jobs, lacking, server
from commands.logins import Newcomer, give_accounts
from commands.terminal import Json, Refusal, answering, day, say, show_pairs, show_rows, watched
from db import engine
from db.settings import Settings
from db.status import districts
from privacy.people import sealer, source_hash

SEED = 20_260_101
load = typer.Typer(no_args_is_help=True, help="Load real data.")


def migrate(as_json: Json = False) -> None:
    """Bring the database to the newest schema."""
    with answering(as_json) as answer, server() as settings:
        applied = bring_up_to_date(settings)
        words = f"Applied {len(applied)} migrations." if applied else "Up to date."
        answer({"applied": applied}, lambda: say.print(words))


def demo(
    scale: Annotated[
        str, typer.Option(help="small (1,200 learners) or district (10,000)")
    ] = "small",
    seed: Annotated[int, typer.Option(help="The same seed gives the same district.")] = SEED,
    today: Annotated[str, typer.Option(help="The day on which the generated data ends.")] = "",
    as_json: Json = False,
) -> None:
    """Generate a demo district of invented people."""
    with answering(as_json) as answer:
        from commands.demo_district import make_demo  # here and below: work takes long to import

        match scale:
            case "small" | "district":
                pass
            case _:
                raise Refusal(f"'{scale}' is not a scale. Use small or district.")
        with database() as (settings, keystore):
            made = make_demo(settings, keystore, scale=scale, seed=seed, today=today)
        answer(made, lambda: show_rows("Sign in as", made["logins"]))


@load.command("oulad")
def load_oulad(
    path: Annotated[Path, typer.Argument(help="The zip, or a folder with its CSV files.")],
    courses: Annotated[str, typer.Option(help="Only these, e.g. AAA,BBB")] = "",
    as_of: Annotated[str, typer.Option(help="The day the pages show, e.g. 2014-04-15")] = "",
    as_json: Json = False,
) -> None:
    """Load the Open University Learning Analytics Dataset."""
    with answering(as_json) as answer, database() as (settings, keystore):
        from commands.scoring import scored
        from db import oulad
        from db.effects import measure_effects
        from db.nightly import work_through
        from db.refresh import refresh

        with jobs(settings) as work, watched() as progress:
            report = oulad.load(
                work,
                path,
                courses=[name.strip() for name in courses.split(",") if name.strip()] or None,
                as_of=day(as_of),
                seal=sealer(keystore),
                source_hash=source_hash(keystore),
                progress=progress,
            )
            refresh(work, districts=[report.district_id], now=datetime.now(UTC), progress=progress)
            work_through(
                work, district=report.district_id, now=datetime.now(UTC), progress=progress
            )
            scored(work, [report.district_id], progress=progress)
            staff = [
                Newcomer(one.staff_id, one.display_name, one.role, one.sign_in_name)
                for one in report.staff
            ]
            measure_effects(work, now=datetime.now(UTC), districts=[report.district_id])
        logins = give_accounts(work, report.district_id, staff, settings)
        told = {name: value for name, value in asdict(report).items() if name != "staff"}
        answer(
            told | {"logins": logins},
            lambda: _show_load(told, logins),
        )


def _show_load(told: dict[str, Any], logins: list[dict[str, str]]) -> None:
    show_pairs(told)
    show_rows("Sign in as", logins)


def refresh_state(
    full: Annotated[bool, typer.Option(help="Rebuild everything, not only what is new.")] = False,
    district: Annotated[int, typer.Option(help="Only this district.")] = 0,
    as_json: Json = False,
) -> None:
    """Bring the state that pages read up to date."""
    with answering(as_json) as answer, database() as (settings, _):
        with jobs(settings) as work, watched() as progress:
            with work.begin() as connection:
                if district and district not in {one["district"] for one in districts(connection)}:
                    raise Refusal(f"There is no district {district}. 'status' lists them.")
            from commands.scoring import scored
            from db.refresh import refresh

            report = refresh(
                work,
                districts=[district] if district else None,
                full=full,
                now=datetime.now(UTC),
                progress=progress,
            )
            scores = scored(work, [district] if district else None, progress=progress)
        told = asdict(report) | {"scored": scores}
        answer(told, lambda: show_pairs(told))


def measure(
    full: Annotated[bool, typer.Option(help="Also what has hardly changed.")] = False,
    district: Annotated[int, typer.Option(help="Only this district.")] = 0,
    as_json: Json = False,
) -> None:
    """Measure at once what else is measured at night: how content teaches, how cohorts learn."""
    with answering(as_json) as answer, database() as (settings, _):
        with jobs(settings) as work, watched() as progress:
            with work.begin() as connection:
                known = [int(one["district"]) for one in districts(connection)]
            if district and district not in known:
                raise Refusal(f"There is no district {district}. 'status' lists them.")
            from db.nightly import work_through

            done = [
                asdict(
                    work_through(
                        work, district=one, now=datetime.now(UTC), full=full, progress=progress
                    )
                )
                for one in ([district] if district else known)
            ]
        answer({"districts": done}, lambda: show_pairs({"districts": done}))


def db_url(
    role: Annotated[str, typer.Option(help="app or owner")] = "app", as_json: Json = False
) -> None:
    """Print the database's address for a role; it holds a password."""
    with answering(as_json) as answer:
        if role not in ("app", "owner"):
            raise Refusal(f"'{role}' is not a role of the database. Use app or owner.")
        url = engine.urls(Settings.load())[0 if role == "app" else 1]
        answer({"url": url}, lambda: typer.echo(url))


def status(as_json: Json = False) -> None:
    """Say what there is: schema, districts, and how fresh their state is."""
    with answering(as_json) as answer:
        settings = Settings.load()
        missing = lacking(settings)
        found: list[dict[str, Any]] = []
        if not missing:
            with jobs(settings) as work, work.begin() as connection:
                found = districts(connection)
        told = {"home": str(settings.home), "pending": missing, "districts": found}
        answer(told, lambda: show_rows("Districts", found))
