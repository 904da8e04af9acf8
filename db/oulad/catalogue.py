"""Writes the catalogue: courses, a module for each kind of site, a section for each site."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.copying import copy_rows
from db.oulad.source import Site, Source
from db.oulad.words import activity
from db.oulad.writing import made, upsert
from db.tables import Module, Section


@dataclass(frozen=True)
class Place:
    """Where a site ended up in the catalogue."""

    section_id: UUID
    content_id: UUID
    interaction: str


def course_id(course: str) -> UUID:
    return made("course", course)


def place(site: Site) -> Place:
    return Place(
        made("section", site.presentation, site.number),
        made("content", site.presentation, site.number),
        activity(site.activity).interaction,
    )


def write(connection: Connection, source: Source) -> tuple[int, int]:
    """Adds what is not there yet; returns how many (courses, sites) are new.

    What is there keeps its position: pages and progress refer to it.
    """
    courses = sorted({one.course for one in source.presentations})
    new_courses = upsert(
        connection,
        "courses",
        ("course_id", "code", "title", "subject", "delivery_method"),
        (
            (
                course_id(course),
                f"OULAD-{course}",
                f"Open University course {course}",
                "unknown",
                "asynchronous",
            )
            for course in courses
        ),
        keys=("course_id",),
    )
    _modules(connection, source)
    return new_courses, _sections(connection, source)


def _module_id(course: str, code: str) -> UUID:
    return made("module", course, code)


def _modules(connection: Connection, source: Source) -> None:
    """A module per course and activity type, the most clicked first."""
    clicks = np.bincount(source.clicks.site, source.clicks.clicks, minlength=len(source.sites))
    volume: dict[tuple[str, str], float] = defaultdict(float)
    for site, many in zip(source.sites, clicks.tolist(), strict=True):
        volume[_course(site), site.activity] += many
    known = set(connection.scalars(select(Module.module_id)))
    last = _last(connection, Module.course_id, Module.position)
    rows = []
    for course, code in sorted(volume, key=lambda key: (key[0], -volume[key], key[1])):
        identifier, of = _module_id(course, code), course_id(course)
        if identifier not in known:
            last[of] = last.get(of, 0) + 1
            rows.append((identifier, of, last[of], activity(code).module))
    copy_rows(connection, "modules", ("module_id", "course_id", "position", "title"), rows)


def _sections(connection: Connection, source: Source) -> int:
    """A section and a content item per site, in the order in which they are taught."""
    known = set(connection.scalars(select(Section.section_id)))
    last = _last(connection, Section.module_id, Section.position)
    sections, items = [], []
    for site in sorted(source.sites, key=_taught):
        here = place(site)
        if here.section_id in known:
            continue
        course, kind = _course(site), activity(site.activity)
        module = _module_id(course, site.activity)
        last[module] = last.get(module, 0) + 1
        title = f"{kind.section} {site.number}"
        sections.append(
            (
                here.section_id,
                module,
                course_id(course),
                last[module],
                title,
                kind.content_type,
                site.week,
            )
        )
        items.append(
            (
                here.content_id,
                here.section_id,
                course_id(course),
                title,
                kind.section.lower(),
                "en",
                str(site.number),
            )
        )
    copy_rows(
        connection,
        "sections",
        (
            "section_id",
            "module_id",
            "course_id",
            "position",
            "title",
            "content_type",
            "opens_week",
        ),
        sections,
    )
    copy_rows(
        connection,
        "content_items",
        ("content_id", "section_id", "course_id", "title", "kind", "language", "source_id"),
        items,
    )
    return len(sections)


def _last(
    connection: Connection,
    of: InstrumentedAttribute[UUID],
    position: InstrumentedAttribute[int],
) -> dict[UUID, int]:
    """The last position taken, by course or module."""
    rows = connection.execute(select(of.label("of"), func.max(position).label("last")).group_by(of))
    return {row.of: row.last for row in rows}


def _course(site: Site) -> str:
    return site.presentation.split("/")[0]


def _taught(site: Site) -> tuple[str, int, int]:
    return site.presentation, 100 if site.week is None else site.week, site.number
