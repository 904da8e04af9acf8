"""Figures, their sentences, their downloads, and the colours everything is drawn in."""

import csv
import io
import tomllib
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from components import figures, palette
from components.figures.layout import short
from components.show import harmless, plain, to_csv

MONDAY = date(2026, 9, 7)
DAYS = [MONDAY + timedelta(weeks=i) for i in range(4)]
EVIL = "<a href='javascript:alert(1)'>Ana</a>"

WEEKS = pd.DataFrame({"week": DAYS, "value": [4, 3, 5, 1]})
POINTS = pd.DataFrame(
    {"day": DAYS, "value": [0.3, 0.4, 0.5, 0.6], "low": [0.2, 0.3, 0.4, 0.5], "high": 0.7}
)
ATTENDANCE = pd.DataFrame(
    {
        "day": [MONDAY + timedelta(days=i) for i in range(5)],
        "status": ["present", "late", "absent", "present", "excused"],
    }
)
SCORES = pd.DataFrame(
    {
        "assessment": ["Quiz 1", EVIL, "Quiz 3", "Quiz 4"],
        "day": DAYS,
        "score": [0.5, 0.9, None, 0.4],
        "class_low": 0.4,
        "class_median": 0.6,
        "class_high": 0.8,
    }
)
ITEMS = pd.DataFrame(
    {
        "item": ["Item 1", EVIL, "Item 3"],
        "difficulty": [0.5, 0.9, 0.3],
        "discrimination": [0.4, -0.1, 0.1],
        "learners": [90, 88, 85],
    }
)
SECTIONS = pd.DataFrame(
    {
        "section": ["Ratios", EVIL],
        "learners": [100, 100],
        "started": [90, 80],
        "completed": [88, 20],
    }
)
OPTIONS = pd.DataFrame(
    {"option": ["3/4", "4/3", EVIL], "chosen": [10, 6, 1], "correct": [True, False, False]}
)
GAINS = pd.DataFrame(
    {
        "section": ["Ratios", EVIL],
        "value": [0.04, -0.15],
        "low": [0.01, -0.18],
        "high": [0.07, -0.12],
        "learners": [373, 392],
    }
)
TIMES = pd.DataFrame(
    {"section": ["Ratios", EVIL], "minutes": [24.0, 61.0], "planned": [30.0, 35.0]}
)
CHOSEN = pd.DataFrame(
    {
        "option": ["3/4", EVIL, "1/4"],
        "correct": [True, False, False],
        "upper": [0.9, 0.1, 0.0],
        "lower": [0.4, 0.5, 0.1],
    }
)
BANDS = pd.DataFrame(
    {
        "band": ["8 to 12", EVIL],
        "share": [0.45, 0.55],
        "outcome": [0.73, None],
        "learners": [130, 130],
    }
)
PROGRESS = pd.DataFrame({"week": DAYS, "share": [0.02, 0.03, 0.01, 0.02]})
WIDE = pd.DataFrame({"Learner": ["Ana", EVIL], "6.RP.A.1": [38, None], "6.RP.A.3": [90, 80]})

DRAWN: dict[str, go.Figure] = {
    "activity": figures.activity_trend(WEEKS),
    "activity, small": figures.activity_trend(WEEKS, small=True),
    "mastery": figures.mastery_timeline(POINTS, mastered_at=0.85),
    "attendance": figures.attendance_strip(ATTENDANCE),
    "scores": figures.score_history(SCORES),
    "items": figures.item_map(ITEMS, weak_below=0.2),
    "sections": figures.completion_bars(SECTIONS),
    "options": figures.option_counts(OPTIONS),
    "gains": figures.gain_intervals(GAINS),
    "time": figures.time_against_plan(TIMES),
    "options by group": figures.options_by_group(CHOSEN),
    "bands": figures.band_shares(BANDS, outcome="right"),
    "progress": figures.weekly_progress(PROGRESS),
    "print": figures.print_heatmap(WIDE),
}
EMPTY: dict[str, tuple[Any, str]] = {
    "activity": (figures.activity_trend, figures.activity_trend_alt(WEEKS[:0])),
    "attendance": (figures.attendance_strip, figures.attendance_strip_alt(ATTENDANCE[:0])),
    "scores": (figures.score_history, figures.score_history_alt(SCORES[:0])),
    "sections": (figures.completion_bars, figures.completion_bars_alt(SECTIONS[:0])),
    "options": (figures.option_counts, figures.option_counts_alt(OPTIONS[:0])),
    "gains": (figures.gain_intervals, figures.gain_intervals_alt(GAINS[:0])),
    "time": (figures.time_against_plan, figures.time_against_plan_alt(TIMES[:0])),
    "options by group": (figures.options_by_group, figures.options_by_group_alt(CHOSEN[:0])),
    "bands": (figures.band_shares, figures.band_shares_alt(BANDS[:0], of="learning time")),
    "progress": (figures.weekly_progress, figures.weekly_progress_alt(PROGRESS[:0])),
    "print": (figures.print_heatmap, figures.print_heatmap_alt(WIDE[:0])),
}
TABLES = {
    "activity": WEEKS,
    "attendance": ATTENDANCE,
    "scores": SCORES,
    "sections": SECTIONS,
    "options": OPTIONS,
    "gains": GAINS,
    "time": TIMES,
    "options by group": CHOSEN,
    "bands": BANDS,
    "progress": PROGRESS,
    "print": WIDE,
}


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_a_figure_takes_its_ground_from_the_page_and_can_not_be_dragged(drawn: go.Figure) -> None:
    plot = drawn.to_dict()["layout"]
    assert plot["paper_bgcolor"] in {"rgba(0,0,0,0)", "#ffffff"}
    assert plot["xaxis"]["fixedrange"] is True
    assert plot["yaxis"]["fixedrange"] is True
    assert len(drawn.data) <= 4


@pytest.mark.parametrize("drawn", DRAWN.values(), ids=DRAWN)
def test_a_name_never_becomes_a_link_in_a_figure(drawn: go.Figure) -> None:
    assert "<a href" not in drawn.to_json().replace("\\u003c", "<").replace("\\u003e", ">")


def test_an_unescaped_name_would_be_noticed() -> None:
    """The control of the test above."""
    drawn = go.Figure(go.Bar(x=[1], y=[EVIL]))
    assert "<a href" in drawn.to_json().replace("\\u003c", "<")


@pytest.mark.parametrize("name", EMPTY)
def test_a_figure_of_nothing_is_drawn_and_says_so(name: str) -> None:
    draw, alt = EMPTY[name]
    draw(TABLES[name][:0])
    assert alt.endswith(".")
    assert any(word in alt for word in ("not enough", "no ", "nothing", "none yet"))


def test_mastery_of_nothing_says_so() -> None:
    alt = figures.mastery_timeline_alt(POINTS[:0], competency="6.RP.A.3", mastered_at=0.85)
    assert alt == "Mastery of 6.RP.A.3: no estimate yet."


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            figures.gain_intervals_alt(GAINS.replace(EVIL, "Scale")),
            "After 1 of 2 sections fewer answers are right than foretold; fewest after Scale "
            "(−15 in a hundred, between −18 and −12).",
        ),
        (
            figures.time_against_plan_alt(TIMES.replace(EVIL, "Scale")),
            "1 of 2 sections take more than a quarter longer than planned; longest beside its plan "
            "is Scale (61 minutes for 35).",
        ),
        (
            figures.options_by_group_alt(CHOSEN.replace(EVIL, "4/3")),
            "Of the strongest quarter 90 % choose the right answer, of the weakest 40 %; most of "
            "the weakest who miss it choose 4/3 (50 %).",
        ),
        (
            figures.band_shares_alt(BANDS.replace(EVIL, "12 to 16"), of="learning time"),
            "Largest part of learning time: 12 to 16, with 55 %.",
        ),
        (
            figures.weekly_progress_alt(PROGRESS),
            "On average 2.0 % of the course is completed a week; in the last week 2.0 %.",
        ),
        (
            figures.activity_trend_alt(WEEKS),
            "Weekly active days over 4 weeks: 1 in the last week, 4.0 a week on average before it.",
        ),
        (
            figures.mastery_timeline_alt(POINTS, competency="6.RP.A.3", mastered_at=0.85),
            "Mastery of 6.RP.A.3: 60 % (between 50 and 70 %), from 30 % at the start; "
            "below the 85 % counted as mastered.",
        ),
        (
            figures.attendance_strip_alt(ATTENDANCE),
            "Attendance over 5 school days: 2 present, 1 late, 1 excused and 1 absent; "
            "last absent on 9 September 2026.",
        ),
        (
            figures.score_history_alt(SCORES),
            "Scores on 3 of 4 assessments: 40 % on the latest, Quiz 4 (class median 60 %); "
            "at or above the median on 1.",
        ),
        (
            figures.item_map_alt(ITEMS.replace(EVIL, "Item 2"), weak_below=0.2),
            "2 of 3 questions hardly separate stronger from weaker learners; weakest is Item 2 "
            "(discrimination −0.10, 90 % correct).",
        ),
        (
            figures.completion_bars_alt(SECTIONS.replace(EVIL, "Rates")),
            "Completion of 2 sections runs from 20 % to 88 %; most of those who start are lost "
            "in Rates (20 of 80 finish it).",
        ),
        (
            figures.option_counts_alt(OPTIONS),
            "10 of 17 learners chose the correct answer; the commonest wrong one is 4/3 (6).",
        ),
        (
            figures.print_heatmap_alt(WIDE),
            "Mastery of 2 learners by 2 columns; lowest on average is 6.RP.A.1 (38 %).",
        ),
    ],
)
def test_the_sentence_says_what_the_figure_shows(sentence: str, expected: str) -> None:
    assert sentence == expected


def test_long_labels_are_cut_at_a_word() -> None:
    assert short("Greatest common factor and least common multiple") == (
        "Greatest common factor and least…"
    )


# Downloads.


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", " =1", "\n=1", "--1", "+"],
)
def test_text_that_a_spreadsheet_would_run_is_disarmed(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_a_carriage_return_within_a_cell_begins_no_row_of_its_own() -> None:
    assert harmless("\r=1") == "'\n=1"
    assert harmless("Ana\r=1") == "Ana\n=1"


@pytest.mark.parametrize("text", ["-3", "+4.5", "0.25", "-0.5", "Ana", "6.RP.A.3", "38 %", ""])
def test_numbers_and_words_are_left_alone(text: str) -> None:
    assert harmless(text) == text


def test_a_column_name_is_disarmed_too() -> None:
    assert to_csv(pd.DataFrame({"=A1": [1]})).decode("utf-8-sig").startswith("'=A1")


def test_the_download_opens_to_the_same_table() -> None:
    table = pd.DataFrame({"who": ['Ana, "A"', "Ünal\nB"], "share": [0.25, None], "n": [3, 4]})
    read = list(csv.reader(io.StringIO(to_csv(table).decode("utf-8-sig"))))
    assert read == [["who", "share", "n"], ['Ana, "A"', "0.25", "3"], ["Ünal\nB", "", "4"]]


def test_names_can_not_become_markdown() -> None:
    page = AppTest.from_string("import streamlit as st\nst.markdown(st.session_state.name)")
    page.session_state.name = plain("[x](http://a) :red[y] ![z](w)")
    assert page.run().markdown[0].value == r"\[x\]\(http\://a\) \:red\[y\] \!\[z\]\(w\)"


# Colours.

THEME = tomllib.loads(Path(".streamlit/config.toml").read_text(encoding="utf-8"))["theme"]
FADED = 0.6  # Streamlit draws captions in the text colour at this opacity.


@pytest.mark.parametrize(
    "step", [*palette.STEPS_LIGHT, *palette.STEPS_DARK, *palette.STEPS_PRINT], ids=str
)
def test_the_value_reads_on_every_step_of_the_scale(step: str) -> None:
    assert palette.contrast(palette.text_on(step), step) >= 4.5


@pytest.mark.parametrize("step", palette.STEPS_PRINT, ids=str)
def test_black_reads_on_every_printed_step(step: str) -> None:
    assert palette.contrast("#000000", step) >= 4.5


@pytest.mark.parametrize(
    ("scale", "rising"),
    [(palette.STEPS_LIGHT, True), (palette.STEPS_DARK, False), (palette.STEPS_PRINT, True)],
)
def test_the_scale_runs_one_way_in_luminance(scale: tuple[str, ...], rising: bool) -> None:
    run = [palette.luminance(step) for step in scale]
    assert run == sorted(run, reverse=not rising)


@pytest.mark.parametrize("hue", palette.HUES)
def test_every_hue_stands_out_on_paper_and_on_slate(hue: str) -> None:
    assert palette.contrast(hue, palette.PAPER) >= 3
    assert palette.contrast(hue, palette.SLATE) >= 3


@pytest.mark.parametrize(("scheme", "ground"), [("light", palette.PAPER), ("dark", palette.SLATE)])
def test_the_theme_is_readable_and_the_one_the_figures_assume(scheme: str, ground: str) -> None:
    theme = THEME[scheme]
    assert theme["backgroundColor"] == ground
    for back in (ground, theme["secondaryBackgroundColor"], theme["sidebar"]["backgroundColor"]):
        for name, colour in theme.items():
            if name in {"textColor", "linkColor", "primaryColor"} or name.endswith("TextColor"):
                assert palette.contrast(colour, back) >= 4.5, (name, back)
        assert palette.contrast(_over(theme["textColor"], back, FADED), back) >= 4.5


def _over(front: str, back: str, opacity: float) -> str:
    pairs = [(int(front[i : i + 2], 16), int(back[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(opacity * f + (1 - opacity) * b):02x}" for f, b in pairs)
