"""Where each district's state stands: the snapshot it has seen and the day it shows.

Rows carry the id of the transaction that wrote them (`ingest_xid`). A row is new when that
transaction was not yet visible in the snapshot of the last refresh: it ran at that time, or began
later. Block range indexes find such rows without a look at the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

NAME = "state"


@dataclass(frozen=True)
class Place:
    """A district, the day it shows, and how far its state had come (None: never made)."""

    district_id: int
    timezone: str
    as_of: date
    cut: datetime
    now_seen: str
    now_xmin: int
    now_xmax: int
    was: date | None
    was_cut: datetime | None
    seen: str
    seen_xid: int
    version: int
    updated_at: datetime | None

    @property
    def snapshot(self) -> str:
        """PostgreSQL's text for the snapshot already in the state."""
        return self.seen.partition("/")[2]

    @property
    def next_xid(self) -> int:
        """The first transaction that had not begun at the time of the snapshot."""
        return int(self.snapshot.split(":")[1])

    @property
    def running(self) -> list[int]:
        """Transactions that were running at the time of the snapshot."""
        return [int(xid) for xid in self.snapshot.split(":")[2].split(",") if xid]

    @property
    def unknown(self) -> bool:
        """Whether nothing can be said about what is new: never made, or made in another cluster.

        A restored database counts its transactions anew, so its watermark means nothing there.
        """
        cluster = self.now_seen.partition("/")[0]
        return (
            self.was is None
            or self.seen.partition("/")[0] != cluster
            or self.seen_xid > self.now_xmax
        )

    @property
    def turned_back(self) -> bool:
        """Whether the district's clock was set to an earlier day: the state knows too much."""
        return self.was is not None and self.as_of < self.was

    @property
    def rolled(self) -> bool:
        """Whether a new day has begun."""
        return self.was is not None and self.as_of > self.was

    def parameters(self, now: datetime) -> dict[str, Any]:
        """What nearly every statement of a refresh is given."""
        return {
            "district": self.district_id,
            "as_of": self.as_of,
            "cut": self.cut,
            "tz": self.timezone,
            "now": now,
            "was": self.was,
            "was_cut": self.was_cut,
            "snapshot": self.snapshot,
            "next": 0 if self.unknown else self.next_xid,
            "running": [] if self.unknown else self.running,
            "most": self.now_xmax,
        }


def places(connection: Connection, districts: Sequence[int] | None = None) -> list[Place]:
    """The districts (all, or those named) and this moment's snapshot, taken before any is read."""
    rows = connection.execute(text(_PLACES), {"districts": districts and list(districts)})
    return [Place(**row) for row in rows.mappings()]


def moved_on(connection: Connection, place: Place, *, changed: bool, now: datetime) -> int:
    """Writes that everything in the place's snapshot is now in the state; returns the version."""
    version = connection.scalar(
        text(_MOVED_ON),
        {
            "district": place.district_id,
            "name": NAME,
            "seen_xid": place.now_xmin,
            "seen": place.now_seen,
            "as_of": place.as_of,
            "step": int(changed),
            "now": now,
        },
    )
    return int(version or 0)


def nothing_new(connection: Connection, unaffected: Sequence[Place], *, now: datetime) -> None:
    """Moves on the watermarks of districts in which nothing was found, unless somebody else has."""
    if not unaffected:
        return
    connection.execute(
        text(_NOTHING_NEW),
        [
            {
                "district": place.district_id,
                "name": NAME,
                "was_seen": place.seen,
                "seen_xid": place.now_xmin,
                "seen": place.now_seen,
                "now": now,
            }
            for place in unaffected
        ],
    )


_PLACES = """
WITH here AS MATERIALIZED (
    SELECT pg_current_snapshot() AS snapshot, system_identifier AS cluster FROM pg_control_system())
SELECT d.district_id, d.timezone, t.as_of,
       (t.as_of + 1)::timestamp AT TIME ZONE d.timezone AS cut,
       here.cluster || '/' || here.snapshot AS now_seen,
       pg_snapshot_xmin(here.snapshot)::text::bigint AS now_xmin,
       pg_snapshot_xmax(here.snapshot)::text::bigint AS now_xmax,
       w.as_of AS was, (w.as_of + 1)::timestamp AT TIME ZONE d.timezone AS was_cut,
       coalesce(w.seen, '') AS seen, coalesce(w.seen_xid, 0) AS seen_xid,
       coalesce(w.version, 0) AS version, w.updated_at
FROM here, chalkline.institutions d
CROSS JOIN LATERAL (SELECT chalkline.today(d.district_id) AS as_of) t
LEFT JOIN chalkline.watermarks w ON w.district_id = d.district_id AND w.name = 'state'
WHERE d.kind = 'district'
  AND (CAST(:districts AS integer[]) IS NULL OR d.district_id = ANY (CAST(:districts AS integer[])))
ORDER BY d.district_id
"""

_MOVED_ON = """
INSERT INTO chalkline.watermarks AS w
    (district_id, name, seen_xid, seen, as_of, version, updated_at)
VALUES (:district, :name, :seen_xid, :seen, :as_of, 1, :now)
ON CONFLICT (district_id, name) DO UPDATE
SET seen_xid = excluded.seen_xid, seen = excluded.seen, as_of = excluded.as_of,
    version = w.version + :step, updated_at = excluded.updated_at
RETURNING version
"""

_NOTHING_NEW = """
UPDATE chalkline.watermarks SET seen_xid = :seen_xid, seen = :seen, updated_at = :now
WHERE district_id = :district AND name = :name AND seen = :was_seen
"""
