"""Stores the figures of a course's sections, with the reasons to look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, text

from analytics.content.alignment import aligned
from analytics.content.measuring import SectionMeasures
from analytics.content.worth import Mistake, Reason, reasons, worth
from db.content.people import Course
from db.content.reading import Content
from db.content.rows import Choices, as_json, rounded, two
from db.copying import copy_rows


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
        return two(figures[name].raw) if name in figures else None

    gain = figures.get("gain")
    measured: dict[str, Any] = {name: rounded(asdict(figure)) for name, figure in figures.items()}
    if one.minutes is not None:
        measured["minutes"] = {"learners": one.timed, "value": round(one.minutes, 1)}
    return (
        given["district"], course.course_id, section.section_id, course.term_id, one.learners,
        raw("completion"), one.minutes, raw("understood"), raw("kept"), raw("carried"),
        *((two(gain.value), two(gain.low), two(gain.high)) if gain else (None, None, None)),
        as_json({name: rounded(asdict(split)) for name, split in one.accessibility.items()}),
        aligned(section.competencies, content.listed), as_json([asdict(reason) for reason in why]),
        as_json(measured), worth(why), given["now"],
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


_SECTION_COLUMNS = (
    "district_id", "course_id", "section_id", "term_id", "learners", "completion", "minutes",
    "comprehension", "retention", "transfer", "gain", "gain_low", "gain_high", "accessibility",
    "alignment", "suggestions", "measures", "worth", "measured_at",
)  # fmt: skip
_FORGET_SECTIONS = """
DELETE FROM chalkline.content_effectiveness
WHERE district_id = :district AND course_id = :course AND term_id = :term
"""
