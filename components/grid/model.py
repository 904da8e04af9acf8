"""What a grid shows, and its compact form on the wire: five or six bytes a cell."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd

from components.palette import step

NOTHING: Final = 255  # the byte that stands for "no such number"
MOST: Final = 254  # counts above are shown as "254 or more"
FLAG_THIN: Final = 8  # flag bit: there are answers, but too few for an estimate


@dataclass(frozen=True, slots=True)
class Row:
    """A learner. `id` is what a selection returns: an opaque token, never a database key."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A competency or an assessment; `level` is Bloom's word ("Apply"), `blocked_by` a code."""

    id: str
    code: str
    title: str
    level: str = ""
    blocked_by: str = ""


@dataclass(frozen=True, slots=True)
class Band:
    """A word for values from `at_least` (0 to 1) up to the next band; `paint` is its step of the
    five colours, where that is not a matter of its place.
    """

    word: str
    at_least: float
    paint: int | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """The words a grid uses for what it counts and for what is not there."""

    row: str
    column: str
    one: str
    many: str
    thin: str
    empty: str


ANSWERS: Final = Wording(
    "learner", "competency", "answer", "answers", "not enough evidence", "no answers yet"
)
SCORES: Final = Wording(
    "learner", "assessment", "attempt", "attempts", "not marked yet", "not handed in"
)


def payload(
    rows: Sequence[Row],
    columns: Sequence[Column],
    cells: pd.DataFrame,
    *,
    caption: str,
    bands: Sequence[Band],
    wording: Wording,
) -> dict[str, Any]:
    """The grid as JSON-ready data; the cells travel as base64 of fixed-length records.

    `cells` holds one row per learner per column: `row`, `column` (ids), `value` (0 to 1, or
    missing), and where known `count`, `low`, `high`, `enough` (False: too little evidence),
    `blocked_by` (the code of the unmastered prerequisite) and `band` (the place of its band,
    where that is not a matter of the value alone). Cells of other rows or columns are left out;
    cells not given are empty.
    """
    starts = [band.at_least for band in bands]
    if not bands or starts[0] != 0 or any(a >= b for a, b in pairwise(starts)):
        raise ValueError("A grid's bands start at 0 and rise; pass them lowest first.")
    at = _places(rows, columns, cells)
    known = cells[at >= 0]
    at = at[at >= 0]
    blockers, records = _records(known, starts)
    table = np.zeros((len(rows) * len(columns), records.shape[1]), dtype=np.uint8)
    table[:, [0, 2, 3, 4]] = NOTHING
    table[at] = records
    last = len(bands) - 1
    judged = "band" in cells
    return {
        "caption": caption,
        "rows": [[row.id, row.name] for row in rows],
        "columns": [[c.id, c.code, c.title, c.level, c.blocked_by] for c in columns],
        "bands": [
            [
                b.word,
                None if judged else round(b.at_least * 100),
                step(i, last + 1) if b.paint is None else b.paint,
            ]
            for i, b in enumerate(bands)
        ],
        "words": [
            wording.row,
            wording.column,
            wording.one,
            wording.many,
            wording.thin,
            wording.empty,
        ],
        "blockers": blockers,
        "width": records.shape[1],
        "cells": base64.b64encode(table.tobytes()).decode(),
    }


def _places(rows: Sequence[Row], columns: Sequence[Column], cells: pd.DataFrame) -> np.ndarray:
    """Where each cell stands in the row-major table; -1 for one that is not shown."""
    across = pd.Index([column.id for column in columns])
    down = pd.Index([row.id for row in rows])
    for index, what in ((down, "rows"), (across, "columns")):
        if not index.is_unique:
            raise ValueError(f"Two {what} of a grid share an id; every id must be its own.")
    r = down.get_indexer(pd.Index(cells["row"].astype(str)))
    c = across.get_indexer(pd.Index(cells["column"].astype(str)))
    at: np.ndarray = np.where((r < 0) | (c < 0), -1, r * len(columns) + c)
    shown = at[at >= 0]
    if len(np.unique(shown)) != len(shown):
        raise ValueError("A grid was given two values for one cell; send one row per cell.")
    return at


def _records(cells: pd.DataFrame, starts: Sequence[float]) -> tuple[list[str], np.ndarray]:
    """The blockers' codes, and one record per cell: value, flags, low, high, count[, blocker]."""
    value = _numbers(cells, "value")
    if np.any((value < 0) | (value > 1)):
        raise ValueError("A grid's values lie between 0 and 1; divide percentages by 100.")
    enough = (
        cells["enough"].to_numpy(dtype=bool) if "enough" in cells else np.ones(len(cells), bool)
    )
    count = _numbers(cells, "count")
    percent, band = shown_percent(value, starts)
    if "band" in cells:
        band = cells["band"].to_numpy(dtype=int)
    hidden = np.isnan(value) | ~enough
    thin = hidden & ~(count == 0) & (~enough | (count > 0))
    flags = np.where(hidden, 0, band) + np.where(thin, FLAG_THIN, 0)
    parts = [
        np.where(hidden, NOTHING, percent),
        flags,
        _byte(np.where(hidden, np.nan, _numbers(cells, "low")) * 100),
        _byte(np.where(hidden, np.nan, _numbers(cells, "high")) * 100),
        _byte(np.minimum(count, MOST)),
    ]
    blockers: list[str] = []
    if "blocked_by" in cells and cells["blocked_by"].notna().any():
        codes, names = pd.factorize(cells["blocked_by"].replace("", None))
        if len(names) > MOST:
            raise ValueError(f"A grid can name {MOST} blocking competencies, not {len(names)}.")
        blockers = [str(name) for name in names]
        parts.append(codes + 1)
    return blockers, np.column_stack(parts).astype(np.uint8)


def shown_percent(value: np.ndarray, starts: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Whole percent and band of each value, never contradicting one another or claiming 0 or 100.

    Rounding must not carry a value over a band's edge ("40 %, below 40 %"), so such a value is
    cut off instead.

    >>> percent, band = shown_percent(np.array([0.396, 0.4, 0.998, 1.0, 0.001]), [0, 0.4, 0.7])
    >>> percent.tolist(), band.tolist()
    ([39, 40, 99, 100, 1], [0, 1, 2, 2, 0])
    """
    filled = np.nan_to_num(value)
    band = np.searchsorted(starts, filled, side="right") - 1
    rounded = np.round(filled * 100).astype(int)
    crossed = np.searchsorted(starts, rounded / 100, side="right") - 1 != band
    percent = np.where(crossed, np.floor(filled * 100).astype(int), rounded)
    percent = np.where((filled > 0) & (percent == 0), 1, percent)
    return np.where((filled < 1) & (percent == 100), 99, percent), band


def grid_table(
    rows: Sequence[Row], columns: Sequence[Column], cells: pd.DataFrame, *, heading: str = "Learner"
) -> pd.DataFrame:
    """The grid as a wide table for its twin and its download: names down, codes across, percent.

    A cell without enough evidence is missing, as on the screen.
    """
    shown = cells.astype({"row": str, "column": str})
    if "enough" in shown:
        shown = shown[shown["enough"].to_numpy(dtype=bool)]
    wide = shown.pivot(index="row", columns="column", values="value")
    wide = wide.reindex(index=[r.id for r in rows], columns=[c.id for c in columns])
    whole = (wide.astype(float) * 100).round().astype("Int64")
    whole.columns = pd.Index([c.code for c in columns])
    whole.insert(0, heading, [r.name for r in rows])
    return whole.reset_index(drop=True)


def _numbers(cells: pd.DataFrame, name: str) -> np.ndarray:
    """A column as floats, all missing when the table does not have it."""
    if name not in cells:
        return np.full(len(cells), np.nan)
    numbers: np.ndarray = cells[name].to_numpy(dtype=float, na_value=np.nan)
    return numbers


def _byte(numbers: np.ndarray) -> np.ndarray:
    """Whole numbers up to 254, with 255 for a missing one."""
    return np.where(np.isnan(numbers), NOTHING, np.round(np.nan_to_num(numbers)))
