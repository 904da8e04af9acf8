"""How every command answers: a table or JSON, a progress bar, and one sentence when it fails."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from db.in_words import InWordsError

Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]
Answer = Callable[[Any, Callable[[], None]], None]

# In a file or a pipe nothing is narrow, and a password that was folded can not be searched for.
say = Console(stderr=True, width=None if sys.stderr.isatty() else 200)
WIDEST = 120  # characters of a table, however narrow the terminal


class Refusal(InWordsError):  # noqa: N818 - it is what the person is told
    """Stops a command with one clear sentence."""


@contextmanager
def answering(as_json: bool) -> Iterator[Answer]:
    """Gives the command a way to answer, and turns what may go wrong into one sentence."""

    def answer(data: Any, shown: Callable[[], None]) -> None:
        if as_json:
            sys.stdout.write(json.dumps(data, default=_plain) + "\n")
        else:
            shown()

    try:
        yield answer
    except InWordsError as problem:
        _fail(str(problem), as_json)
    except OperationalError as problem:
        _fail(_why(problem), as_json)
    except (SQLAlchemyError, psycopg.Error) as problem:
        _fail(
            f"The database refused the work ({type(problem).__name__}). Nothing was kept.", as_json
        )
    except OSError as problem:
        where = f"{problem.filename}: " if problem.filename else ""
        _fail(f"{where}{problem.strerror or problem}.", as_json)
    except KeyboardInterrupt:
        _fail("Stopped. Run the same command again to go on.", as_json)


@contextmanager
def watched() -> Iterator[Callable[[str, int, int | None], None]]:
    """A progress bar for work that takes time; on standard error, so that JSON stays clean."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=say,
        transient=True,
    ) as bars:
        tasks: dict[str, Any] = {}

        def show(what: str, done: int, of: int | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield show


def show_rows(title: str, rows: list[dict[str, Any]]) -> None:
    """A table of dicts with the same keys."""
    if not rows:
        say.print(f"{title}: none.")
        return
    table = Table(title=title, title_justify="left")
    for column in rows[0]:
        table.add_column(column.replace("_", " "), overflow="fold")  # a cut password is none
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    wide = Console(stderr=True, width=max(say.width, WIDEST))  # a broken password can not be copied
    wide.print(table)


def show_pairs(pairs: dict[str, Any]) -> None:
    """One line a thing."""
    for name, value in pairs.items():
        say.print(f"{name.replace('_', ' ')}: {value}", highlight=False)


def note(message: str) -> None:
    """Something worth knowing while it happens."""
    say.print(f"[dim]{message}[/dim]", highlight=False, soft_wrap=True)


def day(given: str) -> date | None:
    """The date typed; None when nothing was. Refusal when it is none."""
    if not given:
        return None
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise Refusal(f"'{given}' is not a day. Write it like 2026-03-20.") from None


def _why(problem: OperationalError) -> str:
    """An operational error without addresses or values."""
    match getattr(problem.orig, "sqlstate", None):
        case "53100":
            return "The database's disk is full. Make room and run the same command again."
        case None:
            return "The database does not answer. Start it with 'make run', or check DATABASE_URL."
        case state:
            return f"The database stopped the work (SQLSTATE {state}). Run the same command again."


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _fail(sentence: str, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"error": sentence}) + "\n")
    else:
        say.print(sentence, style="red", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(1)
