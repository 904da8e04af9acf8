"""Who needs me this week: the teacher's flags, one entry per learner, the most urgent first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from math import prod
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, select, union_all

import privacy
from analytics import rules
from db.tables import Enrollment, EnrollmentState, Flag, FlagEvent
from privacy import Viewer, people
from queries.rows import AnyRow
from queries.students.capacity import capacity
from queries.students.chances import Chance, latest_chances
from queries.students.classes import TaughtClass
from queries.students.notices import ClassNotice, notices_of
from queries.students.proposed import Proposed, proposals
from queries.students.reasons import COLUMNS, Reason, reason_of, said_once
from queries.students.steps import fitting, next_steps

ACKNOWLEDGED_FOR: Final = timedelta(days=7)  # then an acknowledged flag is asked about again


@dataclass(frozen=True)
class LearnerInNeed:
    """A learner with all her reasons, the gravest first and the model's last; `severity` over all.

    `chance` is her highest chance of failing or leaving among these classes, once one is known.
    """

    learner_id: UUID
    severity: float
    reasons: tuple[Reason, ...]
    name: str = ""
    class_labels: tuple[str, ...] = ()
    next_step: str = ""
    why: tuple[str, ...] = ()
    weekly_clicks: tuple[int, ...] = ()
    chance: Chance | None = None

    @property
    def flags(self) -> tuple[UUID, ...]:
        """The flags that the entry stands for."""
        return tuple(reason.flag_id for reason in self.reasons)


@dataclass(frozen=True)
class Attention:
    """The list up to its capacity, how many it leaves out, and what concerns whole classes."""

    learners: tuple[LearnerInNeed, ...]
    left_out: int
    notices: tuple[ClassNotice, ...]


def struggling_learners(
    viewer: Viewer,
    *,
    classes: Sequence[TaughtClass],
    today: date,
    now: datetime,
    first: int = 0,
    most: int | None = None,
) -> Attention:
    """The learners of these classes who need their teacher.

    From place `first` on and at most `most` of them (None: the district's capacity); those left
    out below are a number.
    """
    ids = [one.class_id for one in classes]
    with privacy.session(viewer) as db:
        chances = latest_chances(db, viewer, classes=ids)
        ranked = ranking(_waiting(db, viewer, ids, now=now), classes, chances, today=today)
        last = first + (capacity(db, viewer) if most is None else most)
        shown = ranked[first:last]
        learners = [one.learner_id for one in shown]
        names = people.names(db, viewer, learners)
        activity = _activity(db, viewer, learners, classes)
        reasons = {one.learner_id: one.reasons for one in shown}
        low = [one.learner_id for one in shown if one.reasons[0].rule == rules.LOW_MASTERY]
        proposed = proposals(db, viewer, low)
        steps = next_steps(db, viewer, reasons, today=today, proposed=proposed)
        notices = notices_of(db, viewer, classes)
    entries = tuple(
        replace(
            one,
            name=str(names[one.learner_id]),
            next_step=steps.get(one.learner_id, ""),
            why=_why(one, proposed),
            class_labels=activity.get(one.learner_id, ((), ()))[0],
            weekly_clicks=activity.get(one.learner_id, ((), ()))[1],
        )
        for one in shown
        if one.learner_id in names
    )
    return Attention(entries, max(0, len(ranked) - last), notices)


def _why(one: LearnerInNeed, proposed: Mapping[UUID, Sequence[Proposed]]) -> tuple[str, ...]:
    """Why the next step is the one proposed; nothing where the reason itself says it."""
    mine = fitting(proposed.get(one.learner_id, ()), one.reasons[0])
    return mine.why if mine else ()


def ranking(
    flags: Sequence[AnyRow],
    classes: Sequence[TaughtClass],
    chances: Mapping[UUID, Chance],
    *,
    today: date,
) -> list[LearnerInNeed]:
    """One entry per learner, by how likely it is that she needs somebody."""
    titles = {c.class_id: c.label for c in classes}
    reasons: dict[UUID, list[Reason]] = {}
    for flag in flags:
        reasons.setdefault(flag.learner_id, []).append(
            reason_of(flag, class_title=titles.get(flag.class_id, ""), today=today)
        )
    entries = [
        LearnerInNeed(
            learner,
            need(mine, chances.get(learner)),
            said_once(sorted(mine, key=lambda r: (r.rule == rules.RISK, -r.severity))),
            chance=chances.get(learner),
        )
        for learner, mine in reasons.items()
    ]
    # Of two equally urgent learners, the one who has waited longer comes first.
    return sorted(
        entries,
        key=lambda one: (-one.severity, min(r.raised_on for r in one.reasons), one.learner_id),
    )


def need(reasons: Sequence[Reason], chance: Chance | None) -> float:
    """How urgent a learner is, from 0 to 1: her chance of failing or leaving, and half of what it
    leaves out. They add up as independent chances do: two of 0.5 make 0.75.

    Missing work and falling activity are in the chance already; before there is one (the first
    week of a class), every flag counts whole.
    """
    if chance is None:
        return 1 - prod(1 - reason.severity for reason in reasons)
    beside = [one.severity for one in reasons if one.rule not in {*rules.COUNTED, rules.RISK}]
    return 1 - (1 - chance.value) * prod(1 - rules.BESIDE * severity for severity in beside)


def _waiting(
    db: Connection, viewer: Viewer, classes: Sequence[UUID], *, now: datetime
) -> Sequence[AnyRow]:
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
    here_today = (
        Enrollment.district_id == viewer.district_id,
        Enrollment.class_id.in_(classes),
        Enrollment.left_on.is_(None) | (Enrollment.left_on > viewer.today),
    )
    # Two branches, so that each is one range of the index on (district, class).
    in_class = (
        select(*COLUMNS)
        .join(
            Enrollment,
            and_(
                Enrollment.district_id == Flag.district_id,
                Enrollment.class_id == Flag.class_id,
                Enrollment.learner_id == Flag.learner_id,
            ),
        )
        .where(*standing, *here_today, Flag.class_id.in_(classes))
    )
    in_no_class = select(*COLUMNS).where(
        *standing,
        Flag.class_id.is_(None),
        Flag.learner_id.in_(select(Enrollment.learner_id).where(*here_today)),
    )
    return db.execute(union_all(in_class, in_no_class)).all()


def _activity(
    db: Connection, viewer: Viewer, learners: Sequence[UUID], classes: Sequence[TaughtClass]
) -> dict[UUID, tuple[tuple[str, ...], tuple[int, ...]]]:
    """Each learner's classes among these, and her activity in them over the last twelve weeks."""
    labels = {one.class_id: one.label for one in classes}
    rows = db.execute(
        select(
            EnrollmentState.learner_id, EnrollmentState.class_id, EnrollmentState.weekly_clicks
        ).where(
            EnrollmentState.district_id == viewer.district_id,
            EnrollmentState.class_id.in_(list(labels)),
            EnrollmentState.learner_id.in_(learners),
            EnrollmentState.enrolled,
        )
    ).all()
    found: dict[UUID, tuple[tuple[str, ...], tuple[int, ...]]] = {}
    for learner, class_id, clicks in rows:
        mine, before = found.get(learner, ((), (0,) * len(clicks)))
        summed = tuple(a + b for a, b in zip(before, clicks, strict=True))
        found[learner] = (*mine, labels[class_id]), summed
    return found
