"""Every component on one Streamlit page, with invented data: to look at, and for browser tests.

Run it: streamlit run tests/components_demo.py
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from components import cards, empty, figures, grid
from components.sheets import sheets
from components.show import show, twin

TODAY = date(2026, 11, 22)
EVIL = "<img src=x onerror=\"window.stolen='yes'\">"
FIRST = ("Ana", "Ben", "Chidi", "Dana", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jamal")
LAST = ("Ruiz", "Okafor", "Nguyen", "Kowalski", "Haddad", "Lindqvist", "Moreau", "Tanaka")
TITLES = (
    "Understand ratio language",
    "Unit rates",
    "Solve ratio problems",
    "Divide fractions by fractions",
    "Greatest common factor and least common multiple",
    "Negative numbers on the line",
)
BLOOM = ("Remember", "Understand", "Apply", "Analyze")
BANDS = (
    grid.Band("struggling", 0),
    grid.Band("developing", 0.4),
    grid.Band("nearly there", 0.7),
    grid.Band("mastered", 0.85),
)


@contextmanager
def demo_server() -> Iterator[str]:
    """This script on a free port of its own; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", __file__]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.DEVNULL) as process:
        try:
            for _ in range(300):
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def learners(count: int) -> list[grid.Row]:
    """Invented learners; the second carries a name that would run if it became markup."""
    names = [f"{FIRST[i % 10]} {LAST[(i * 3 + i // 10) % 8]}" for i in range(count)]
    names[1:2] = [EVIL]
    return [grid.Row(f"L{i}", name) for i, name in enumerate(names)]


def competencies(count: int) -> list[grid.Column]:
    """Invented competencies in the manner of the Common Core."""
    return [
        grid.Column(
            f"C{i}",
            f"6.{('RP', 'NS', 'EE', 'G', 'SP')[i // 4 % 5]}.{'ABCDEFGH'[i // 20]}.{i % 4 + 1}",
            TITLES[i % len(TITLES)],
            BLOOM[i % 4],
            "6.RP.A.1" if i in (2, 5) else "",
        )
        for i in range(count)
    ]


def mastery(rows: list[grid.Row], columns: list[grid.Column]) -> pd.DataFrame:
    """Estimates for every learner and competency, some thin, some absent; the same every time."""
    draw = np.random.default_rng(7)
    size = len(rows) * len(columns)
    value = np.clip(draw.beta(2.4, 1.6, size), 0, 1)
    count = draw.integers(0, 22, size)
    return pd.DataFrame(
        {
            "row": np.repeat([row.id for row in rows], len(columns)),
            "column": np.tile([column.id for column in columns], len(rows)),
            "value": np.where(count > 0, value, np.nan),
            "count": count,
            "low": np.clip(value - 0.14, 0, 1),
            "high": np.clip(value + 0.16, 0, 1),
            "enough": count > 2,
            "blocked_by": np.where((value < 0.35) & (count > 8), "6.RP.A.1", None),
        }
    )


def the_grid(height: int, width: int) -> None:
    """A mastery grid, what is chosen in it, and its twin."""
    rows, columns = learners(height), competencies(width)
    cells = mastery(rows, columns)
    caption = f"Mastery of {height} learners, Mathematics 6"
    chosen = grid.mastery_grid(rows, columns, cells, key="grid", caption=caption, bands=BANDS)
    st.text(f"Chosen: {chosen.kind} {chosen.row} {chosen.column}" if chosen else "Chosen: nothing")
    st.button("Rerun")
    twin(grid.grid_table(rows, columns, cells), key="grid", name="mastery")


def the_scores() -> None:
    """The grid's second use: assessments with scores."""
    rows = learners(6)
    columns = [grid.Column(f"Q{i}", f"Quiz {i}", "Ratios and rates") for i in range(1, 5)]
    cells = mastery(rows, columns)[["row", "column", "value"]]
    chosen = grid.mastery_grid(
        rows, columns, cells, key="scores", caption="Scores", bands=BANDS, wording=grid.SCORES
    )
    st.text(f"Chosen: {chosen}")


def the_cards(count: int) -> None:
    """The triage list."""
    draw = np.random.default_rng(3)
    empty.generated_banner()
    empty.as_of(datetime(2026, 11, 22, 14, 5))  # noqa: DTZ001 - the demo has no zone
    notice = cards.ReteachCard(
        "n1",
        "Mathematics 6, period 2",
        "6.RP.A.3 Solve ratio problems",
        "11 of 28 learners are below 40 % after 6 answers or more.",
        ["Ana Ruiz", "Ben Okafor"],
        "Ten minutes on tape diagrams before Thursday's quiz.",
    )
    chosen = cards.reteach_card(notice)
    wrongs = {"excused": "The absence was excused", "paper": "Done on paper", "other": "Other"}
    for i, row in enumerate(learners(count)):
        weeks = draw.integers(0, 6, 12).tolist()
        card = cards.LearnerCard(
            flag=f"f{i}",
            rank=i + 1,
            name=row.name,
            class_name="Mathematics 6, period 2",
            severity=("urgent", "soon", "watch")[min(i // 2, 2)],
            reasons=(
                "Missed 2 of 3 due assignments since 9 November; last active 12 days ago",
                "Below 40 % on 6.RP.A.3 (38 %, 9 answers)",
            ),
            clears=("Clears when one is handed in.", "Clears with three right answers in a row."),
            next_step="Five minutes with the unit-rate worked example, then retry set B",
            weeks=weeks,
            weeks_alt=f"Active days a week over 12 weeks, {weeks[-1]} in the last",
        )
        drawn = cards.learner_card(card, wrongs=wrongs, today=TODAY)
        chosen = chosen or drawn
        if i == count - 1:
            cards.learner_row(
                cards.LearnerCard("r1", 99, row.name, "Period 2", "watch", ("late",), "-", "-")
            )
    cards.overflow_line(7, count)
    st.text(f"Action: {chosen}")


def the_figures() -> None:
    """Every figure with its companions."""
    draw = np.random.default_rng(5)
    days = [TODAY - timedelta(days=7 * i) for i in range(14, 0, -1)]
    weeks = pd.DataFrame({"week": days, "value": draw.integers(0, 6, 14)})
    show(
        figures.activity_trend(weeks),
        figures.activity_trend_alt(weeks),
        weeks,
        key="a",
        name="activity",
    )
    value = np.linspace(0.3, 0.78, 14)
    points = pd.DataFrame({"day": days, "value": value, "low": value - 0.12, "high": value + 0.12})
    show(
        figures.mastery_timeline(points, mastered_at=0.85),
        figures.mastery_timeline_alt(points, competency="6.RP.A.3", mastered_at=0.85),
        points,
        key="m",
        name="mastery",
    )
    school = [d for d in (TODAY - timedelta(days=i) for i in range(80)) if d.weekday() < 5]
    status = draw.choice(
        ["present", "late", "excused", "absent"], len(school), p=[0.8, 0.1, 0.05, 0.05]
    )
    attendance = pd.DataFrame({"day": school, "status": status})
    show(
        figures.attendance_strip(attendance),
        figures.attendance_strip_alt(attendance),
        attendance,
        key="t",
        name="attendance",
    )
    scores = pd.DataFrame(
        {
            "assessment": [f"Quiz {i}" for i in range(1, 9)],
            "day": days[:8],
            "score": [0.4, 0.5, None, 0.62, 0.55, 0.7, 0.66, 0.8],
            "class_low": 0.5,
            "class_median": [0.6, 0.66, 0.63, 0.7, 0.68, 0.72, 0.7, 0.74],
            "class_high": 0.85,
        }
    )
    show(
        figures.score_history(scores),
        figures.score_history_alt(scores),
        scores,
        key="s",
        name="scores",
    )
    items = pd.DataFrame(
        {
            "item": [f"Item {i}: ratio table" for i in range(1, 31)],
            "difficulty": draw.uniform(0.2, 0.95, 30),
            "discrimination": np.append(draw.uniform(0.1, 0.6, 28), [-0.1, 0.02]),
            "learners": draw.integers(40, 160, 30),
        }
    )
    show(
        figures.item_map(items, weak_below=0.2),
        figures.item_map_alt(items, weak_below=0.2),
        items,
        key="i",
        name="items",
    )
    sections = pd.DataFrame(
        {
            "section": [f"{i}. {TITLES[i % 6]}" for i in range(1, 8)],
            "learners": 120,
            "started": [120, 118, 112, 104, 99, 80, 61],
            "completed": [118, 110, 96, 51, 77, 60, 30],
        }
    )
    show(
        figures.completion_bars(sections),
        figures.completion_bars_alt(sections),
        sections,
        key="c",
        name="sections",
    )
    options = pd.DataFrame(
        {
            "option": ["3/4", "4/3", "7", "It can not be said"],
            "chosen": [61, 38, 12, 4],
            "correct": [True, False, False, False],
        }
    )
    show(
        figures.option_counts(options),
        figures.option_counts_alt(options),
        options,
        key="o",
        name="options",
    )
    rows, columns = learners(12), competencies(10)
    wide = grid.grid_table(rows, columns, mastery(rows, columns))
    show(
        figures.print_heatmap(wide), figures.print_heatmap_alt(wide), wide, key="p", name="mastery"
    )


def main() -> None:
    """Show the part the address asks for: ?part=grid&rows=30&columns=20."""
    st.set_page_config(page_title="Components", layout="wide")
    sheets()
    asked = st.query_params
    part = asked.get("part", "grid")
    st.title(f"Components: {part}")
    match part:
        case "figures":
            the_figures()
        case "cards":
            the_cards(int(asked.get("rows", "12")))
        case "scores":
            the_scores()
        case "empty":
            empty.empty("Nobody meets a rule this week.", next_step="Try another class above.")
        case _:
            the_grid(int(asked.get("rows", "30")), int(asked.get("columns", "20")))


if __name__ == "__main__":
    main()
