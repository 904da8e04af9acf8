"""Gives the demo district a records office with something on its desk: all of it invented."""

from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import Connection, Text, cast, func, insert, select, update

from db.demo.staff import StaffMember
from db.tables import ErasureRequest, Learner, LegalHold, RetentionRule
from privacy import policies, retention
from privacy.consent import Law, answer_days
from privacy.keystore import KeyStore

_SPACE: Final = UUID("c1f6a7be-6c0f-4b9a-9d7e-2f0c0a4d1b55")
_ASKED: Final[tuple[tuple[str, Law, int, bool], ...]] = (  # days ago, and whether verified
    ("access", "FERPA", 38, False),
    ("erasure", "GDPR", 12, True),
    ("correction", "FERPA", 3, True),
)
_ONLINE: Final = 4  # every so many-th learner on a parent's consent gave something online


def furnish(
    connection: Connection, keystore: KeyStore, district: int, staff: tuple[StaffMember, ...]
) -> None:
    """Rules, a batch that fell due, requests at every step, and a hold."""
    clerk = next(one for one in staff if one.role == "records")
    today: date = connection.execute(select(func.chalkline.today(district))).scalar_one()
    now = datetime.now(UTC)
    for policy in ("FERPA", "COPPA"):
        policies.install(connection, district, policy)
    connection.execute(
        insert(RetentionRule).values(
            district_id=district,
            rule_id=uuid5(_SPACE, f"{district}/clicks"),
            category="raw activity",
            source="any",
            legal_basis="legitimate educational interest",
            trigger="left",
            delay_days=14,
            action="delete",
            citation="the district's own schedule, 4.2",
            why="Clicks of learners who have left are not needed; their marks stay.",
        )
    )
    kept = connection.execute(
        select(Learner.learner_id, Learner.anonymous_id)
        .where(Learner.district_id == district, Learner.left_on.is_(None))
        .order_by(Learner.learner_id)
        .limit(4)
    ).all()
    connection.execute(
        update(Learner)
        .where(
            Learner.district_id == district,
            Learner.consent_state == "parental",
            func.ascii(cast(Learner.learner_id, Text)) % _ONLINE == 0,
        )
        .values(collected="online")
    )
    for number, (kind, law, ago, verified) in enumerate(_ASKED):
        received = today - timedelta(days=ago)
        connection.execute(
            insert(ErasureRequest).values(
                district_id=district,
                request_id=uuid5(_SPACE, f"{district}/{kind}"),
                kind=kind,
                law=law,
                anonymous_id=kept[number].anonymous_id,
                learner_id=kept[number].learner_id,
                requested_by="parent",
                received_on=received,
                due_on=received + timedelta(days=answer_days(law)),
                registered_by=clerk.staff_id,
                verified_at=now if verified else None,
                verified_by=clerk.staff_id if verified else None,
                identity_check="known to the school in person" if verified else None,
            )
        )
    connection.execute(
        insert(LegalHold).values(
            district_id=district,
            hold_id=uuid5(_SPACE, f"{district}/hold"),
            learner_id=kept[3].learner_id,
            reason="Complaint before the school board, case 26-031",
            placed_by=clerk.staff_id,
            placed_at=now - timedelta(days=20),
        )
    )
    retention.prepare(connection, keystore, district, today=today, now=now)
