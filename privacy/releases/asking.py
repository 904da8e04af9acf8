"""Answers a question about groups with a release: the stored one, or a new one that is paid for."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from db.refresh.releases import VERSIONS_KEPT
from db.tables import Release as Stored
from privacy.metrics import (
    GRAINS,
    METRICS,
    Grain,
    Metric,
    Version,
    latest_version,
    metric,
    releaser_session,
    versions,
)
from privacy.releases import ledger, prices
from privacy.releases.accounting import FREE, Cost
from privacy.releases.book import Line
from privacy.releases.kept import kept_releases, line_of
from privacy.releases.ledger import Refused
from privacy.releases.making import Making
from privacy.releases.release import Release, from_stored
from privacy.session import NotAllowed, session
from privacy.trail import record
from privacy.viewer import Viewer


def release(
    viewer: Viewer, name: str, grain: str = "school", *, version: date | None = None
) -> Release:
    """A metric by school, grade ..., with margins; what every district page asks.

        found = release(viewer, "attendance", "school")
        for figure in found.figures:            # one a school; found.total is the district
            figure.value, figure.noise          # 93.1 (%), +-1.6 at 95 %
            figure.hidden                       # "" or why there is no value: FEW, VAGUE
        found.citation, release_module.N_RULE   # sentences for the page and the file
        found.table()                           # rows for a table twin, CSV, XLSX

    The first to ask in a week pays for it from the school year's budget and everybody reads that
    answer from then on, free. Pages that show many figures use `stored`, which never pays; the
    worker makes the weekly overview beforehand. `version` is a week's Monday, else the latest.

    Raises NotAllowed (not an administrator), KeyError (no such metric or grain), WrongRegime (the
    metric is not told to the district) and Refused (the budget can not pay, or there is no data);
    each message is a sentence to show.
    """
    asked, by = _asked(viewer, name, grain)
    with session(viewer) as db:
        week = _week(db, viewer.district_id, version)
        found = db.execute(
            kept_releases(viewer.district_id, [name], grain, [week.data_version])
        ).first()
        database = ledger.database_name(db)
        kept = [one.data_version for one in versions(db, viewer.district_id)[:VERSIONS_KEPT]]
    if found is not None:
        ledger.book().add([line_of(database, viewer.district_id, found)])
        return from_stored(found)
    if week.data_version not in kept:
        raise Refused(
            f"The data of the week of {week.data_version:%d %B %Y} is no longer kept, and this "
            "figure was not released then. Ask for a later week."
        )
    try:
        return _made(viewer, asked, by, week)
    except Refused as why:
        _note(viewer, "release refused", asked, by, week, detail={"why": str(why)})
        raise


def stored(
    viewer: Viewer, names: Iterable[str], grain: str = "school", *, weeks: int = 1
) -> dict[str, list[Release]]:
    """What is released already of these metrics, latest week first, in one query; never pays.

    A metric without a release in the last `weeks` weeks has an empty list. For a page of many
    figures and for trends.
    """
    wanted = [name for name in names if _asked(viewer, name, grain)]
    with session(viewer) as db:
        known = [one.data_version for one in versions(db, viewer.district_id)[:weeks]]
        rows = db.execute(kept_releases(viewer.district_id, wanted, grain, known)).all()
        database = ledger.database_name(db)
    ledger.book().add(line_of(database, viewer.district_id, row) for row in rows)
    found: dict[str, list[Release]] = {name: [] for name in wanted}
    for row in rows:
        found[row.metric].append(from_stored(row))
    return found


def planned(viewer: Viewer, names: Iterable[str], grain: str, *, weeks: int = 1) -> Cost:
    """What a report of these metrics would cost for so many weeks, the latest week's data being the
    first; what is released of that already costs nothing.
    """
    need: dict[tuple[str, str], Cost] = {}
    for name in names:
        asked, by = _asked(viewer, name, grain)
        by = prices.paid_at(asked, by)
        need[(asked.name, by.name)] = prices.price_of(asked, by)
        if prices.denominated(asked, by):
            need[(prices.ENROLMENT, by.name)] = prices.price_of(METRICS[prices.ENROLMENT], by)
    whole = sum(need.values(), FREE)
    saved = sum((need[pair] for pair in _released(viewer, need)), FREE)
    return Cost(weeks * whole.rho - saved.rho, weeks * whole.changed - saved.changed)


def _released(viewer: Viewer, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Which of these metrics and grains the latest week has already."""
    with session(viewer) as db:
        week = latest_version(db, viewer.district_id)
        if week is None:
            return []
        found = db.execute(
            select(Stored.metric, Stored.grain).where(
                Stored.district_id == viewer.district_id,
                Stored.regime == "private",
                Stored.data_version == week.data_version,
            )
        ).all()
    there = {(row.metric, row.grain) for row in found}
    return [pair for pair in pairs if pair in there]


def _asked(viewer: Viewer, name: str, grain: str) -> tuple[Metric, Grain]:
    """The declared metric and grain, if this viewer may ask for them."""
    if viewer.role != "administrator":
        raise NotAllowed(
            "Figures across schools are for administrators. Figures of your own school are on "
            "your pages; ask your administrator for others."
        )
    asked = metric(name)
    asked.must_be("private", "district")
    if grain not in asked.grains or grain not in GRAINS:
        raise KeyError(
            f"'{asked.title}' is not told by '{grain}'. It is by: {', '.join(asked.grains)}."
        )
    return asked, GRAINS[grain]


def _week(db: Connection, district: int, version: date | None) -> Version:
    latest = latest_version(db, district)
    if latest is None:
        raise Refused(
            "There is no data to release figures from yet. It is taken when data has been loaded "
            "and the background worker has run; look again in a few minutes."
        )
    if version is None:
        return latest
    for week in versions(db, district):
        if week.data_version == version:
            return week
    raise Refused(f"There is no data of the week of {version:%d %B %Y}.")


def _made(viewer: Viewer, asked: Metric, by: Grain, week: Version) -> Release:
    """Charges, adds noise, stores and commits; what was made is in the book before it is told."""
    lines: list[Line] = []
    with releaser_session(viewer) as db:
        database = ledger.database_name(db)
        making = Making(db, viewer, week, database, lines)
        making.budget = ledger.locked(db, viewer.district_id, week.school_year, database)
        made = making.release(asked, by)
    ledger.book().add(lines)
    for line in lines:
        _note(viewer, "release made", metric(line.metric), GRAINS[line.grain], week)
    return made


def _note(
    viewer: Viewer,
    action: str,
    asked: Metric,
    by: Grain,
    week: Version,
    *,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """A line in the audit trail: who asked for what. The worker's releases are in `releases`."""
    if not viewer.staff_id.int:
        return
    what = {"metric": asked.name, "grain": by.name, "week": week.data_version.isoformat()}
    with session(viewer) as db:
        record(db, viewer, action, detail=what | dict(detail or {}))
