"""All that writing to a learner or her home needs: addresses, consent, templates, filled in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import and_, select

import privacy
from db import tables
from db.tables import Class, Enrollment, Flag, Institution, Learner, LearnerPii
from privacy import Viewer, door, fields, people
from queries.message_words import BUILT_IN, MessageTemplate, filled
from queries.students.permission import Permission, permission
from queries.students.sealing import key_of
from queries.trail import record


@dataclass(frozen=True)
class Address:
    """Whom the mail goes to; the address itself is not shown, only told apart."""

    who: str
    email: str

    @property
    def masked(self) -> str:
        """Enough to recognise it.

        >>> Address("Mother", "maria.ruiz@family.example").masked
        'Mother (m…@family.example)'
        """
        name, _, domain = self.email.partition("@")
        return f"{self.who} ({name[:1]}…@{domain})"


@dataclass(frozen=True)
class Desk:
    """All that writing to one learner or her home needs."""

    learner_id: UUID
    name: str
    home_language: str
    values: Mapping[str, str]
    addresses: Mapping[str, tuple[Address, ...]]
    permissions: Mapping[str, Permission]
    templates: tuple[MessageTemplate, ...]
    can_send: bool


def desk(viewer: Viewer, *, learner: UUID, today: date) -> Desk:
    """NotAllowed, in words, for a learner who is not the viewer's."""
    with privacy.session(viewer) as db:
        key = key_of(db, viewer, learner)
        row = db.execute(
            select(LearnerPii.email, LearnerPii.contacts, Learner.home_language, Institution.name)
            .join(
                Learner,
                and_(
                    Learner.district_id == LearnerPii.district_id,
                    Learner.learner_id == LearnerPii.learner_id,
                ),
            )
            .join(
                Institution,
                and_(
                    Institution.district_id == Learner.district_id,
                    Institution.institution_id == Learner.school_id,
                ),
            )
            .where(LearnerPii.district_id == viewer.district_id, LearnerPii.learner_id == learner)
        ).one()
        plain = fields.decrypt_row(
            key,
            {"email": row.email, "contacts": row.contacts},
            table=people.TABLE,
            row=learner,
            district=str(viewer.district_id),
        )
        name = people.names(db, viewer, [learner])[learner]
        taught = db.scalar(
            select(Class.title)
            .join(
                Enrollment,
                and_(
                    Enrollment.district_id == Class.district_id,
                    Enrollment.class_id == Class.class_id,
                ),
            )
            .outerjoin(
                Flag,
                and_(
                    Flag.district_id == Class.district_id,
                    Flag.class_id == Class.class_id,
                    Flag.learner_id == learner,
                    Flag.closed_on.is_(None),
                ),
            )
            .where(
                Class.district_id == viewer.district_id,
                Enrollment.learner_id == learner,
                Class.ends_on >= today,
            )
            .order_by(Flag.severity.desc().nulls_last(), Class.title)
            .limit(1)
        )
        permissions = {
            audience: permission(db, viewer, learner, audience=audience, today=today)
            for audience in ("home", "learner")
        }
        own = _templates(db, viewer, learner)
        # Contacts are decrypted on demand, and each time is noted.
        record(db, viewer, "opened contacts", learner=learner)
    return Desk(
        learner,
        str(name),
        row.home_language or "en",
        {
            "learner": name.given,
            "school": row.name,
            "sender": viewer.name,
            "class": taught or row.name,
            "day": f"{today.day} {today:%B %Y}",
        },
        {
            "home": tuple(_adults(plain["contacts"])),
            "learner": (Address(str(name), plain["email"]),) if plain["email"] else (),
        },
        permissions,
        (*own, *BUILT_IN),
        door().mail is not None,
    )


def draft(desk: Desk, template: MessageTemplate) -> tuple[str, str]:
    """(subject, text) with the fields filled in."""
    impersonal = {name: desk.values[name] for name in ("school", "day", "sender")}
    return filled(template.subject, impersonal), filled(template.body, desk.values)


def _adults(contacts: str | None) -> list[Address]:
    """Those with a mail address, the one to ask first first."""
    listed = orjson.loads(contacts or "[]")
    reachable = [one for one in listed if isinstance(one, dict) and one.get("email")]
    reachable.sort(key=lambda one: not one.get("first"))
    return [
        Address(str(one.get("relation") or one.get("name") or "Contact").capitalize(), one["email"])
        for one in reachable
    ]


def _templates(db: Any, viewer: Viewer, learner: UUID) -> tuple[MessageTemplate, ...]:
    table = tables.MessageTemplate
    rows = db.execute(
        select(
            table.name,
            table.audience,
            table.language,
            table.subject,
            table.body,
            table.template_id,
        )
        .join(
            Institution,
            and_(
                Institution.district_id == table.district_id,
                Institution.institution_id == table.school_id,
            ),
        )
        .outerjoin(
            Learner,
            and_(
                Learner.district_id == table.district_id,
                Learner.learner_id == learner,
                Learner.school_id == table.school_id,
            ),
        )
        .where(
            table.district_id == viewer.district_id,
            ~table.retired,
            (Institution.kind == "district") | Learner.learner_id.is_not(None),
        )
        .order_by(table.name)
    ).all()
    return tuple(MessageTemplate(*row) for row in rows)
