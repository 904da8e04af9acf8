"""Who needs me this week: the teacher's flags, one entry per learner, the most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import prod
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, and_, select, union_all

import privacy
from db.tables import Enrollment, EnrollmentState, Flag, FlagEvent, Institution
from privacy import Viewer, people
from queries.students.classes import TaughtClass, taught_classes
from queries.students.notices import ClassNotice, notices_of
from queries.students.reasons import COLUMNS, Reason, reason_of
from queries.students.steps import next_steps

ACKNOWLEDGED_FOR: Final = timedelta(days=7)  # then an acknowledged flag is asked about again


@dataclass(frozen=True)
class LearnerInNeed:
    """A learner with all her reasons, the gravest first; `severity` from 0 to 1 over all."""

    learner_id: UUID
    severity: float
    reasons: tuple[Reason, ...]
    name: str = ""
    next_step: str = ""
    weekly_clicks: tuple[int, ...] = ()

    @property
    def flags(self) -> tuple[UUID, ...]:
        """The flags that the entry stands for."""
        return tuple(reason.flag_id for reason in self.reasons)

    @property
    def class_titles(self) -> tuple[str, ...]:
        """The classes that the reasons come from; none where they are about the whole day."""
        return tuple(dict.fromkeys(r.class_title for r in self.reasons if r.class_title))


@dataclass(frozen=True)
class Attention:
    """The list up to its capacity, how many it leaves out, and what concerns whole classes."""

    classes: tuple[TaughtClass, ...]
    learners: tuple[LearnerInNeed, ...]
    left_out: int
    notices: tuple[ClassNotice, ...]


def struggling_learners(
    viewer: Viewer,
    *,
    today: date,
    now: datetime,
    class_label: str | None = None,
    most: int | None = None,
) -> Attention:
    """The learners who need the teacher, of all her classes or of one.

    `most` cuts the list (None: at the district's capacity); those left out are a number.
    """
    with privacy.session(viewer) as db:
        classes = taught_classes(db, viewer)
        chosen = [c for c in classes if class_label in (None, c.label)]
        ids = [c.class_id for c in chosen]
        ranked = ranking(_waiting(db, viewer, ids, now=now), chosen, today=today)
        shown = ranked[: _capacity(db, viewer) if most is None else most]
        notices = notices_of(db, viewer, chosen, today=today)
        learners = [one.learner_id for one in shown]
        names = people.names(db, viewer, learners)
        weeks = _weekly_clicks(db, viewer, learners, ids)
        reasons = {one.learner_id: one.reasons for one in shown}
        steps = next_steps(db, viewer, reasons, today=today)
    return Attention(
        tuple(classes),
        tuple(
            replace(
                one,
                name=str(names[one.learner_id]),
                next_step=steps.get(one.learner_id, ""),
                weekly_clicks=weeks.get(one.learner_id, ()),
            )
            for one in shown
        ),
        len(ranked) - len(shown),
        notices,
    )


def ranking(
    flags: Sequence[Row[Any]], classes: Sequence[TaughtClass], *, today: date
) -> list[LearnerInNeed]:
    """One entry per learner. Reasons add up as independent chances do: two of 0.5 make 0.75."""
    titles = {c.class_id: c.label for c in classes}
    reasons: dict[UUID, list[Reason]] = {}
    for flag in flags:
        reasons.setdefault(flag.learner_id, []).append(
            reason_of(flag, class_title=titles.get(flag.class_id, ""), today=today)
        )
    entries = [
        LearnerInNeed(
            learner,
            1 - prod(1 - reason.severity for reason in mine),
            tuple(sorted(mine, key=lambda reason: -reason.severity)),
        )
        for learner, mine in reasons.items()
    ]
    # Of two equally urgent learners, the one who has waited longer comes first.
    return sorted(
        entries,
        key=lambda one: (-one.severity, min(r.raised_on for r in one.reasons), one.learner_id),
    )


def _waiting(
    db: Connection, viewer: Viewer, classes: Sequence[UUID], *, now: datetime
) -> Sequence[Row[Any]]:
    """Flags nobody has answered, or whose acknowledgement is older than a week."""
    answered = (
        select(FlagEvent.flag_id)
        .where(
            FlagEvent.district_id == viewer.district_id,
            FlagEvent.flag_id == Flag.flag_id,
            FlagEvent.action == "acknowledged",
            FlagEvent.at > now - ACKNOWLEDGED_FOR,
        )
        .exists()
    )
    standing = (
        Flag.district_id == viewer.district_id,
        Flag.closed_on.is_(None),
        (Flag.state == "open") | ((Flag.state == "acknowledged") & ~answered),
    )
    # Two branches, so that each is one range of the index on (district, class).
    in_class = select(*COLUMNS).where(*standing, Flag.class_id.in_(classes))
    in_no_class = select(*COLUMNS).where(
        *standing,
        Flag.class_id.is_(None),
        Flag.learner_id.in_(
            select(Enrollment.learner_id).where(
                Enrollment.district_id == viewer.district_id,
                Enrollment.class_id.in_(classes),
                Enrollment.status == "enrolled",
            )
        ),
    )
    return db.execute(union_all(in_class, in_no_class)).all()


def _capacity(db: Connection, viewer: Viewer) -> int:
    return db.scalars(
        select(Institution.alert_capacity).where(
            Institution.district_id == viewer.district_id, Institution.kind == "district"
        )
    ).one()


def _weekly_clicks(
    db: Connection, viewer: Viewer, learners: Sequence[UUID], classes: Sequence[UUID]
) -> dict[UUID, tuple[int, ...]]:
    """Activity of the last twelve weeks, summed over the classes asked for, oldest week first."""
    rows = db.execute(
        select(EnrollmentState.learner_id, EnrollmentState.weekly_clicks).where(
            and_(
                EnrollmentState.district_id == viewer.district_id,
                EnrollmentState.class_id.in_(classes),
                EnrollmentState.learner_id.in_(learners),
            )
        )
    ).all()
    weeks: dict[UUID, tuple[int, ...]] = {}
    for learner, clicks in rows:
        before = weeks.get(learner, (0,) * len(clicks))
        weeks[learner] = tuple(a + b for a, b in zip(before, clicks, strict=True))
    return weeks
