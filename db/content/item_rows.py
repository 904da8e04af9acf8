"""Stores the figures of a course's questions and papers: only those that k learners stand behind,
with k others besides any one teacher's own."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, text

from analytics import items as maths
from analytics.content import questions
from analytics.content.comparing import releasable
from analytics.dif import Difference, surely
from analytics.items import AssessmentSums
from analytics.reliability import interval
from db.content.people import People
from db.content.reading import Content, Given
from db.content.rows import Choices, as_json, two
from db.copying import copy_rows


def write_items(
    connection: Connection, given: Mapping[str, Any], who: People, content: Content, asked: Given
) -> dict[int, tuple[int, Choices]]:
    """Writes questions and papers; returns by question how many answered and what they chose."""
    order = np.argsort(asked.answers.item, kind="stable")
    starts = np.searchsorted(asked.answers.item[order], np.arange(len(content.questions) + 1))
    found: dict[int, tuple[int, Choices]] = {}
    unfair: dict[tuple[int, str], Difference] = {}
    analysed: list[tuple[int, int, AssessmentSums]] = []
    paper_rows: list[tuple[Any, ...]] = []
    for assessment, numbers in content.papers.items():
        # Questions of a paper are numbered in a row.
        where = np.sort(order[starts[numbers[0]] : starts[numbers[-1] + 1]])
        paper = questions.complete(
            asked.answers.learner[where],
            asked.answers.item[where] - numbers[0],
            asked.answers.credit[where],
            asked.option[where],
            questions=len(numbers),
        )
        if not releasable(who.holder[paper.learner], given["k"]):
            continue
        sums = questions.sums(paper)
        paper_rows.append(_paper_row(given, assessment, sums))
        dif = questions.compared(paper, who.groups, holder=who.holder, k=given["k"])
        for place, number in enumerate(numbers):
            unfair |= {(number, name): one for name, one in dif[place].items()}
            options = len(content.questions[number].options)
            chosen = questions.choices(paper, place, options) if options else {}
            analysed.append((number, place, sums))
            found[number] = (sums.n, chosen)
    judged: dict[int, list[dict[str, Any]]] = {}
    for (number, name), one in zip(unfair, surely(list(unfair.values())), strict=True):
        judged.setdefault(number, []).append(_difference(who.compared[name], one))
    item_rows = [
        _item_row(given, content, number, place, sums, found[number][1], judged.get(number, []))
        for number, place, sums in analysed
    ]
    _replace(
        connection,
        given,
        "item_statistics",
        "item_id",
        [one.item_id for one in content.questions],
        _ITEM_COLUMNS,
        item_rows,
    )
    _replace(connection, given, "assessment_statistics", "assessment_id",
             list(content.papers), _PAPER_COLUMNS, paper_rows)  # fmt: skip
    return found


def _paper_row(given: Mapping[str, Any], assessment: UUID, sums: AssessmentSums) -> tuple[Any, ...]:
    found = interval(maths.kr20(sums), learners=sums.n, items=len(sums.items))
    alpha = (found.alpha, found.low, found.high) if found else (None, None, None)
    return (given["district"], assessment, sums.n, len(sums.items), *map(two, alpha), given["now"])


def _item_row(
    given: Mapping[str, Any],
    content: Content,
    number: int,
    place: int,
    sums: AssessmentSums,
    chosen: Choices,
    dif: Sequence[Mapping[str, Any]],
) -> tuple[Any, ...]:
    question, item = content.questions[number], sums.items[place]
    keys = [str(option["key"]) for option in question.options]
    shares = {key: {name: each[i] for name, each in chosen.items()} for i, key in enumerate(keys)}
    return (
        given["district"], question.item_id, sums.n, two(maths.difficulty(item)),
        two(maths.point_biserial(item, sums)), two(maths.d_index(item)),
        as_json(shares), as_json(dif), given["now"],
    )  # fmt: skip


def _difference(compared: tuple[str, str, str], one: Difference) -> dict[str, Any]:
    """What is kept of a comparison: groups to the ten below, figures to one place."""
    attribute, group, than = compared
    return {
        "attribute": attribute,
        "group": group,
        "than": than,
        "learners": one.focal // 10 * 10,
        "others": one.reference // 10 * 10,
        "ets": one.ets,
        "delta": round(one.delta, 1),
        "low": round(one.low, 1),
        "high": round(one.high, 1),
    }


def _replace(
    connection: Connection,
    given: Mapping[str, Any],
    table: str,
    key: str,
    of: Sequence[UUID],
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    connection.execute(
        text(f"DELETE FROM chalkline.{table} WHERE district_id = :district "
             f"AND {key} = ANY (CAST(:of AS uuid[]))"),
        {**given, "of": list(of)},
    )  # fmt: skip
    copy_rows(connection, table, columns, rows)


_ITEM_COLUMNS = (
    "district_id", "item_id", "learners", "difficulty", "point_biserial", "d_index", "options",
    "dif", "measured_at",
)  # fmt: skip
_PAPER_COLUMNS = (
    "district_id", "assessment_id", "learners", "items", "alpha", "alpha_low", "alpha_high",
    "measured_at",
)  # fmt: skip
