"""k-anonymous cohorts: learners grouped by what is generally known of them, as finely as k allows.

Full-domain generalisation (Samarati 2001; Sweeney 2002) over a fixed ladder: school and grade;
school; grade; the whole district. A learner stands on the lowest step whose group holds at least
k; what the lower steps leave over goes up, and a remainder of fewer than k joins the nearest
group. Distinct l-diversity (Machanavajjhala et al. 2007) is reported, not enforced: figures about
a cohort say nothing about an attribute of one.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"


@dataclass(frozen=True)
class Cohort:
    """A group: its school and grade, `*` where it has several, and its members' places."""

    school: Hashable
    grade: Hashable
    members: tuple[int, ...]

    @property
    def size(self) -> int:
        return len(self.members)


def cohorts(
    schools: Sequence[Hashable], grades: Sequence[Hashable], *, k: int
) -> tuple[Cohort, ...]:
    """Every learner in exactly one cohort of at least k; none where there are fewer than k in all.

    >>> made = cohorts(["elm"] * 7 + ["oak"] * 4, [6] * 5 + [7] * 2 + [6] * 2 + [7] * 2, k=3)
    >>> [(one.school, one.grade, one.size) for one in made]
    [('elm', 6, 5), ('*', '*', 6)]
    """
    waiting = list(range(len(schools)))
    found: list[Cohort] = []
    if len(waiting) < k:
        return ()
    for by_school, by_grade in ((True, True), (True, False), (False, True), (False, False)):
        groups: dict[tuple[Hashable, Hashable], list[int]] = defaultdict(list)
        for one in waiting:
            groups[schools[one] if by_school else ANY, grades[one] if by_grade else ANY].append(one)
        waiting = []
        for (school, grade), members in groups.items():
            if len(members) >= k:
                found.append(Cohort(school, grade, tuple(members)))
            else:
                waiting += members
    if waiting:
        found = _joined(found, waiting, schools, grades)
    return tuple(found)


def _joined(
    found: list[Cohort],
    left: Sequence[int],
    schools: Sequence[Hashable],
    grades: Sequence[Hashable],
) -> list[Cohort]:
    """The few left over join the smallest cohort, which is generalised to hold them."""
    host = min(range(len(found)), key=lambda n: found[n].size)
    members = (*found[host].members, *left)
    school = {schools[one] for one in members}
    grade = {grades[one] for one in members}
    joined = Cohort(
        school.pop() if len(school) == 1 else ANY, grade.pop() if len(grade) == 1 else ANY, members
    )
    return [*found[:host], joined, *found[host + 1 :]]


def diversity(
    cohort: Cohort, attributes: Mapping[str, Sequence[Hashable | None]]
) -> dict[str, int]:
    """Distinct l-diversity: how many values of each attribute the cohort has (unknown: none).

    >>> diversity(Cohort("elm", 6, (0, 1, 2)), {"income": ["low", "high", None, "middle"]})
    {'income': 2}
    """
    return {
        name: len(Counter(values[one] for one in cohort.members if values[one] is not None))
        for name, values in attributes.items()
    }
