"""Messages home or to a learner: sent by mail where consent allows, and logged."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid4

import orjson
from sqlalchemy import and_, insert, select, update

import privacy
from db import mail
from db.tables import Message, Staff
from privacy import Viewer, door
from queries.message_words import MessageTemplate
from queries.students.acting import NotPossible
from queries.students.permission import permission
from queries.students.sealing import key_of, opened, sealed
from queries.students.writing import Address
from queries.trail import record

_PLACE: Final = ("messages", "body")
LONGEST: Final = 5000


@dataclass(frozen=True)
class Sent:
    """A message of the past, for those responsible for the learner."""

    made_at: datetime
    who: str
    audience: str
    template: str
    state: str
    ground: str
    subject: str
    text: str


def send(
    viewer: Viewer,
    *,
    learner: UUID,
    audience: str,
    template: MessageTemplate,
    to: Address,
    subject: str,
    text: str,
    today: date,
    now: datetime,
) -> None:
    """Sends it, if consent allows and a mail server is named; the log is written before and after.

    Raises NotPossible, in words, when it may not or could not be sent.
    """
    server = door().mail
    if server is None:
        raise NotPossible(
            "Chalkline has no mail server to send through. Whoever runs it sets "
            "CHALKLINE_SMTP_URL; until then copy the text."
        )
    if not text.strip() or not subject.strip():
        raise NotPossible("An empty message is not sent. Write a subject and a text first.")
    if len(text) > LONGEST:
        raise NotPossible(f"A message has at most {LONGEST} characters.")
    message = uuid4()
    with privacy.session(viewer) as db:
        may = permission(db, viewer, learner, audience=audience, today=today)
        if not may.allowed:
            raise NotPossible(may.why)
        said = orjson.dumps({"to": to.email, "subject": subject, "text": text}).decode()
        db.execute(
            insert(Message)
            .values(
                district_id=viewer.district_id,
                message_id=message,
                learner_id=learner,
                sender_id=viewer.staff_id,
                audience=audience,
                language=template.language,
                ground=may.ground,
                template=template.name,
                body=sealed(db, viewer, learner, said, place=_PLACE, row=message),
                state="sending",
                made_at=now,
            )
            .inline()
        )
        detail = {"message": str(message), "audience": audience}
        record(db, viewer, "sent message", learner=learner, detail=detail)
    try:
        mail.send(server, to=to.email, subject=subject, body=text)
    except mail.MailError as why:
        _became(viewer, message, {"state": "failed"})
        raise NotPossible(f"It was not sent. {why}") from None
    _became(viewer, message, {"state": "sent", "sent_at": now})


def messages_of(viewer: Viewer, *, learner: UUID) -> list[Sent]:
    """The messages about a learner, the latest first."""
    with privacy.session(viewer) as db:
        key = key_of(db, viewer, learner)
        rows = db.execute(
            select(Message)
            .with_only_columns(*Message.__table__.c, Staff.display_name)
            .join(
                Staff,
                and_(Staff.district_id == Message.district_id, Staff.staff_id == Message.sender_id),
            )
            .where(Message.district_id == viewer.district_id, Message.learner_id == learner)
            .order_by(Message.made_at.desc())
        ).all()
        found = []
        for row in rows:
            said = orjson.loads(opened(key, viewer, row.body, place=_PLACE, row=row.message_id))
            found.append(
                Sent(
                    row.made_at,
                    row.display_name,
                    row.audience,
                    row.template,
                    row.state,
                    row.ground,
                    said["subject"],
                    said["text"],
                )
            )
    return found


def _became(viewer: Viewer, message: UUID, values: dict[str, Any]) -> None:
    with privacy.session(viewer) as db:
        db.execute(
            update(Message)
            .where(Message.district_id == viewer.district_id, Message.message_id == message)
            .values(**values)
        )
