"""The commands that measure the estimates on data nobody here made."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine

from commands.databases import database, jobs
from commands.terminal import Json, Refusal, answering, note, show_pairs, watched
from db import engine

evaluate = typer.Typer(no_args_is_help=True, help="Measure the estimates on real outcomes.")


@evaluate.command()
def mastery(
    train: Annotated[Path, typer.Option(help="Answers to fit on, of some learners.")],
    test: Annotated[Path, typer.Option(help="Answers to forecast, of other learners.")],
    q_matrix: Annotated[Path | None, typer.Option(help="Item x skill matrix (.npz).")] = None,
    as_json: Json = False,
) -> None:
    """Forecast each next answer, in order, and say how well."""
    with answering(as_json) as answer:
        from analytics.knowledge import evaluation  # here: it takes a second that no other needs

        try:
            found = evaluation.evaluate(train, test, q_matrix, progress=note)
        except ValueError as problem:
            raise Refusal(str(problem)) from None
        answer(found, lambda: show_pairs(found))


@evaluate.command()
def risk(
    train: Annotated[str, typer.Option(help="Terms to learn from, e.g. 2013B,2013J")],
    test: Annotated[str, typer.Option(help="Terms to forecast, e.g. 2014B")],
    days: Annotated[str, typer.Option(help="Days of the class to look from")] = "28,56,84",
    database_url: Annotated[
        str, typer.Option("--database", help="Owner's URL of another database")
    ] = "",
    district: Annotated[
        int, typer.Option(help="Only needed where several districts have these terms")
    ] = 0,
    strict: Annotated[
        bool, typer.Option(help="Learn only from classes that had ended before the test.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forecast who fails or leaves, from what was known on a day, and say how well."""
    with answering(as_json) as answer:
        from db.risk import RiskError  # here: fits take a second to import
        from db.risk import evaluate as measured

        def listed(given: str) -> list[str]:
            return [one.strip() for one in given.split(",") if one.strip()]

        if not all(one.isdigit() for one in listed(days)) or not listed(days):
            raise Refusal(f"'{days}' are not days. Write them like 28,56,84.")
        with _reading(database_url) as work, watched() as progress:
            try:
                found = measured(
                    work,
                    train=listed(train),
                    test=listed(test),
                    days=[int(one) for one in listed(days)],
                    district=district or None,
                    strict=strict,
                    progress=progress,
                )
            except RiskError as problem:
                raise Refusal(str(problem)) from None
        answer(found, lambda: show_pairs(found))


@contextmanager
def _reading(database_url: str) -> Iterator[Engine]:
    """The jobs engine of the database named, or of Chalkline's own."""
    if database_url:
        work = engine.jobs(database_url)
        try:
            yield work
        finally:
            work.dispose()
    else:
        with database() as (settings, _), jobs(settings) as work:
            yield work
