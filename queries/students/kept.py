"""The groups that a teacher keeps to teach again: who is in them, and who has mastered it since."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, and_, select

import privacy
from analytics.mastery import MASTERED, NOT_ENOUGH
from db.tables import Competency, Enrollment, KeptGroup, KeptGroupLearner, Mastery
from privacy import Viewer, people


@dataclass(frozen=True)
class Member:
    """A learner of a kept group: `label` is her mastery of it today; `left_on` if taken out."""

    learner_id: UUID
    name: str
    label: str
    left_on: date | None
    in_class: bool

    @property
    def mastered(self) -> bool:
        """She has what the group was made for."""
        return self.label == MASTERED


@dataclass(frozen=True)
class Kept:
    """A group as it stands; `members` are those in it, `gone` those taken out, both by name."""

    group_id: UUID
    class_id: UUID
    competency_id: UUID
    code: str
    title: str
    name: str
    meets: str
    made_on: date
    done_on: date | None
    changed_at: datetime
    members: tuple[Member, ...]
    gone: tuple[Member, ...]

    @property
    def mastered(self) -> tuple[Member, ...]:
        """Those still in it who need it no more."""
        return tuple(one for one in self.members if one.mastered)


def kept_groups(viewer: Viewer, *, class_id: UUID) -> tuple[Kept, ...]:
    """The kept groups of one class: those still to teach first, each the newest first."""
    with privacy.session(viewer) as db:
        groups = db.execute(
            select(
                KeptGroup.group_id,
                KeptGroup.competency_id,
                Competency.code,
                Competency.title,
                KeptGroup.name,
                KeptGroup.meets,
                KeptGroup.made_on,
                KeptGroup.done_on,
                KeptGroup.updated_at,
            )
            .join(Competency, Competency.competency_id == KeptGroup.competency_id)
            .where(KeptGroup.district_id == viewer.district_id, KeptGroup.class_id == class_id)
            .order_by(
                KeptGroup.done_on.desc().nulls_first(),
                KeptGroup.updated_at.desc(),
                KeptGroup.group_id,
            )
        ).all()
        members = _members(db, viewer, class_id) if groups else {}
    return tuple(
        Kept(
            row.group_id,
            class_id,
            row.competency_id,
            row.code,
            row.title,
            row.name,
            row.meets,
            row.made_on,
            row.done_on,
            row.updated_at,
            tuple(one for one in members.get(row.group_id, ()) if one.left_on is None),
            tuple(one for one in members.get(row.group_id, ()) if one.left_on is not None),
        )
        for row in groups
    )


def _members(db: Connection, viewer: Viewer, class_id: UUID) -> dict[UUID, list[Member]]:
    member = KeptGroupLearner
    rows = db.execute(
        select(
            member.group_id, member.learner_id, member.left_on, Mastery.label, Enrollment.left_on
        )
        .join(
            KeptGroup,
            and_(
                KeptGroup.district_id == member.district_id,
                KeptGroup.class_id == member.class_id,
                KeptGroup.group_id == member.group_id,
            ),
        )
        .join(
            Enrollment,
            and_(
                Enrollment.district_id == member.district_id,
                Enrollment.class_id == member.class_id,
                Enrollment.learner_id == member.learner_id,
            ),
        )
        .outerjoin(
            Mastery,
            and_(
                Mastery.district_id == member.district_id,
                Mastery.learner_id == member.learner_id,
                Mastery.competency_id == KeptGroup.competency_id,
            ),
        )
        .where(member.district_id == viewer.district_id, member.class_id == class_id)
    ).all()
    names = people.names(db, viewer, [row[1] for row in rows])
    found: dict[UUID, list[Member]] = {}
    for group, learner, left_on, label, left_class in rows:
        if learner in names:
            here = left_class is None or left_class > viewer.today
            one = Member(learner, names[learner].sorting, label or NOT_ENOUGH, left_on, here)
            found.setdefault(group, []).append(one)
    return {group: sorted(some, key=lambda one: one.name) for group, some in found.items()}
