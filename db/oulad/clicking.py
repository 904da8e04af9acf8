"""Reads studentVle.csv, the large one, whole columns at a time, and adds up repeated rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # likewise

from db.oulad.files import Dataset
from db.oulad.gathering import FURTHEST, LARGEST
from db.oulad.reading import Block, blocks
from db.oulad.report import LoadError, Tally
from db.oulad.source import Clicks

NAME = "studentVle.csv"
MOST_CLICKS = 1_000_000  # by one learner on one site in one row
SITE_BITS, DAY_BITS = 20, 12  # of the sorting key; the enrolment has the other 31
Whole = npt.NDArray[np.int64]
Count = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Known:
    """What a click may refer to: positions by presentation, and which courses are wanted."""

    presentations: dict[tuple[str, str], int]
    wanted: Mask  # by presentation
    enrollments: Whole  # presentation << 32 | student, sorted
    sites: Whole  # presentation << 32 | site
    site_order: Whole  # positions that sort `sites`


def clicks(dataset: Dataset, tally: Tally, known: Known, progress: Callable[[int], None]) -> Clicks:
    """All good clicks of the wanted courses; `progress` is told the rows read so far."""
    if len(known.sites) >= 1 << SITE_BITS:
        raise LoadError(f"vle.csv lists more than {1 << SITE_BITS:,} sites; this can not be OULAD.")
    keys, counts, good = [np.empty(0, np.int64)], [np.empty(0, np.int32)], 0
    for block in blocks(dataset, NAME, tally.rejections):
        key, count = _checked(block, tally, known)
        keys.append(key)
        counts.append(count)
        good += len(key)
        tally.read[NAME] = good + tally.left_out[NAME] + tally.rejections.of(NAME)
        progress(tally.read[NAME])
    found = _added_up(keys, counts)
    tally.merged[NAME] = good - len(found)
    return found


def _checked(block: Block, tally: Tally, known: Known) -> tuple[Whole, Count]:
    """(sorting key, clicks) of the good rows of a block."""
    columns, lines = block.columns, block.lines
    presentation = _presentation(columns, known.presentations)
    ok = presentation >= 0
    _refuse(
        tally,
        lines[~ok],
        "code_presentation",
        "is of a presentation that courses.csv does not list",
    )
    wanted = ok & known.wanted[presentation]
    tally.left_out[NAME] += int(np.count_nonzero(ok & ~wanted))

    values = {}
    ok = wanted
    for column, least, most in (
        ("id_student", 0, LARGEST),
        ("id_site", 0, LARGEST),
        ("date", -FURTHEST, FURTHEST),
        ("sum_click", 1, MOST_CLICKS),
    ):
        values[column], fits = _numbers(columns.column(column), least, most)
        _refuse(tally, lines[ok & ~fits], column, f"must be a whole number from {least} to {most}")
        ok = ok & fits
    enrollment, enrolled = _find(known.enrollments, presentation << 32 | values["id_student"])
    _refuse(
        tally,
        lines[ok & ~enrolled],
        "id_student",
        "has no row for this presentation in studentInfo.csv",
    )
    ok = ok & enrolled
    place, there = _find(known.sites[known.site_order], presentation << 32 | values["id_site"])
    _refuse(tally, lines[ok & ~there], "id_site", "has no row for this presentation in vle.csv")
    ok = ok & there
    key = (
        enrollment[ok] << (SITE_BITS + DAY_BITS)
        | known.site_order[place[ok]] << DAY_BITS
        | (values["date"][ok] + FURTHEST)
    )
    return key, values["sum_click"][ok].astype(np.int32)


def _presentation(columns: Any, known: dict[tuple[str, str], int]) -> Whole:
    """Position of each row's presentation, -1 for an unknown one."""
    modules, codes = columns.column("code_module"), columns.column("code_presentation")
    pair = np.asarray(modules.indices).astype(np.int64) << 32 | np.asarray(codes.indices)
    pairs, inverse = np.unique(pair, return_inverse=True)
    names = [
        (
            modules.dictionary[int(one >> 32)].as_py(),
            codes.dictionary[int(one & 0xFFFFFFFF)].as_py(),
        )
        for one in pairs
    ]
    return np.array([known.get(name, -1) for name in names], dtype=np.int64)[inverse]


def _numbers(column: Any, least: int, most: int) -> tuple[Whole, Mask]:
    """The column as numbers, and which of them are whole and in range."""
    try:
        values = np.asarray(pc.cast(column, pa.int64()))
        fits = np.ones(len(values), dtype=bool)
    except pa.ArrowInvalid:  # at least one is no number: find which
        numeric = pc.match_substring_regex(column, r"^-?[0-9]{1,15}$")
        values = np.asarray(pc.cast(pc.if_else(numeric, column, str(least)), pa.int64()))
        fits = np.asarray(numeric)
    return values, fits & (values >= least) & (values <= most)


def _find(among: Whole, wanted: Whole) -> tuple[Whole, Mask]:
    """Where each value stands in the sorted `among`, and whether it does.

    >>> _find(np.array([2, 5]), np.array([5, 3]))
    (array([1, 1]), array([ True, False]))
    """
    if not len(among):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), bool)
    place = np.minimum(np.searchsorted(among, wanted), len(among) - 1)
    return place, among[place] == wanted


def _refuse(tally: Tally, lines: Whole, column: str, reason: str) -> None:
    for line in lines.tolist():
        tally.rejections.add(NAME, line, column, reason)


def _added_up(keys: list[Whole], counts: list[Count]) -> Clicks:
    """One row per enrolment, site and day, in that order. Empties both lists: memory is short."""
    key = np.concatenate(keys)
    keys.clear()
    order = np.argsort(key)
    key = key[order]
    count = np.concatenate(counts)[order]
    counts.clear()
    del order
    first = np.flatnonzero(np.diff(key, prepend=-1))
    total = np.add.reduceat(count, first) if len(first) else count
    key = key[first]
    return Clicks(
        enrollment=(key >> (SITE_BITS + DAY_BITS)).astype(np.int32),
        site=(key >> DAY_BITS & (1 << SITE_BITS) - 1).astype(np.int32),
        day=((key & (1 << DAY_BITS) - 1) - FURTHEST).astype(np.int32),
        clicks=total.astype(np.int32),
    )
