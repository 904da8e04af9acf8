"""The chores of casework: whether plans helped, the weekly digest, caseloads by rule."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from db import assigning, digests, effects
from db.chores import Chore
from db.mail import mail_server
from db.settings import Settings
from privacy.initials import initials
from privacy.keystore import open_keystore


def chores(settings: Settings) -> tuple[Chore, ...]:
    """Measured in the night and soon after a start; digests early on Mondays of each district."""

    def measure(engine: Engine, now: datetime) -> dict[str, Any] | None:
        found = effects.measure_due(engine, now=now)
        return {"plans": sum(one.plans for one in found)} if found else None

    def digest(engine: Engine, now: datetime) -> dict[str, Any] | None:
        sent = digests.send_due(engine, mail_server(settings), settings.public_url, now=now)
        return {"sent": sent.sent, "failed": sent.failed} if sent.sent or sent.failed else None

    def assign(engine: Engine, now: datetime) -> dict[str, Any] | None:
        given = assigning.assign(
            engine,
            lambda db, district, learners: initials(
                db, open_keystore(settings.keys_at), district, learners
            ),
            now=now,
        )
        return {"learners": given} if given else None

    return (
        Chore("plan effects", "*/10 * * * *", measure),
        Chore("weekly digest", "*/15 * * * *", digest),
        Chore("caseload rules", "*/5 * * * *", assign),
    )
