"""What the nightly job has found out about a course's sections over the whole district."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, select

from analytics.content.measuring import Figure, Measure, Split
from analytics.content.units import together
from analytics.content.worth import Reason
from db.tables import Class, ContentEffectiveness, Module, Section
from privacy import Viewer
from queries.rows import AnyRow


@dataclass(frozen=True)
class SectionReport:
    """A section over all classes of the district in the term; `place` is its rank, 1 the worst.

    Figures are about at least k learners each; one that is not there had too few.
    """

    title: str
    unit: int
    unit_title: str
    form: str
    planned: float | None
    learners: int
    minutes: float | None
    figures: Mapping[Measure, Figure]
    accessibility: Mapping[str, Split]
    aligned: float | None
    worth: float
    reasons: tuple[Reason, ...]
    measured_at: datetime


@dataclass(frozen=True)
class UnitReport:
    """A unit: its sections together. `minutes` is the sum of their typical times."""

    title: str
    sections: int
    minutes: float | None
    planned: float | None
    figures: Mapping[Measure, Figure]


def measured_sections(
    db: Connection, viewer: Viewer, *, course: UUID, classes: Sequence[UUID], k: int
) -> tuple[SectionReport, ...]:
    """The course's sections in order, as measured for the term these classes run in."""
    terms = select(Class.term_id).where(
        Class.district_id == viewer.district_id, Class.class_id.in_(classes)
    )
    rows: Sequence[AnyRow] = db.execute(
        select(
            Section.title,
            Module.position.label("unit"),
            Module.title.label("unit_title"),
            Section.content_type,
            Section.estimated_minutes,
            ContentEffectiveness.learners,
            ContentEffectiveness.minutes,
            ContentEffectiveness.measures,
            ContentEffectiveness.accessibility,
            ContentEffectiveness.alignment,
            ContentEffectiveness.worth,
            ContentEffectiveness.suggestions,
            ContentEffectiveness.measured_at,
        )
        .join(Module, Module.module_id == Section.module_id)
        .join(
            ContentEffectiveness,
            and_(
                ContentEffectiveness.district_id == viewer.district_id,
                ContentEffectiveness.course_id == course,
                ContentEffectiveness.section_id == Section.section_id,
            ),
        )
        .where(ContentEffectiveness.term_id.in_(terms), ContentEffectiveness.learners >= k)
        .order_by(Module.position, Section.position)
    ).all()
    return tuple(_section(row, k) for row in rows)


def _section(row: AnyRow, k: int) -> SectionReport:
    figures: dict[Measure, Figure] = {
        name: Figure(**found)
        for name, found in row.measures.items()
        if name != "minutes" and found["learners"] >= k
    }
    return SectionReport(
        row.title,
        row.unit,
        row.unit_title,
        row.content_type,
        row.estimated_minutes,
        row.learners,
        row.minutes,
        figures,
        {name: Split(**found) for name, found in row.accessibility.items()},
        row.alignment,
        row.worth,
        tuple(Reason(**found) for found in row.suggestions),
        row.measured_at,
    )


def ranked(sections: Sequence[SectionReport]) -> tuple[SectionReport, ...]:
    """Those with a reason to look at them, the most worth fixing first."""
    return tuple(sorted((s for s in sections if s.reasons), key=lambda s: -s.worth))


def units(sections: Sequence[SectionReport]) -> tuple[UnitReport, ...]:
    """The sections by unit, in order."""
    by_unit: dict[tuple[int, str], list[SectionReport]] = {}
    for one in sections:
        by_unit.setdefault((one.unit, one.unit_title), []).append(one)
    return tuple(
        UnitReport(
            f"{number}. {title}",
            len(mine),
            sum(s.minutes for s in mine if s.minutes) or None,
            sum(s.planned for s in mine if s.minutes and s.planned) or None,
            {
                name: figure
                for name in ("gain", "understood", "completion", "kept", "carried")
                if (figure := together([s.figures[name] for s in mine if name in s.figures]))
            },
        )
        for (number, title), mine in by_unit.items()
    )
