"""What the worker does beside keeping the state fresh, for layers that the worker does not know."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

import privacy
from commands import casework, office
from db.audit import work as trail
from db.chores import Chore
from db.nightly import work_nights
from db.settings import Settings
from privacy import exact, reencryption, releases, rotation
from privacy.keystore import open_keystore
from queries.students.grade import COMPARED


def chores(settings: Settings) -> tuple[Chore, ...]:
    """All of them; the key store is opened when the work begins, since it may be made later."""

    def keep_keys_young(engine: Engine, now: datetime) -> dict[str, Any] | None:
        keystore = open_keystore(settings.keys_at)
        with engine.begin() as connection:
            rotation.tell(connection, keystore)
        if not rotation.is_due(keystore, now=now):
            return None
        done = rotation.rotate(engine, keystore, now=now)
        renewed = reencryption.renew_fields(engine, keystore)
        return {
            "rewrapped": done.rewrapped,
            "verified": done.verified,
            "destroyed": len(done.retired),
            "waiting": len(done.waiting),
            "renewed": renewed,
        }

    def release_overview(engine: Engine, now: datetime) -> dict[str, Any] | None:
        if not privacy.is_open():
            privacy.open_door(settings)
        made = releases.weekly_overview(now=now)
        count = sum(one.releases for one in made)
        refused = sum(len(one.refused) for one in made)
        return {"releases": count, "refused": refused} if count else None

    def decide_exact(engine: Engine, now: datetime) -> dict[str, Any] | None:
        if not privacy.is_open():
            privacy.open_door(settings)
        made = exact.decide_week(COMPARED, now=now)
        return {"metrics": made} if made else None

    return (
        Chore("key rotation", "37 * * * *", keep_keys_young),
        Chore("weekly overview", "* * * * *", release_overview),
        Chore("weekly exact figures", "11 * * * *", decide_exact),
        *trail.chores(settings),
        *office.chores(settings),
        Chore("nights", "23 * * * *", work_nights),
        *casework.chores(settings),
    )
