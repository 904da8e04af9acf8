"""Reads one CSV file as text, block by block, with the line every row stands on."""

import codecs
import io
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.compute as pc  # type: ignore[import-untyped]  # likewise
import pyarrow.csv as csv  # type: ignore[import-untyped]  # likewise

from db.oulad.files import COLUMNS, PRESENTATION, Dataset
from db.oulad.report import LoadError, Rejections

BLOCK = 4 << 20  # bytes of CSV handled at once

Lines = npt.NDArray[np.int64]
Fields = dict[str, str]


class BadValueError(ValueError):
    """A row that can not be used: which column and why; never what it holds."""

    def __init__(self, column: str | None, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.reason = reason


@dataclass(frozen=True)
class Block:
    """Some rows of a file: its columns as text (presentations dictionary-encoded)."""

    lines: Lines
    columns: Any  # pyarrow.RecordBatch


class Utf8(io.RawIOBase):
    """A stream that refuses what is not UTF-8, before a parser stumbles over it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._stream.read(size)
        self._decoder.decode(block, final=not block)
        return block


def blocks(dataset: Dataset, name: str, rejections: Rejections) -> Iterator[Block]:
    """The rows of `name`; rows with too few or too many fields are rejected on the way."""
    skipped: list[int] = []

    def refuse(row: Any) -> str:
        skipped.append(row.number)
        rejections.add(
            name,
            row.number,
            None,
            f"has {row.actual_columns} fields instead of {row.expected_columns}",
        )
        return "skip"

    with dataset.open(name) as stream:
        before = 0
        for batch in _batches(stream, name, refuse):
            lines = _lines(before, len(batch), skipped)
            before += len(batch)
            filled = _filled(batch)
            yield Block(lines[filled], batch.filter(pa.array(filled)))


def _lines(before: int, rows: int, skipped: list[int]) -> Lines:
    """Lines of the next `rows` good rows after `before` of them; line 1 names the columns.

    >>> _lines(0, 4, skipped=[3, 5]).tolist()
    [2, 4, 6, 7]
    """
    good = np.arange(before, before + rows, dtype=np.int64)
    bad = np.asarray(skipped, dtype=np.int64)
    good_before_bad = bad - 2 - np.arange(len(bad))
    return good + 2 + np.searchsorted(good_before_bad, good, side="right")


def _batches(stream: IO[bytes], name: str, refuse: Callable[[Any], str]) -> Iterator[Any]:
    text = pa.string()
    types = dict.fromkeys(COLUMNS[name], text)
    types |= {column: pa.dictionary(pa.int32(), text) for column in PRESENTATION}
    try:
        reader = csv.open_csv(
            Utf8(stream),
            read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK),
            parse_options=csv.ParseOptions(invalid_row_handler=refuse, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(column_types=types, strings_can_be_null=False),
        )
        missing = [column for column in COLUMNS[name] if column not in reader.schema.names]
        if missing:
            raise LoadError(
                f"{name} lacks the column {', '.join(missing)}. Its first line must name the "
                f"columns {', '.join(COLUMNS[name])}, separated by commas."
            )
        for batch in reader:
            if len(batch):
                yield batch.select(COLUMNS[name])
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if "Empty CSV file" in str(error):
            raise LoadError(f"{name} is empty: it lacks even the line of column names.") from None
        raise LoadError(
            f"{name} is not a CSV file in UTF-8 from end to end. Download it again; OULAD's own "
            "files need no editing."
        ) from None


def _filled(batch: Any) -> npt.NDArray[np.bool_]:
    """False for blank lines."""
    first = batch.column(batch.num_columns - 1)
    suspects = np.asarray(pc.equal(pc.binary_length(first), 0))
    if not suspects.any():
        return ~suspects
    blank = suspects
    for column in batch.columns:
        plain = column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column
        blank = blank & np.asarray(pc.equal(pc.binary_length(plain), 0))
    return ~blank


def rows(dataset: Dataset, name: str, rejections: Rejections) -> Iterator[tuple[int, Fields]]:
    """(line, {column: text}) of a small file."""
    for block in blocks(dataset, name, rejections):
        names = block.columns.schema.names
        fields = [column.to_pylist() for column in block.columns.columns]
        for line, *values in zip(block.lines.tolist(), *fields, strict=True):
            yield line, dict(zip(names, values, strict=True))


def whole(fields: Fields, column: str, *, least: int, most: int) -> int:
    """A whole number, or BadValueError. ("19.0" is one too: pandas writes whole columns so.)

    >>> whole({"date": "19"}, "date", least=-500, most=1500)
    19
    """
    number = decimal(fields, column, least=least, most=most)
    if not number.is_integer():
        raise BadValueError(column, f"must be a whole number from {least} to {most}")
    return int(number)


def decimal(fields: Fields, column: str, *, least: float, most: float) -> float:
    """A number, or BadValueError.

    >>> decimal({"weight": "12.5"}, "weight", least=0, most=100)
    12.5
    """
    try:
        number = float(fields[column])
    except ValueError:
        number = float("nan")
    if not least <= number <= most:
        raise BadValueError(column, f"must be a number from {least:.0f} to {most:.0f}")
    return number


def choice(fields: Fields, column: str, among: Collection[str]) -> str:
    """The field, when it is one of `among`; else BadValueError.

    >>> choice({"final_result": "Pass"}, "final_result", ["Pass", "Fail"])
    'Pass'
    """
    if fields[column] not in among:
        raise BadValueError(column, f"must be one of {', '.join(among)}")
    return fields[column]


def unknown(fields: Fields, column: str) -> bool:
    """Whether the field says nothing.

    >>> unknown({"imd_band": "?"}, "imd_band")
    True
    """
    return fields[column] in ("", "?")
