"""The templates of plans and messages that a district and its schools write for themselves."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import and_, insert, select, update

import privacy
from db.tables import Institution, MessageTemplate, PlanTemplate
from privacy import Viewer
from queries import message_words, plan_words
from queries.district.support import NotSo, administrator
from queries.message_words import FIELDS, filled
from queries.trail import record


@dataclass(frozen=True)
class Template:
    """A template of plans or messages, by name and place."""

    template_id: UUID
    name: str
    place: str
    what: str


def templates(viewer: Viewer, *, kind: str) -> list[Template]:
    """The district's and its schools' own templates; `kind` is plan or message."""
    table = PlanTemplate if kind == "plan" else MessageTemplate
    what = PlanTemplate.type if kind == "plan" else MessageTemplate.language
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(table.template_id, table.name, Institution.name, Institution.kind, what)
            .join(
                Institution,
                and_(
                    Institution.district_id == table.district_id,
                    Institution.institution_id == table.school_id,
                ),
            )
            .where(table.district_id == viewer.district_id, ~table.retired)
            .order_by(table.name)
        ).all()
    return [
        Template(key, name, "all schools" if where == "district" else place, kind_of)
        for key, name, place, where, kind_of in rows
    ]


def add_plan_template(
    viewer: Viewer, *, place: UUID, template: plan_words.PlanTemplate, now: datetime
) -> None:
    """Offers it on the plan form of that school, or of all."""
    if not template.name.strip() or not template.goal.strip():
        raise NotSo("A plan template has a name and a goal.")
    _add_template(
        viewer,
        PlanTemplate,
        place,
        now,
        {
            "name": template.name.strip(),
            "type": template.type,
            "tier": template.tier,
            "goal": template.goal.strip(),
            "measure": template.measure,
            "strategy": template.strategy,
            "schedule": template.schedule,
            "review_days": template.review_days,
        },
    )


def add_message_template(
    viewer: Viewer, *, place: UUID, template: message_words.MessageTemplate, now: datetime
) -> None:
    """Offers it on the message page; NotSo where it names a field that does not exist."""
    if not all(part.strip() for part in (template.name, template.subject, template.body)):
        raise NotSo("A message template has a name, a subject and a text.")
    if "\n" in template.subject or "\r" in template.subject:
        raise NotSo("A subject is one line.")
    try:
        filled(template.subject, dict.fromkeys(("school", "day", "sender"), ""))
        filled(template.body, dict.fromkeys(FIELDS, ""))
    except ValueError as why:
        raise NotSo(str(why)) from None
    _add_template(
        viewer,
        MessageTemplate,
        place,
        now,
        {
            "name": template.name.strip(),
            "audience": template.audience,
            "language": template.language,
            "subject": template.subject.strip(),
            "body": template.body.strip(),
        },
    )


def retire(viewer: Viewer, *, kind: str, template: UUID, now: datetime) -> None:
    """Offers a template no longer."""
    table = PlanTemplate if kind == "plan" else MessageTemplate
    with administrator(viewer) as db:
        db.execute(
            update(table)
            .where(table.district_id == viewer.district_id, table.template_id == template)
            .values(retired=True, made_by=viewer.staff_id, updated_at=now)
        )
        record(db, viewer, "retired template", detail={"template": str(template)})


def _add_template(
    viewer: Viewer,
    table: type[PlanTemplate] | type[MessageTemplate],
    place: UUID,
    now: datetime,
    values: dict[str, Any],
) -> None:
    with administrator(viewer) as db:
        db.execute(
            insert(table)
            .values(
                district_id=viewer.district_id,
                template_id=uuid4(),
                school_id=place,
                made_by=viewer.staff_id,
                updated_at=now,
                **values,
            )
            .inline()
        )
        record(db, viewer, "made template", detail={"kind": table.__tablename__})
