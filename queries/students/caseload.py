"""The counselor's flags: everybody on her caseload who was referred or flagged, oldest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, and_, select

import privacy
from db.tables import Caseload, Class, Flag, Institution, Learner
from privacy import Viewer, people
from queries.rows import AnyRow
from queries.students import notes
from queries.students.capacity import capacity, covered_today
from queries.students.chances import Chance, chances_of_learners
from queries.students.notes import Note
from queries.students.reasons import COLUMNS, Reason, reason_of, said_once

STATES: Final = ("referred", "open", "acknowledged", "in_plan", "snoozed")


@dataclass(frozen=True)
class Case:
    """A learner of the caseload with her standing flags, the oldest first; a state for each.

    `chance` is her highest chance of failing or leaving a course, once one is known.
    """

    learner_id: UUID
    school: str
    grade_level: int | None
    reasons: tuple[Reason, ...]
    states: tuple[str, ...]
    taken_on: bool
    name: str = ""
    notes: tuple[Note, ...] = ()
    chance: Chance | None = None

    @property
    def since(self) -> date:
        """The day on which the oldest of the flags was raised."""
        return self.reasons[0].raised_on


@dataclass(frozen=True)
class Cases:
    """Everybody on the caseload with a standing flag, not yet by name; how many learners it has,
    at how many cases the list is cut, and for whom the counselor stands in today.
    """

    cases: tuple[Case, ...]
    learners: int
    capacity: int
    covering: tuple[str, ...] = ()

    @property
    def schools(self) -> list[str]:
        """The schools the cases come from."""
        return sorted({case.school for case in self.cases})

    @property
    def rules(self) -> list[str]:
        """The rules that raised their flags."""
        return sorted({reason.rule for case in self.cases for reason in case.reasons})


def overdue_cases(viewer: Viewer, *, today: date) -> Cases:
    """Learners with standing flags, whoever has waited longest first."""
    with privacy.session(viewer) as db:
        covered = covered_today(db, viewer)
        learners = _caseload(db, viewer, list(covered))
        rows = _standing(db, viewer, learners)
        most = capacity(db, viewer)
        flagged = list({row.learner_id for row in rows})
        chances = chances_of_learners(db, viewer, learners=flagged)
    cases = tuple(_by_learner(rows, chances, viewer, today=today))
    return Cases(cases, len(learners), most, tuple(covered.values()))


def likeliest_first(cases: Sequence[Case]) -> list[Case]:
    """The same cases by their chance of failing or leaving; without one, as they stood, last."""
    return sorted(cases, key=lambda case: -case.chance.value if case.chance else 0.0)


def matching(
    cases: Sequence[Case], *, school: str | None, rule: str | None, state: str | None
) -> list[Case]:
    """The cases of a school, with a flag of that rule and state.

    Without a state, a case whose flags are all snoozed stays away until their day.
    """

    def fits(flag_rule: str, flag_state: str) -> bool:
        right_state = flag_state == state if state else flag_state != "snoozed"
        return rule in (None, flag_rule) and right_state

    return [
        case
        for case in cases
        if school in (None, case.school)
        and any(
            fits(reason.rule, standing)
            for reason, standing in zip(case.reasons, case.states, strict=True)
        )
    ]


def by_name(viewer: Viewer, cases: Sequence[Case]) -> tuple[Case, ...]:
    """The same cases with names and notes: asked for what is shown, as each costs a decryption."""
    ids = [case.learner_id for case in cases]
    with privacy.session(viewer) as db:
        names = people.names(db, viewer, ids)
        written = notes.about(db, viewer, ids)
    return tuple(
        replace(
            case,
            name=str(names[case.learner_id]),
            notes=tuple(
                note
                for note in written
                if note.flag_id in {reason.flag_id for reason in case.reasons}
            ),
        )
        for case in cases
        if case.learner_id in names
    )


def _caseload(db: Connection, viewer: Viewer, covered: Sequence[UUID]) -> Sequence[UUID]:
    """Her own learners and, on the days she covers a colleague, that colleague's."""
    return db.scalars(
        select(Caseload.learner_id)
        .distinct()
        .where(
            Caseload.district_id == viewer.district_id,
            Caseload.staff_id.in_([viewer.staff_id, *covered]),
            Caseload.starts_on <= viewer.today,
            Caseload.ends_on.is_(None) | (Caseload.ends_on >= viewer.today),
        )
    ).all()


def _standing(db: Connection, viewer: Viewer, learners: Sequence[UUID]) -> Sequence[AnyRow]:
    return db.execute(
        select(
            *COLUMNS,
            Flag.state,
            Flag.referred_to,
            Class.title,
            Institution.name.label("school"),
            Learner.grade_level,
        )
        .join(
            Learner,
            and_(Learner.district_id == Flag.district_id, Learner.learner_id == Flag.learner_id),
        )
        .join(
            Institution,
            and_(
                Institution.district_id == Learner.district_id,
                Institution.institution_id == Learner.school_id,
            ),
        )
        .outerjoin(
            Class, and_(Class.district_id == Flag.district_id, Class.class_id == Flag.class_id)
        )
        .where(
            Flag.district_id == viewer.district_id,
            Flag.learner_id.in_(learners),
            Flag.closed_on.is_(None),
        )
        .order_by(Flag.raised_on, Flag.severity.desc(), Flag.flag_id)
    ).all()


def _by_learner(
    rows: Sequence[AnyRow], chances: Mapping[UUID, Chance], viewer: Viewer, *, today: date
) -> list[Case]:
    """One case per learner, in the order of their oldest flags."""
    mine: dict[UUID, list[AnyRow]] = {}
    for row in rows:
        mine.setdefault(row.learner_id, []).append(row)
    return [
        Case(
            learner,
            flags[0].school,
            flags[0].grade_level,
            said_once(
                [reason_of(flag, class_title=flag.title or "", today=today) for flag in flags]
            ),
            tuple(flag.state for flag in flags),
            any(flag.referred_to == viewer.staff_id for flag in flags),
            chance=chances.get(learner),
        )
        for learner, flags in mine.items()
    ]
