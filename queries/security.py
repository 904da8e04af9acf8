"""What the security officer asks: unusual access, the trail, its checkpoints, uses of keys."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, or_, select, update

import privacy
from db.tables import (
    AccessAlert,
    AuditCheck,
    AuditCheckpoint,
    AuditEntry,
    BreakGlass,
    Institution,
    KeyUsage,
    Staff,
)
from privacy import Viewer
from queries.trail import record

LATEST: Final = timedelta(days=30)  # how long a reviewed alert stays on the page


@dataclass(frozen=True)
class Alert:
    """One span of unusual access; `reason` is what somebody typed to open an emergency view."""

    alert_id: UUID
    kind: str
    actor: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    count: int
    reviewed_at: datetime | None
    reason: str | None


@dataclass(frozen=True)
class Entry:
    """One row of the trail and who acted; `learner` is an anonymous identifier."""

    at: datetime
    name: str | None
    role: str
    action: str
    learner: UUID | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class TrailState:
    """How far the trail is signed and when it was last found whole."""

    signed_rows: int
    signed_at: datetime | None
    checked_at: datetime | None
    checked_rows: int
    fault: str | None


def alerts(viewer: Viewer, *, now: datetime) -> list[Alert]:
    """Those not reviewed, the latest first, then those of the last 30 days that were."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                AccessAlert.alert_id,
                AccessAlert.kind,
                AccessAlert.actor,
                Staff.display_name,
                AccessAlert.starts_at,
                AccessAlert.ends_at,
                AccessAlert.count,
                AccessAlert.reviewed_at,
                select(BreakGlass.reason)
                .where(
                    BreakGlass.district_id == viewer.district_id,
                    BreakGlass.staff_id == AccessAlert.actor,
                    AccessAlert.kind == "emergency",
                    AccessAlert.starts_at.between(
                        BreakGlass.opened_at - timedelta(seconds=5),
                        BreakGlass.opened_at + timedelta(seconds=5),
                    ),
                )
                .limit(1)
                .scalar_subquery()
                .label("reason"),
            )
            .join(
                Staff,
                (Staff.district_id == AccessAlert.district_id)
                & (Staff.staff_id == AccessAlert.actor),
            )
            .where(
                AccessAlert.district_id == viewer.district_id,
                or_(AccessAlert.reviewed_at.is_(None), AccessAlert.reviewed_at > now - LATEST),
            )
            .order_by(AccessAlert.reviewed_at.is_not(None), AccessAlert.starts_at.desc())
        ).all()
    return [Alert(*row) for row in rows]


def review(viewer: Viewer, *, alert_id: UUID, now: datetime) -> bool:
    """Notes that somebody else's alert was looked into; False for one's own."""
    with privacy.session(viewer) as db:
        reviewed = db.execute(
            update(AccessAlert)
            .where(
                AccessAlert.district_id == viewer.district_id,
                AccessAlert.alert_id == alert_id,
                AccessAlert.reviewed_at.is_(None),
                AccessAlert.actor != viewer.staff_id,
            )
            .values(reviewed_by=viewer.staff_id, reviewed_at=now)
            .returning(AccessAlert.alert_id)
        ).one_or_none()
        if reviewed is not None:
            record(db, viewer, "reviewed alert", detail={"alert": str(alert_id)})
    return reviewed is not None


def entries(
    viewer: Viewer,
    *,
    actor: UUID | None = None,
    action: str | None = None,
    learner: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
    most: int = 100,
) -> list[Entry]:
    """The latest rows that fit all that is given; days by the district's clock, both included."""
    fits: list[ColumnElement[bool]] = [
        or_(AuditEntry.district_id == viewer.district_id, AuditEntry.district_id.is_(None))
    ]
    if actor is not None:
        fits += [AuditEntry.district_id == viewer.district_id, AuditEntry.actor == actor]
    if action is not None:
        fits.append(AuditEntry.action == action)
    if learner is not None:
        listed = AuditEntry.detail.contains({"subjects": [str(learner)]})
        fits.append(or_(AuditEntry.subject == learner, listed))
    with privacy.session(viewer) as db:
        zone = db.scalar(
            select(Institution.timezone).where(
                Institution.district_id == viewer.district_id, Institution.kind == "district"
            )
        )
        day = cast(func.timezone(zone, AuditEntry.at), Date)
        if first is not None:
            fits += [day >= first, AuditEntry.at >= _start(first) - timedelta(days=1)]
        if last is not None:
            fits += [day <= last, AuditEntry.at < _start(last) + timedelta(days=2)]
        rows = db.execute(
            select(
                AuditEntry.at,
                Staff.display_name,
                AuditEntry.role,
                AuditEntry.action,
                AuditEntry.subject,
                AuditEntry.detail,
            )
            .outerjoin(
                Staff,
                (Staff.district_id == viewer.district_id) & (Staff.staff_id == AuditEntry.actor),
            )
            .where(*fits)
            .order_by(AuditEntry.at.desc())
            .limit(most)
        ).all()
        sought = {"actor": str(actor) if actor else None, "action": action, "rows": len(rows)}
        record(db, viewer, "searched audit", detail=sought)
    return [Entry(*row) for row in rows]


def staff_names(viewer: Viewer) -> dict[UUID, str]:
    """Everybody employed by the district, by name."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(Staff.staff_id, Staff.display_name)
            .where(Staff.district_id == viewer.district_id)
            .order_by(Staff.display_name, Staff.staff_id)
        ).all()
    return {row.staff_id: row.display_name for row in rows}


def trail_state(viewer: Viewer) -> TrailState:
    """The last checkpoint and the last verification."""
    with privacy.session(viewer) as db:
        signed = db.execute(
            select(AuditCheckpoint.tree_size, AuditCheckpoint.at)
            .order_by(AuditCheckpoint.tree_size.desc())
            .limit(1)
        ).one_or_none()
        checked = db.execute(
            select(AuditCheck.checked_at, AuditCheck.rows, AuditCheck.fault)
            .order_by(AuditCheck.checked_at.desc())
            .limit(1)
        ).one_or_none()
    return TrailState(
        signed_rows=signed.tree_size if signed else 0,
        signed_at=signed.at if signed else None,
        checked_at=checked.checked_at if checked else None,
        checked_rows=checked.rows if checked else 0,
        fault=checked.fault if checked else None,
    )


def key_uses(
    viewer: Viewer, *, now: datetime, most: int = 50
) -> list[tuple[str, str, int, datetime]]:
    """(key, what for, how often, last use) of the last 30 days, the most used first."""
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(
                KeyUsage.kek_id,
                KeyUsage.purpose,
                func.sum(KeyUsage.uses),
                func.max(KeyUsage.at),
            )
            .where(
                or_(KeyUsage.district_id == viewer.district_id, KeyUsage.district_id.is_(None)),
                KeyUsage.at > now - LATEST,
            )
            .group_by(KeyUsage.kek_id, KeyUsage.purpose)
            .order_by(func.sum(KeyUsage.uses).desc())
            .limit(most)
        ).all()
    return [(row[0], row[1], int(row[2]), row[3]) for row in rows]


def _start(day: date) -> datetime:
    """Midnight in UTC; a day's width around it holds the day of any time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
