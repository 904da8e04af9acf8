"""Stores a course's figures: only those that k learners stand behind, with k others besides any
one teacher's own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from sqlalchemy import Connection, text

from analytics import items as maths
from analytics.content import questions
from analytics.content.alignment import aligned
from analytics.content.measuring import SectionMeasures, releasable
from analytics.content.worth import Mistake, Reason, reasons, worth
from analytics.dif import Difference, surely
from analytics.items import AssessmentSums
from analytics.reliability import interval
from db.content.people import Course, People
from db.content.reading import Content, Given
from db.copying import copy_rows

Choices = Mapping[str, Sequence[float]]


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
    return (given["district"], assessment, sums.n, len(sums.items), *map(_two, alpha), given["now"])


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
        given["district"], question.item_id, sums.n, _two(maths.difficulty(item)),
        _two(maths.point_biserial(item, sums)), _two(maths.d_index(item)),
        _json(shares), _json(dif), given["now"],
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


def write_sections(
    connection: Connection,
    given: Mapping[str, Any],
    course: Course,
    content: Content,
    found: Sequence[SectionMeasures | None],
    items: Mapping[int, tuple[int, Choices]],
) -> int:
    """Writes the sections of a course and term; returns how many could be shown."""
    mistakes = _mistakes(content, items)
    rows = []
    for number, (section, one) in enumerate(zip(content.sections, found, strict=True)):
        if one is None:
            continue
        why = reasons(one, planned=section.planned, mistake=mistakes.get(number))
        rows.append(_section_row(given, course, content, number, one, why))
    connection.execute(
        text(_FORGET_SECTIONS), {**given, "course": course.course_id, "term": course.term_id}
    )
    copy_rows(connection, "content_effectiveness", _SECTION_COLUMNS, rows)
    return len(rows)


def _section_row(
    given: Mapping[str, Any],
    course: Course,
    content: Content,
    number: int,
    one: SectionMeasures,
    why: Sequence[Reason],
) -> tuple[Any, ...]:
    section, figures = content.sections[number], one.figures

    def raw(name: Any) -> float | None:
        return _two(figures[name].raw) if name in figures else None

    gain = figures.get("gain")
    measured: dict[str, Any] = {name: _rounded(asdict(figure)) for name, figure in figures.items()}
    if one.minutes is not None:
        measured["minutes"] = {"learners": one.timed, "value": round(one.minutes, 1)}
    return (
        given["district"], course.course_id, section.section_id, course.term_id, one.learners,
        raw("completion"), one.minutes, raw("understood"), raw("kept"), raw("carried"),
        *((_two(gain.value), _two(gain.low), _two(gain.high)) if gain else (None, None, None)),
        _json({name: _rounded(asdict(split)) for name, split in one.accessibility.items()}),
        aligned(section.competencies, content.listed), _json([asdict(reason) for reason in why]),
        _json(measured), worth(why), given["now"],
    )  # fmt: skip


def _mistakes(content: Content, items: Mapping[int, tuple[int, Choices]]) -> dict[int, Mistake]:
    """Per section the misconception most chosen in a question on what it teaches."""
    asks: dict[int, set[int]] = {}
    for question, competency in content.taught.item_measures:
        asks.setdefault(int(competency), set()).add(int(question))
    found: dict[int, Mistake] = {}
    for section, competency in content.taught.section_teaches:
        for question in sorted(asks.get(int(competency), ())):
            if question not in items:
                continue
            learners, chosen = items[question]
            for place, option in enumerate(content.questions[question].options):
                said = option.get("misconception")
                share = chosen["all"][place] if chosen else 0.0
                known = found.get(int(section))
                if said and (known is None or share > known.share):
                    found[int(section)] = Mistake(str(said), share, learners)
    return found


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


def _two(figure: float | None) -> float | None:
    """Two places: more would tell one learner from the next.

    >>> _two(0.1234), _two(None)
    (0.12, None)
    """
    return None if figure is None else round(figure, 2)


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 3) if isinstance(value, float) else value
        for name, value in figures.items()
    }


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


_ITEM_COLUMNS = (
    "district_id", "item_id", "learners", "difficulty", "point_biserial", "d_index", "options",
    "dif", "measured_at",
)  # fmt: skip
_PAPER_COLUMNS = (
    "district_id", "assessment_id", "learners", "items", "alpha", "alpha_low", "alpha_high",
    "measured_at",
)  # fmt: skip
_SECTION_COLUMNS = (
    "district_id", "course_id", "section_id", "term_id", "learners", "completion", "minutes",
    "comprehension", "retention", "transfer", "gain", "gain_low", "gain_high", "accessibility",
    "alignment", "suggestions", "measures", "worth", "measured_at",
)  # fmt: skip
_FORGET_SECTIONS = """
DELETE FROM chalkline.content_effectiveness
WHERE district_id = :district AND course_id = :course AND term_id = :term
"""
