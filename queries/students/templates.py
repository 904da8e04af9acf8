"""The templates that a plan or a message starts from: the school's own, else the built-in ones."""

from uuid import UUID

from sqlalchemy import select

import privacy
from db import tables
from db.tables import Institution, Learner
from privacy import Viewer
from queries.plan_words import BUILT_IN, PlanTemplate


def plan_templates(viewer: Viewer, *, learner: UUID) -> list[PlanTemplate]:
    """The templates of the learner's school, then the district's, then the built-in ones."""
    table = tables.PlanTemplate
    with privacy.session(viewer) as db:
        rows = db.execute(
            select(table, Institution.kind)
            .with_only_columns(
                table.name,
                table.type,
                table.tier,
                table.goal,
                table.measure,
                table.strategy,
                table.schedule,
                table.review_days,
                table.template_id,
            )
            .join(
                Institution,
                (Institution.district_id == table.district_id)
                & (Institution.institution_id == table.school_id),
            )
            .outerjoin(
                Learner,
                (Learner.district_id == table.district_id)
                & (Learner.learner_id == learner)
                & (Learner.school_id == table.school_id),
            )
            .where(
                table.district_id == viewer.district_id,
                ~table.retired,
                (Institution.kind == "district") | Learner.learner_id.is_not(None),
            )
            .order_by(Institution.kind.desc(), table.name)
        ).all()
    own = [PlanTemplate(*row) for row in rows]
    taken = {one.name for one in own}
    return [*own, *(one for one in BUILT_IN if one.name not in taken)]
