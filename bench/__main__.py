"""Runs the benchmark: `python -m bench`, or parts of it by name; `--scale small` to try it."""

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from bench import freshness, nights, pages, privacy, queries, report
from bench.home import Home, Say, opened
from bench.machine import machine

PARTS: Final[dict[str, tuple[Callable[[Home, Say], Any], Callable[[Any], None]]]] = {
    "queries": (queries.run, report.queries),
    "refresh": (freshness.run, report.refresh),
    "nights": (nights.run, report.nights),
    "pages": (pages.run, report.pages),
    "privacy": (privacy.run, report.privacy),
}


def bench(
    parts: Annotated[
        list[str] | None,
        typer.Argument(help="queries, refresh, nights, pages, privacy; else all"),
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
        path = report.new_file()
        for part in wanted:
            run, show = PARTS[part]
            measured[part] = run(home, report.say)
            measured["machine at the end"] = machine(home.raw)
            report.keep(path, measured)
            show(measured[part])
    report.say(f"Kept in {path}")


if __name__ == "__main__":
    typer.run(bench)
