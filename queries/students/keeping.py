"""Keeps a group of learners to teach again, changes it, and marks it as done."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Connection, insert, update

import privacy
from db.tables import KeptGroup, KeptGroupLearner
from privacy import NotAllowed, Viewer
from queries.students.acting import NotPossible
from queries.students.grouping import enrolled_in
from queries.students.kept import Kept
from queries.trail import record

LONGEST: Final = 60  # characters of a name, and of when the group meets
NOT_YOURS: Final = "This group is of a class you do not teach today. Ask its teacher."


def keep(
    viewer: Viewer,
    *,
    class_id: UUID,
    competency_id: UUID,
    name: str,
    meets: str,
    learners: Collection[UUID],
    now: datetime,
) -> UUID:
    """Keeps a group of learners of the class; NotAllowed for a class or a learner not hers."""
    group = uuid4()
    with privacy.session(viewer) as db:
        if not learners:
            raise NotPossible("A group needs a learner. Choose whom to teach it again.")
        if set(learners) - set(enrolled_in(db, viewer, class_id)):
            raise NotAllowed("A group is made of learners of one class of yours. Reload the page.")
        db.execute(
            insert(KeptGroup)
            .values(
                district_id=viewer.district_id,
                class_id=class_id,
                group_id=group,
                competency_id=competency_id,
                **_words(name, meets),
                made_on=viewer.today,
                changed_by=viewer.staff_id,
                updated_at=now,
            )
            .inline()
        )
        _add(db, viewer, class_id, group, learners, now=now)
        _note(db, viewer, "kept group", group, learners=len(learners))
    return group


def change(
    viewer: Viewer,
    *,
    group: Kept,
    name: str,
    meets: str,
    learners: Collection[UUID],
    now: datetime,
) -> None:
    """Another name, time or set of learners; whoever is taken out stands as having been in it."""
    inside = {one.learner_id for one in group.members}
    with privacy.session(viewer) as db:
        new = set(learners) - inside
        if new - set(enrolled_in(db, viewer, group.class_id)):
            raise NotAllowed("Only learners of this class can join the group. Reload the page.")
        if not learners:
            raise NotPossible("A group needs a learner. Mark it as done instead.")
        _set(db, viewer, group, _words(name, meets), now=now)
        _add(db, viewer, group.class_id, group.group_id, new, now=now)
        _take_out(db, viewer, group, inside - set(learners), now=now)
        _note(db, viewer, "changed group", group.group_id, learners=len(learners))


def take_out(viewer: Viewer, *, group: Kept, learners: Collection[UUID], now: datetime) -> None:
    """Takes learners out of a group, those who have mastered it since for the most part."""
    with privacy.session(viewer) as db:
        if not _take_out(db, viewer, group, learners, now=now):
            raise NotAllowed(NOT_YOURS)
        _note(db, viewer, "changed group", group.group_id, taken_out=len(learners))


def done(viewer: Viewer, *, group: Kept, on: date | None, now: datetime) -> None:
    """Marks a group as done on a day, or with None as still to teach."""
    with privacy.session(viewer) as db:
        _set(db, viewer, group, {"done_on": on}, now=now)
        _note(db, viewer, "finished group" if on else "reopened group", group.group_id)


def _words(name: str, meets: str) -> dict[str, str]:
    if not name.strip():
        raise NotPossible("Give the group a name, so that you find it again.")
    return {"name": name.strip()[:LONGEST], "meets": meets.strip()[:LONGEST]}


def _add(
    db: Connection,
    viewer: Viewer,
    class_id: UUID,
    group: UUID,
    learners: Collection[UUID],
    *,
    now: datetime,
) -> None:
    """Into the group, or back into it."""
    was = set(
        db.scalars(
            update(KeptGroupLearner)
            .where(*_of(viewer, class_id, group), KeptGroupLearner.learner_id.in_(learners))
            .values(
                joined_on=viewer.today, left_on=None, changed_by=viewer.staff_id, updated_at=now
            )
            .returning(KeptGroupLearner.learner_id)
        )
    )
    fresh = sorted(set(learners) - was)
    if fresh:
        db.execute(
            insert(KeptGroupLearner)
            .values(
                [
                    {
                        "district_id": viewer.district_id,
                        "class_id": class_id,
                        "group_id": group,
                        "learner_id": learner,
                        "joined_on": viewer.today,
                        "changed_by": viewer.staff_id,
                        "updated_at": now,
                    }
                    for learner in fresh
                ]
            )
            .inline()
        )


def _take_out(
    db: Connection, viewer: Viewer, group: Kept, learners: Collection[UUID], *, now: datetime
) -> int:
    """How many really were in it."""
    return db.execute(
        update(KeptGroupLearner)
        .where(
            *_of(viewer, group.class_id, group.group_id),
            KeptGroupLearner.learner_id.in_(learners),
            KeptGroupLearner.left_on.is_(None),
        )
        .values(left_on=viewer.today, changed_by=viewer.staff_id, updated_at=now)
    ).rowcount


def _set(
    db: Connection, viewer: Viewer, group: Kept, values: Mapping[str, object], *, now: datetime
) -> None:
    changed = db.execute(
        update(KeptGroup)
        .where(
            KeptGroup.district_id == viewer.district_id,
            KeptGroup.class_id == group.class_id,
            KeptGroup.group_id == group.group_id,
        )
        .values(**values, changed_by=viewer.staff_id, updated_at=now)
    )
    if not changed.rowcount:
        raise NotAllowed(NOT_YOURS)


def _of(viewer: Viewer, class_id: UUID, group: UUID) -> Sequence[ColumnElement[bool]]:
    return (
        KeptGroupLearner.district_id == viewer.district_id,
        KeptGroupLearner.class_id == class_id,
        KeptGroupLearner.group_id == group,
    )


def _note(db: Connection, viewer: Viewer, what: str, group: UUID, **counts: int) -> None:
    record(db, viewer, what, detail={"group": str(group), **counts})
