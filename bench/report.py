"""Prints what was measured as tables, and keeps it as JSON."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bench.freshness import WITHIN
from bench.nights import SCORES_TO_REACH
from bench.pages import CPU_TO_REACH, P95_TO_REACH

RESULTS: Final = Path(__file__).parent / "results"

out = Console(width=max(110, Console().width))  # a pipe has 80, where tables break


def show(title: str, rows: Sequence[Mapping[str, Any]], note: str = "") -> None:
    """One table; its columns are the keys of the first row."""
    table = Table(title=title, caption=note or None, title_justify="left", caption_justify="left")
    for name in rows[0]:
        table.add_column(escape(name), justify="left" if name == next(iter(rows[0])) else "right")
    for row in rows:
        table.add_row(*(escape(str(value)) for value in row.values()))
    out.print(table)


def new_file() -> Path:
    """Where this run's figures go."""
    RESULTS.mkdir(exist_ok=True)
    return RESULTS / f"{datetime.now(UTC):%Y-%m-%d-%H%M%S}.json"


def keep(path: Path, measured: Mapping[str, Any]) -> None:
    """Writes everything that has been measured so far."""
    path.write_text(json.dumps(measured, indent=1, default=str) + "\n", encoding="utf-8")


def say(words: str) -> None:
    """What is being done."""
    out.print(f"[dim]{words}[/dim]", highlight=False)


def machine(told: Mapping[str, Any], loading: Mapping[str, Any]) -> None:
    """On what it was measured, in a few lines."""
    rows = sum(value for name, value in loading.items() if name.startswith("rows "))
    lines = {name: value for name, value in told.items() if not isinstance(value, dict)}
    lines |= {name: _listed(value) for name, value in told.items() if isinstance(value, dict)}
    lines["load average"] = " ".join(f"{one:.2f}" for one in told["load average"])
    lines["data"] = (
        f"{rows:,} rows loaded in {loading.get('load', 0):.0f} s, "
        f"state made in {loading.get('refresh', 0):.0f} s"
    )
    for name, value in lines.items():
        out.print(f"[dim]{name:>13}[/dim]  {value}", highlight=False)


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


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


def refresh(measured: Mapping[str, Any]) -> None:
    """New answers: what they cost, and how long until they are seen."""
    show(
        "Refresh after new answers",
        [
            {
                "new answers": f"{one['answers']:.0f}",
                "classes made again": f"{one['classes']:.0f}",
                "refresh p50 / p95 ms": pair(one["milliseconds"]),
                "ms an answer": figure(one["milliseconds an answer"]),
            }
            for one in measured["refresh"]
        ],
    )
    waits = measured["worker"]["seconds"]
    show(
        "From an answer's commit to the state that pages read, by the worker",
        [
            {
                "answers": waits["n"],
                "p50 s": figure(waits["p50"]),
                "p95 s": figure(waits["p95"]),
                "longest s": figure(measured["worker"]["longest"]),
            }
        ],
        f"To reach: {WITHIN:.0f} s. An open page looks for news every five seconds.",
    )


def pages(measured: Mapping[str, Any]) -> None:
    """Whole pages: one tab alone, then crowds."""
    show(
        "One tab, page after page, nothing else going on",
        [
            {
                "page": one["page"],
                "p50 / p95 ms": pair(one["milliseconds"]),
                "app CPU ms": figure(one["app ms"]),
                "database CPU ms": figure(one["database ms"]),
                "kB": figure(one["kilobytes"]),
                "messages": f"{one['messages']:.0f}",
            }
            for one in measured["alone"]
        ],
        f"To reach: {CPU_TO_REACH:.0f} ms of CPU a rerun.",
    )
    show(
        "Many sessions, each acting every ten seconds (one process)",
        [
            {
                "sessions": one["sessions"],
                "page p50 / p95 ms": pair(one["milliseconds"]),
                "repeats p50 / p95 ms": pair(one["repeats"] and one["repeats"]["milliseconds"]),
                "app CPU ms a page": figure(one["app ms"]),
                "app cores": figure(one["app cores"]),
                "database cores": figure(one["database cores"]),
                "MB": f"{one['megabytes']:.0f}",
            }
            for one in measured["together"]
        ],
        f"To reach: p95 under {P95_TO_REACH:.0f} ms with 150. Repeats are the fragments that run "
        "by themselves; their CPU is in the app's. Client, app and database share the cores.",
    )


def nights(measured: Mapping[str, Any]) -> None:
    """Work that nobody waits for."""
    size = ", ".join(f"{many:,} {what}" for what, many in measured["size"].items())
    show(
        f"Each job once, everything made anew: {size}",
        [
            {"job": one["job"], "s": figure(one["seconds"]), "of it our CPU s": figure(one["own"])}
            for one in measured["jobs"]
        ],
        f"To reach: scores in {SCORES_TO_REACH:.0f} s. The rest of the time is PostgreSQL's.",
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


def privacy(measured: Mapping[str, Any]) -> None:
    """The audit, its controls, and how long releases take."""
    show(
        "What an attacker can be sure of, against what is charged (zCDP rho)",
        [
            {
                "neighbours": one["neighbours"],
                "runs a side": f"{one['runs']:,}",
                "shown rho": f"{one['rho']:.3f}",
                "charged rho": f"{one['claim']:.3f}",
                "shown epsilon": f"{one['epsilon']:.2f}",
                "claimed epsilon": f"{one['claimed epsilon']:.2f}",
                "kept": "yes" if one["rho"] <= one["claim"] else "NO",
            }
            for one in measured["audit"]
        ],
        "Lower bounds at 99.9 %, split-sample. The price is paid many times, so that runs tell.",
    )
    show(
        "The same with noise taken away",
        [
            {
                "neighbours": one["neighbours"],
                "shown rho": f"{one['rho']:.3f}",
                "charged rho": f"{one['claim']:.3f}",
                "caught": "yes" if one["rho"] > one["claim"] else "NO",
            }
            for one in measured["controls"]
        ],
    )
    speed = measured["speed"]
    show(
        f"Releases about {speed['learners']:,} learners",
        [
            *(
                {
                    "what": f"first release of {name}",
                    "p50 / p95 ms": f"{took['clock']:.0f}",
                    "processor ms": f"{took['processor']:.0f}",
                }
                for name, took in speed["first release"].items()
            ),
            {
                "what": "the district's twelve, made of the schools'",
                "p50 / p95 ms": f"{speed['whole district']:.0f}",
                "processor ms": "",
            },
            {
                "what": "page of 12 stored releases",
                "p50 / p95 ms": pair(speed["page of twelve"]),
                "processor ms": f"{speed['page of twelve, processor']:.1f}",
            },
            {"what": "one stored release", "p50 / p95 ms": pair(speed["one stored"])},
        ],
        "To reach: a page of twelve under 50 ms, a first release under 2,000 ms.",
    )
    show(
        "Exact figures inside schools, all groups of a metric at once",
        [
            {
                "learners": f"{int(learners):,}",
                "what": what,
                "ms": f"{took['clock']:.0f}",
                "processor ms": f"{took['processor']:.0f}",
            }
            for learners, asked in measured["exact"].items()
            for what, took in asked.items()
        ],
        "The first to ask in a week decides for everybody; 'again' is what all others wait.",
    )
