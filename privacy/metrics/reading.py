"""How the release engine, and nothing else, reads the week's rows: one metric of one grain a time.

The session below works as the database role `chalkline_releaser`, which may read no table with a
learner in it. Two functions of the database hand it group keys with a clamped value, or how many
learners changed; neither says who. Only privacy.exact and privacy.releases may open it (a test).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, TableValuedAlias, column, func, select, true

from db.tables import ReleaseVersion
from privacy.metrics.grains import OTHER, TRAITS, Grain
from privacy.metrics.metric import Metric
from privacy.session import CONTEXT_SECONDS, NotAllowed, door, entered, sign
from privacy.viewer import ROLES, Viewer

Keys = tuple[str, ...]


@dataclass(frozen=True)
class Version:
    """A week whose data is fixed: its Monday, its school year, the day the data was taken.

    `kept` is false when its rows have been dropped; what was released from them still stands.
    """

    data_version: date
    school_year: int
    as_of: date
    made_at: datetime
    kept: bool


@dataclass(frozen=True)
class Sum:
    """What one group adds up to: learners the metric is about, and the sum of their values."""

    learners: int
    total: float


@contextmanager
def releaser_session(viewer: Viewer, *, seconds: int = CONTEXT_SECONDS) -> Iterator[Connection]:
    """A transaction of the release engine on behalf of a viewer, in her district only.

    It may last `seconds`, most of which may be spent on working something out between two queries.
    """
    if viewer.role not in ROLES:
        raise NotAllowed(f"'{viewer.role}' is not a role. Ask your administrator for one.")
    context = sign(
        door().secret,
        district=viewer.district_id,
        staff=viewer.staff_id,
        role="releaser",
        expires=int(time.time()) + seconds,
    )
    with door().engine.begin() as connection:
        entered(connection, role="chalkline_releaser", context=context)
        if seconds > CONTEXT_SECONDS:
            connection.execute(
                select(
                    func.set_config("idle_in_transaction_session_timeout", f"{seconds}s", true())
                )
            )
        yield connection


def versions(db: Connection, district: int) -> tuple[Version, ...]:
    """The weeks there are, the latest first."""
    rows = db.execute(
        select(
            ReleaseVersion.data_version,
            ReleaseVersion.school_year,
            ReleaseVersion.as_of,
            ReleaseVersion.made_at,
            ReleaseVersion.kept,
        )
        .where(ReleaseVersion.district_id == district)
        .order_by(ReleaseVersion.data_version.desc())
    )
    return tuple(Version(*row) for row in rows)


def latest_version(db: Connection, district: int) -> Version | None:
    """The latest week, or None before the first refresh."""
    found = versions(db, district)
    return found[0] if found else None


def values(db: Connection, metric: Metric, grain: Grain, version: date) -> dict[Keys, list[float]]:
    """Each learner's clamped value, by group, smallest first."""
    found: dict[Keys, list[float]] = {}
    for one, two, value in db.execute(select("*").select_from(_rows(metric, grain, version))):
        found.setdefault(_keys(grain, one, two), []).append(value)
    return {keys: sorted(some) for keys, some in found.items()}


def sums(db: Connection, metric: Metric, grain: Grain, version: date) -> dict[Keys, Sum]:
    """Learners and the sum of their clamped values, by group; groups of nobody are not in it."""
    rows = _rows(metric, grain, version)
    found: dict[Keys, Sum] = {}
    for one, two, learners, total in db.execute(
        select(rows.c.group_1, rows.c.group_2, func.count(), func.sum(rows.c.value)).group_by(
            rows.c.group_1, rows.c.group_2
        )
    ):
        keys = _keys(grain, one, two)
        before = found.get(keys, Sum(0, 0.0))
        found[keys] = Sum(before.learners + learners, before.total + total)
    return found


def changes(
    db: Connection, metric: Metric, grain: Grain, *, since: date, until: date
) -> dict[Keys, int]:
    """By group, how many learners came, went or have another value than in the earlier week.

    At least so many: of those erased since, nobody knows whether a figure was about them. They
    are 1 together where nobody else has changed, and else not counted.
    """
    one, two = _pair(grain)
    rows = func.chalkline.release_changes(
        metric.row_name, grain.slice, one, two, metric.lower, metric.upper, since, until
    ).table_valued(column("group_1"), column("group_2"), column("learners"))
    found: dict[Keys, int] = {}
    for first, second, learners in db.execute(select(rows)):
        keys = _keys(grain, first, second)
        found[keys] = found.get(keys, 0) + learners
    return found


def _rows(metric: Metric, grain: Grain, version: date) -> TableValuedAlias:
    one, two = _pair(grain)
    return func.chalkline.release_values(
        metric.row_name, version, grain.slice, one, two, metric.lower, metric.upper
    ).table_valued(column("group_1"), column("group_2"), column("value"))


def _pair(grain: Grain) -> tuple[str, str]:
    one, two, *_ = (*grain.keys, "", "")
    return one, two


def _keys(grain: Grain, *found: str) -> Keys:
    """The row's keys; a value that no public list holds is counted as OTHER."""
    return tuple(
        value if key not in TRAITS or value in TRAITS[key] else OTHER
        for key, value in zip(grain.keys, found, strict=False)
    )
