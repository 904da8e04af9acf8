"""Reads files of answers for an evaluation: the one place in `analytics` that opens a file."""

import csv
import zipfile
from pathlib import Path
from typing import Final

import numpy as np
from scipy.sparse import load_npz

from analytics.knowledge.answers import Answers, Floats, Skills, in_order

COLUMNS: Final = ("user_id", "item_id", "timestamp", "correct", "skill_id")
SECONDS_A_DAY: Final = 86_400.0
MILLISECONDS_FROM: Final = 1e11  # as seconds this would be the year 5138


def read_answers(path: Path, item_skills: dict[str, Skills]) -> Answers:
    """The answers of a file with the columns COLUMNS, split by commas or tabs. `timestamp` is in
    seconds (or milliseconds) from any origin, `correct` from 0 to 1."""
    if not path.is_file():
        raise ValueError(f"There is no file {path}. Name a file of answers to read.")
    with path.open(newline="", encoding="utf-8-sig") as lines:
        head = lines.readline()
        split = "\t" if "\t" in head else ","
        names = [name.strip() for name in head.rstrip("\r\n").split(split)]
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise ValueError(
                f"{path.name} has no column {', '.join(missing)}. Its first line should name "
                f"{', '.join(COLUMNS)}, split by commas or tabs."
            )
        places = [names.index(name) for name in COLUMNS]
        rows = []
        for number, row in enumerate(csv.reader(lines, delimiter=split), start=2):
            if not row:
                continue
            if len(row) != len(names):
                raise ValueError(f"{path.name}, line {number}: {_count(len(row), len(names))}")
            rows.append([row[place].strip() for place in places])
    if not rows:
        raise ValueError(f"{path.name} holds no answers, only its first line.")
    who, item, when, correct, skill = (list(column) for column in zip(*rows, strict=True))
    seconds, credit = _numbers(path, "timestamp", when), _numbers(path, "correct", correct)
    if ((credit < 0) | (credit > 1)).any():
        raise ValueError(f"{path.name}: 'correct' should lie between 0 and 1 in every line.")
    if np.abs(seconds).max() > MILLISECONDS_FROM:
        seconds = seconds / 1000
    return in_order(
        learner=who,
        item=item,
        skill=[f"skill {name}" for name in skill],
        when=seconds / SECONDS_A_DAY,
        credit=credit,
        item_skills=item_skills,
    )


def _count(found: int, wanted: int) -> str:
    return f"{found} values where the first line names {wanted} columns."


def _numbers(path: Path, name: str, values: list[str]) -> Floats:
    try:
        numbers = np.array(values, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{path.name}: '{name}' should be a number in every line.") from error
    if not np.isfinite(numbers).all():
        raise ValueError(f"{path.name}: '{name}' should be a finite number in every line.")
    return numbers


def read_q_matrix(path: Path) -> dict[str, Skills]:
    """Which skills each item asks for, from a sparse matrix (scipy .npz) of items by skills."""
    if not path.is_file():
        raise ValueError(f"There is no file {path}. Name an item x skill matrix, or leave it out.")
    try:
        matrix = load_npz(path).tocsr()
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path.name} is not an item x skill matrix as scipy.sparse.save_npz writes it."
        ) from error
    matrix.eliminate_zeros()
    found: dict[str, Skills] = {}
    for item in range(matrix.shape[0]):
        columns = sorted(matrix.indices[matrix.indptr[item] : matrix.indptr[item + 1]].tolist())
        if columns:
            found[str(item)] = tuple(sorted(f"column {column}" for column in columns))
    return found
