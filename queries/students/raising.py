"""A colleague raises a flag herself: a typed concern, its words sealed as a note."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import insert, select

import privacy
from db.tables import Enrollment, Flag
from privacy import NotAllowed, Viewer, people
from queries.students import handing, notes
from queries.students.acting import Change, NotPossible, locked, write
from queries.students.classes import taught_classes
from queries.students.sealing import key_of

CONCERNS: Final[Mapping[str, str]] = {  # the stored rule and the words shown
    "concern: wellbeing": "Wellbeing",
    "concern: behaviour": "Behaviour",
    "concern: learning": "Learning",
    "concern: attendance": "Attendance",
    "concern: home": "Home",
    "concern: friends": "Friends",
}
AFTER: Final = timedelta(microseconds=1)  # a history is ordered by time
SEVERITY: Final[Mapping[str, float]] = {"watch": 0.4, "soon": 0.65, "urgent": 0.9}


def raise_flag(
    viewer: Viewer,
    *,
    learner: UUID,
    concern: str,
    urgency: str,
    words: str,
    refer: bool,
    restricted: bool = False,
    today: date,
    now: datetime,
) -> UUID:
    """Raises a flag about a learner of the viewer's, about no class in particular.

    It stays until somebody closes it with an outcome. Raises NotPossible where the same concern
    stands already, NotAllowed for a learner who is not the viewer's.
    """
    if viewer.role not in ("teacher", "counselor"):
        raise NotAllowed("Teachers and counselors raise flags. Ask the learner's teacher.")
    if concern not in CONCERNS or urgency not in SEVERITY:
        raise NotPossible("Choose what the concern is and how urgent.")
    flag = uuid4()
    with privacy.session(viewer) as db:
        if db.scalar(
            select(Flag.flag_id).where(
                Flag.district_id == viewer.district_id,
                Flag.learner_id == learner,
                Flag.class_id.is_(None),
                Flag.rule == concern,
                Flag.closed_on.is_(None),
            )
        ):
            raise NotPossible(
                "This concern about the learner has been raised already and is still open. "
                "Add your note to it on the learner's page."
            )
        key_of(db, viewer, learner)  # refuses, in words, a learner who is not hers
        db.execute(
            insert(Flag)
            .values(
                district_id=viewer.district_id,
                flag_id=flag,
                learner_id=learner,
                origin="staff",
                rule=concern,
                severity=SEVERITY[urgency],
                evidence={"words": f"raised by {viewer.name}", "by": str(viewer.staff_id)},
                raised_on=today,
                seen_on=today,
                updated_at=now,
            )
            .inline()
        )
        found = locked(db, viewer, [flag])
        write(db, viewer, found, Change("raised", {}), now=now)
        if refer and viewer.role == "teacher":
            write(db, viewer, found, Change("referred", {"state": "referred"}), now=now + AFTER)
        if words.strip():
            notes.write(
                db,
                viewer,
                learner=learner,
                flag=flag,
                text=words,
                restricted=restricted,
                now=now,
            )
    return flag


def my_learners(viewer: Viewer) -> list[tuple[UUID, str]]:
    """The teacher's or counselor's learners of today by name, to choose one from."""
    if viewer.role == "counselor":
        return handing.my_learners(viewer)
    with privacy.session(viewer) as db:
        classes = [one.class_id for one in taught_classes(db, viewer)]
        ids = db.scalars(
            select(Enrollment.learner_id)
            .distinct()
            .where(
                Enrollment.district_id == viewer.district_id,
                Enrollment.class_id.in_(classes),
                Enrollment.left_on.is_(None) | (Enrollment.left_on > viewer.today),
            )
        ).all()
        names = people.names(db, viewer, ids)
    return [(one, str(name)) for one, name in sorted(names.items(), key=lambda x: x[1].sorting)]
