"""Whether a message may be written home or to the learner, on what ground, or why not.

What is not known to be allowed is refused: a message to a child needs a consent on record.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from db.tables import Consent, Learner
from privacy import NotAllowed, Viewer

PURPOSES: Final = {"home": "messages home", "learner": "messages to the learner"}
GROWN_UP: Final = ("18-34", "35-54", "55 and over")
MAY_SAY_SO_HERSELF: Final = ("14-15", "16-17", *GROWN_UP)
DUTY: Final = "the school's duty to keep families informed"
HOW: Final = "Ask the records office to record one."


@dataclass(frozen=True)
class Permission:
    """Allowed on a ground; or not, and `why` says it and the way out."""

    allowed: bool
    ground: str = ""
    why: str = ""


def permission(
    db: Connection, viewer: Viewer, learner: UUID, *, audience: str, today: date
) -> Permission:
    """What holds for one learner today; NotAllowed for a learner who is not the viewer's."""
    row = db.execute(
        select(Learner.consent_state, Learner.age_group).where(
            Learner.district_id == viewer.district_id, Learner.learner_id == learner
        )
    ).one_or_none()
    if row is None:
        raise NotAllowed("You are not responsible for this learner today. Reload the page.")
    if row.consent_state == "withdrawn":
        return Permission(False, why=f"The family has withdrawn its consent. {HOW}")
    given = db.execute(
        select(Consent.given_by, Consent.withdrawn_at, Consent.expires_on)
        .where(
            Consent.district_id == viewer.district_id,
            Consent.learner_id == learner,
            func.lower(Consent.purpose) == PURPOSES[audience],
        )
        .order_by(Consent.given_at.desc())
    ).all()
    if given and given[0].withdrawn_at is not None:
        return Permission(
            False, why=f"The consent to {PURPOSES[audience]} was withdrawn. Call instead."
        )
    standing = [one for one in given if not one.expires_on or one.expires_on >= today]
    if audience == "home":
        if row.age_group in GROWN_UP and not standing:
            return Permission(
                False,
                why="The learner is grown up: nothing goes home without the learner's own consent. "
                f"None is known. {HOW}",
            )
        if row.consent_state == "pending":
            return Permission(False, why=f"The family's consent is still pending. {HOW}")
        return Permission(True, f"a consent to {PURPOSES['home']}" if standing else DUTY)
    allowed = {"parent", "learner"} if row.age_group in MAY_SAY_SO_HERSELF else {"parent"}
    if any(one.given_by in allowed for one in standing):
        return Permission(True, f"a consent to {PURPOSES['learner']}")
    return Permission(
        False,
        why=f"No consent to {PURPOSES['learner']} is known, and one is needed. {HOW[:-1]} "
        f"(for what: “{PURPOSES['learner']}”). Until then, write home or talk in person.",
    )
