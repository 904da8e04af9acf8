"""Prints what was measured as tables, and keeps it as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

RESULTS: Final = Path(__file__).parent / "results"

out = Console()


def show(title: str, rows: Sequence[Mapping[str, Any]], note: str = "") -> None:
    """One table; its columns are the keys of the first row."""
    table = Table(title=title, caption=note or None, title_justify="left", caption_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    out.print(table)


def keep(measured: Mapping[str, Any]) -> Path:
    """Writes everything to bench/results; returns the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}.json"
    path.write_text(json.dumps(measured, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def machine(measured: Mapping[str, Any]) -> None:
    """On what it was measured, in a few lines."""
    told = dict(measured)
    settings = " ".join(f"{name}={value}" for name, value in told.pop("settings").items())
    packages = " ".join(f"{name} {version}" for name, version in told.pop("packages").items())
    load = " ".join(f"{one:.2f}" for one in told.pop("load average"))
    for name, value in (
        *told.items(),
        ("packages", packages),
        ("settings", settings),
        ("load average", load),
    ):
        out.print(f"[dim]{name:>13}[/dim]  {value}", highlight=False)


def queries(measured: Sequence[Mapping[str, Any]]) -> None:
    """The questions: one connection, sixteen, and against the figure to reach."""
    show(
        "Pages' questions, one connection: from state (policies on) and from the raw tables",
        [
            {
                "question": one["question"],
                "figures": one["figures in the answer"],
                "state p50 / p95 ms": pair(one["state"]),
                "raw p50 / p95 ms": pair(one["raw"]),
                "raw / state [quartiles]": ratio(one["ratio"]),
            }
            for one in measured
        ],
        "A transaction each, from BEGIN to COMMIT. The answers were compared and are equal.",
    )
    show(
        "The same with sixteen connections that ask without pause",
        [
            {
                "question": one["question"],
                "state p50 / p95 ms": pair(one["at once"]["state"]),
                "raw p50 / p95 ms": pair(one["at once"]["raw"]),
                "raw / state [quartiles]": ratio(one["at once"]["ratio"]),
            }
            for one in measured
        ],
        "Client and server share the machine's cores.",
    )
    show(
        "Statements alone against the figure to reach, and the page's whole question",
        [
            {
                "question": one["question"],
                "statements p50 ms": f"{one['statements']['p50']:.2f}",
                "to reach": f"{one['to reach']:.1f}",
                "reached": "yes" if one["statements"]["p50"] <= one["to reach"] else "NO",
                "whole question p50 / p95 ms": pair(one["whole question"]),
            }
            for one in measured
        ],
        "Whole: with names decrypted, next steps and everything else that the page is given.",
    )


def pair(spread: Mapping[str, float] | None) -> str:
    """
    >>> pair({"p50": 1.234, "p95": 12.34})
    '1.23 / 12.3'
    """
    return f"{figure(spread['p50'])} / {figure(spread['p95'])}" if spread else ""


def ratio(spread: Mapping[str, float]) -> str:
    """
    >>> ratio({"p50": 71.2, "low": 60.0, "high": 80.4})
    '71.2 [60.0, 80.4]'
    """
    return f"{figure(spread['p50'])} [{figure(spread['low'])}, {figure(spread['high'])}]"


def figure(value: float) -> str:
    """
    >>> figure(0.123), figure(4.567), figure(45.67), figure(456.7)
    ('0.12', '4.57', '45.7', '457')
    """
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
