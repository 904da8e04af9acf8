"""Proposes what a learner does next, and whom of a class to teach again together, with reasons.

What blocks comes first: of what a learner has not mastered lately, the weakest; of what that builds
on, the deepest competency she struggles with. How hard it is for her decides how: below the band
nobody learns from practice alone, above it there is nothing left to practise.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeVar
from uuid import UUID

from analytics.mastery import MASTERED, STRUGGLING
from analytics.order import blocker

PRACTICE_BAND: Final = (0.5, 0.85)  # expected share right between which practice teaches
REST_DAYS: Final = 7  # nothing is proposed to a learner twice within so many days
GROUP_LEAST: Final = 2  # fewer learners are no group
GROUP_MOST: Final = 8  # a group one can teach at a table; a larger one is split
GROUP_MINUTES: Final = 20

# Forms of content that a learner with this need can only use when they are adapted to it.
NEEDS_ADAPTING: Final[Mapping[str, frozenset[str]]] = {
    "captions": frozenset({"video"}),
    "screen_reader": frozenset({"video", "interactive", "simulation", "assessment"}),
    "keyboard_only": frozenset({"interactive", "simulation", "assessment"}),
    "large_print": frozenset({"text", "assessment"}),
}

T = TypeVar("T")
Kind = Literal["practise", "reteach", "enrich"]
Needs = Mapping[UUID, Sequence[UUID]]
"""competency -> what it builds on"""


@dataclass(frozen=True)
class Known:
    """What is said of one learner and competency."""

    label: str
    next_right: float
    answers: int


@dataclass(frozen=True)
class Worked:
    """How a section worked for others: the `share` right of what was checked after it, of at least
    so many `learners`; `gained` when they surely gained by it, where they began considered."""

    learners: int
    share: float
    gained: bool = False


@dataclass(frozen=True)
class Activity:
    """A section that may be proposed for a competency."""

    section_id: UUID
    competency_id: UUID
    form: str
    adaptations: frozenset[str]
    worked: Worked | None = None


@dataclass(frozen=True)
class Step:
    """What to do next. `holds_up` is the competency for whose sake another comes first; `unmet`
    are needs of the learner that the section is not known to be adapted to."""

    kind: Kind
    competency_id: UUID
    activity: Activity | None
    holds_up: UUID | None = None
    unmet: tuple[str, ...] = ()


def to_work_on(
    current: Collection[UUID], known: Mapping[UUID, Known], needs: Needs
) -> list[tuple[UUID, UUID | None]]:
    """What a learner should work on, the most pressing first, each with what it holds up.

    `current` is taught now or lately. What she struggles with goes before what is on its way.

    >>> a, b = UUID(int=1), UUID(int=2)
    >>> known = {a: Known("struggling", 0.4, 6), b: Known("struggling", 0.3, 6)}
    >>> to_work_on([b], known, {b: [a]}) == [(a, b)]
    True
    """
    labels = {one: said.label for one, said in known.items()}
    open_ = sorted(
        (one for one in current if one in known and known[one].label != MASTERED),
        key=lambda one: (known[one].label != STRUGGLING, known[one].next_right, one),
    )
    found: dict[UUID, UUID | None] = {}
    for one in open_:
        first = blocker(one, needs, labels)
        work, holds_up = (first, one) if first is not None else (one, None)
        if found.get(work) is None:
            found[work] = holds_up
    return list(found.items())


def next_step(
    current: Collection[UUID],
    known: Mapping[UUID, Known],
    needs: Needs,
    activities: Mapping[UUID, Sequence[Activity]],
    *,
    ahead: Sequence[UUID] = (),
    lately: Collection[UUID] = (),
    accommodations: Collection[str] = (),
) -> Step | None:
    """The one step to propose; None when there is nothing to say.

    `ahead` lists what the course teaches next, in its order; `lately` what was proposed to her
    within REST_DAYS.
    """
    for competency, holds_up in to_work_on(current, known, needs):
        if competency in lately or known[competency].next_right >= PRACTICE_BAND[1]:
            continue
        kind: Kind = "practise" if known[competency].next_right >= PRACTICE_BAND[0] else "reteach"
        return _with_activity(kind, competency, holds_up, activities, accommodations)
    if is_ahead(current, known):
        for competency in ahead:
            ready = all(
                need not in known or known[need].label == MASTERED
                for need in needs.get(competency, ())
            )
            new = competency not in known or known[competency].label != MASTERED
            if ready and new and competency not in lately:
                return _with_activity("enrich", competency, None, activities, accommodations)
    return None


def is_ahead(current: Collection[UUID], known: Mapping[UUID, Known]) -> bool:
    """Whether a learner has mastered all of what is current and was asked of her (two at least)."""
    asked = [known[one].label for one in current if one in known]
    return len(asked) >= 2 and all(label == MASTERED for label in asked)


def _with_activity(
    kind: Kind,
    competency: UUID,
    holds_up: UUID | None,
    activities: Mapping[UUID, Sequence[Activity]],
    accommodations: Collection[str],
) -> Step:
    chosen = best(activities.get(competency, ()), accommodations)
    lacking = unmet(chosen, accommodations) if chosen else ()
    return Step(kind, competency, chosen, holds_up, lacking)


def best(activities: Sequence[Activity], accommodations: Collection[str] = ()) -> Activity | None:
    """The section that fits the learner's needs best, of those the one that worked best."""
    return max(
        activities,
        key=lambda one: (
            -len(unmet(one, accommodations)),
            one.worked is not None and one.worked.gained,
            one.worked.share if one.worked else -1.0,
            -one.section_id.int,
        ),
        default=None,
    )


def unmet(activity: Activity, accommodations: Collection[str]) -> tuple[str, ...]:
    """Needs that the form of a section touches and that it is not known to be adapted to.

    >>> film = Activity(UUID(int=1), UUID(int=2), "video", frozenset())
    >>> unmet(film, ["captions", "extra_time"])
    ('captions',)
    """
    return tuple(
        need
        for need in sorted(accommodations)
        if activity.form in NEEDS_ADAPTING.get(need, ()) and need not in activity.adaptations
    )


@dataclass(frozen=True)
class Group:
    """Learners to teach together; `holds_up` what the competency is needed for, most often first.

    `whole_class` when they are a third of the class and more: then it is the class's lesson.
    """

    kind: Kind
    competency_id: UUID
    learners: tuple[UUID, ...]
    holds_up: tuple[UUID, ...] = ()
    whole_class: bool = False


def groups(
    current: Collection[UUID],
    known: Mapping[UUID, Mapping[UUID, Known]],
    needs: Needs,
    *,
    notices: Collection[UUID] = (),
) -> list[Group]:
    """Groups of a class, the largest first; each learner is in the one that presses most on her.

    `known` is by learner. Competencies in `notices` are the whole class's. Only what a learner
    struggles with brings her into a group: what is on its way needs no table.
    """
    found: dict[UUID, dict[UUID, UUID | None]] = {}
    ahead: list[UUID] = []
    for learner, said in sorted(known.items()):
        if is_ahead(current, said):
            ahead.append(learner)
        for competency, holds_up in to_work_on(current, said, needs):
            if said[competency].label == STRUGGLING:
                found.setdefault(competency, {})[learner] = holds_up
                break
    made = [
        Group(
            "reteach",
            competency,
            tuple(members),
            _most_often(members.values()),
            whole_class=competency in notices,
        )
        for competency, members in found.items()
        if len(members) >= GROUP_LEAST
    ]
    made.sort(key=lambda group: (-len(group.learners), group.competency_id))
    if len(ahead) >= GROUP_LEAST:
        made.append(Group("enrich", UUID(int=0), tuple(ahead)))
    return made


def _most_often(competencies: Collection[UUID | None]) -> tuple[UUID, ...]:
    named = [one for one in competencies if one is not None]
    return tuple(sorted(set(named), key=lambda one: (-named.count(one), one)))


def tables(learners: Sequence[T], most: int = GROUP_MOST) -> list[Sequence[T]]:
    """A group in parts of nearly equal size that fit at a table.

    >>> [list(part) for part in tables(range(10))]
    [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    """
    parts = -(-len(learners) // most)
    size, more = divmod(len(learners), max(parts, 1))
    found, at = [], 0
    for part in range(parts):
        end = at + size + (part < more)
        found.append(learners[at:end])
        at = end
    return found
