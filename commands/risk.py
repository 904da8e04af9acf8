"""The commands about the risk model: train it, score with it, say what there is, choose."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from sqlalchemy import Engine, text

import privacy
from commands.databases import database, jobs
from commands.scoring import scored
from commands.terminal import Json, Refusal, answering, show_pairs, show_rows, watched
from db.accounts import administrator
from db.settings import Settings
from db.status import districts
from privacy import Viewer

risk = typer.Typer(no_args_is_help=True, help="The risk model: train, score, choose.")
District = Annotated[int, typer.Option(help="Number of the district ('status' lists them)")]


@risk.command()
def train(district: District = 1, as_json: Json = False) -> None:
    """Learn from every class that has ended, and measure alerts on it; the worker does it too."""
    with answering(as_json) as answer, _known(district) as (_, work), watched() as progress:
        from db.risk import RiskError, training  # here: fits take a second to import

        with work.begin() as connection:
            today = connection.scalar(text("SELECT chalkline.today(:d)"), {"d": district})
        try:
            done = training.train(work, district=district, today=today, progress=progress)
        except RiskError as problem:
            raise Refusal(str(problem)) from None
        told = asdict(done)
        answer(told, lambda: show_pairs(told))


@risk.command()
def score(
    district: District = 1,
    everything: Annotated[bool, typer.Option("--all", help="Not only classes with news.")] = False,
    as_json: Json = False,
) -> None:
    """Score the learners of running classes and raise flags; the worker does it too."""
    with answering(as_json) as answer, _known(district) as (_, work), watched() as progress:
        done = scored(work, [district], everything=everything, progress=progress)
        answer(done, lambda: show_rows("Scored", done))


@risk.command()
def status(district: District = 1, as_json: Json = False) -> None:
    """List the models that are stored, and what is in force."""
    with answering(as_json) as answer, _known(district) as (_, work):
        from db.risk import store

        with work.begin() as connection:
            decided = store.decision(connection, district)
            found = store.versions(connection, district)
        told: dict[str, Any] = {"decision": decided and asdict(decided), "models": found}
        answer(told, lambda: show_rows("Models", found))


@risk.command()
def use(
    kind: Annotated[str, typer.Argument(help="transparent or boosted")],
    by: Annotated[str, typer.Option(help="Sign-in name of the administrator who decided it")],
    line: Annotated[int, typer.Option(help="Percent from which flags are raised; 0: as now")] = 0,
    as_json: Json = False,
) -> None:
    """Enter an administrator's decision, in her name and in the audit trail."""
    with answering(as_json) as answer:
        if kind not in ("transparent", "boosted"):
            raise Refusal(f"'{kind}' is not a kind of model. Use transparent or boosted.")
        with database() as (settings, _), jobs(settings) as work:
            from analytics.alerts import LINES
            from queries.district import alert_line, alerts

            if line and line not in LINES:
                raise Refusal(f"{line} is not a line. Use one of {', '.join(map(str, LINES))}.")
            viewer = _administrator(work, by)
            privacy.open_door(settings)
            try:
                now = alerts.alert_quality(viewer).decision
                chosen: alert_line.Kind = "boosted" if kind == "boosted" else "transparent"
                alert_line.decide(viewer, kind=chosen, line=line or now.line)
            finally:
                privacy.close_door()
            done = scored(work, [viewer.district_id])
        told = {"kind": kind, "line": line or now.line, "by": viewer.name, "scored": done}
        answer(told, lambda: show_pairs(told))


@contextmanager
def _known(district: int) -> Iterator[tuple[Settings, Engine]]:
    """Settings and jobs engine, where there is such a district."""
    with database() as (settings, _), jobs(settings) as work:
        with work.begin() as connection:
            if district not in {one["district"] for one in districts(connection)}:
                raise Refusal(f"There is no district {district}. 'status' lists them.")
        yield settings, work


def _administrator(work: Engine, sign_in_name: str) -> Viewer:
    with work.begin() as connection:
        found = administrator(connection, sign_in_name)
    if found is None:
        raise Refusal(
            f"'{sign_in_name}' is not the sign-in name of an administrator. A decision about "
            "flags is an administrator's: name the one who took it."
        )
    return Viewer(role="administrator", **found)
