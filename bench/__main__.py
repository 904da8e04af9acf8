"""Runs the benchmark: `python -m bench`, or parts of it by name; `--scale small` to try it."""

from typing import Annotated, Any, Final

import typer

from bench import freshness, pages, queries, report
from bench.home import opened
from bench.machine import machine

PARTS: Final = ("queries", "refresh", "pages")


def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(help="queries, refresh, pages; all without any")
    ] = None,
    scale: Annotated[str, typer.Option(help="district (10,000 learners) or small")] = "district",
) -> None:
    """Measure; print medians with their spread and the machine; keep it all in bench/results."""
    wanted = parts or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise typer.BadParameter(f"'{part}' is not a part. Use {', '.join(PARTS)}.")
    match scale:
        case "district" | "small":
            pass
        case _:
            raise typer.BadParameter(f"'{scale}' is not a scale. Use district or small.")
    with opened(scale, report.say) as home:
        measured: dict[str, Any] = {"scale": scale, "machine": machine(home.raw)}
        measured["loading"] = home.loading
        report.machine(measured["machine"], home.loading)
        if "queries" in wanted:
            measured["queries"] = queries.run(home, report.say)
            report.queries(measured["queries"])
        if "refresh" in wanted:
            measured["refresh"] = freshness.run(home, report.say)
            report.refresh(measured["refresh"])
        if "pages" in wanted:
            measured["pages"] = pages.run(home, report.say)
            report.pages(measured["pages"])
        measured["machine at the end"] = machine(home.raw)
    report.say(f"Kept in {report.keep(measured)}")


if __name__ == "__main__":
    typer.run(bench)
