"""What passes between people: notices to colleagues, messages home, and weekly digests."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Boolean, Date, DateTime, Integer, LargeBinary, Text, Uuid
from sqlalchemy.orm import Mapped, mapped_column

from db.tables.base import DEFAULT, Table, to


class Notification(Table):
    """One row per notice to a colleague: who, about whom, never what. The learner is null where
    even that would tell.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        to("staff", "district_id", "staff_id"),
        to("staff", "district_id", "from_id=staff_id"),
        to("learners", "district_id", "learner_id", cascade=True),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid)
    from_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(Text)
    learner_id: Mapped[UUID | None] = mapped_column(Uuid)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    read_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class MessageTemplate(Table):
    """One row per message template of a school (or of all schools) and language; merge fields
    stand in braces.
    """

    __tablename__ = "message_templates"
    __table_args__ = (
        to("institutions", "district_id", "school_id=institution_id"),
        to("staff", "district_id", "made_by=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    template_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    school_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    made_by: Mapped[UUID] = mapped_column(Uuid)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retired: Mapped[bool] = mapped_column(Boolean, server_default=DEFAULT)


class Message(Table):
    """One row per message home or to a learner; the text and the address are encrypted under the
    learner''s data key.
    """

    __tablename__ = "messages"
    __table_args__ = (
        to("learners", "district_id", "learner_id", cascade=True),
        to("staff", "district_id", "sender_id=staff_id"),
    )

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    message_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(Uuid)
    sender_id: Mapped[UUID] = mapped_column(Uuid)
    audience: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    ground: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Digest(Table):
    """One row per member of staff and week (its Monday) for which a digest was mailed."""

    __tablename__ = "digests"
    __table_args__ = (to("staff", "district_id", "staff_id"),)

    district_id: Mapped[int] = mapped_column(Integer, primary_key=True)
    staff_id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    week_of: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
