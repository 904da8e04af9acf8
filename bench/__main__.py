"""Runs the benchmark: `python -m bench`, or a part of it by name; `--scale small` to try it."""

from typing import Annotated, Any

import typer

from bench import queries as the_queries
from bench import report
from bench.home import Home, opened
from bench.machine import machine

PARTS = ("queries",)


def bench(
    parts: Annotated[list[str] | None, typer.Argument(help="queries, refresh, pages")] = None,
    scale: Annotated[str, typer.Option(help="district or small")] = "district",
) -> None:
    """Measure; print medians, spread and the machine; keep all of it in bench/results."""
    with opened(scale, report.out.print) as home:
        report.machine(machine(home.raw))
        measured = the_queries.run(home, report.out.print)
        report.queries(measured)
        print(report.keep({"queries": measured}))


if __name__ == "__main__":
    typer.run(bench)
