"""The commands that measure the estimates on data nobody here made."""

from pathlib import Path
from typing import Annotated

import typer

from commands.terminal import Json, Refusal, answering, note, show_pairs

evaluate = typer.Typer(no_args_is_help=True, help="Measure the estimates on real outcomes.")


@evaluate.callback()
def _measures() -> None:
    """Measure the estimates on real outcomes."""


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
