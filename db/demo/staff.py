"""Hires the demo's staff: teachers by subject and grade, co-teachers, counselors, principals."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from db.demo.arrays import as_uuid, identifiers
from db.demo.catalogue import courses
from db.demo.people import DOMAIN, staff_names
from db.demo.roster import SIZES, Roster
from db.demo.skills import RETEACH_COURSE

DISTRICT = "Lindenbrook Unified School District"
SCHOOLS = (
    "Cedar Hollow", "Millrace", "Harborlight", "Foxglove", "Stonebridge", "Larkspur",
    "Windward", "Juniper Creek", "Old Quarry", "Sunnyfield", "Heronwood", "Copperleaf",
    "Bellflower", "North Ferry", "Goldenrod", "Three Oaks", "Lantern Hill", "Riverbend",
    "Applegate", "Thornfield", "Seven Springs", "Birchwater", "Kestrel Ridge", "Saltmarsh",
    "Meadowlark",
)  # fmt: skip
CO_TEACHES = 4  # classes


@dataclass(frozen=True)
class StaffMember:
    """Somebody employed by the district; `school` is None for the district's office."""

    staff_id: UUID
    display_name: str
    email: str
    role: str
    school: int | None
    leads: tuple[int, ...] = ()
    assists: tuple[int, ...] = ()
    look_first: bool = False

    @property
    def school_name(self) -> str:
        """Where she works, in words."""
        return DISTRICT if self.school is None else school_name(self.school)


def school_name(number: int) -> str:
    """The name of a school.

    >>> school_name(0)
    'Cedar Hollow Middle School'
    """
    return f"{SCHOOLS[number]} Middle School"


def staff(people: Roster, space: str) -> list[StaffMember]:
    """Everybody, lead teachers first, in the order of `Classes.teacher`."""
    total = SIZES[people.scale].staff
    posts = _posts(people, total)
    names = staff_names(total, people.seed)
    ids = identifiers(space, "staff", np.arange(total))
    return [
        StaffMember(
            as_uuid(ids[number]),
            names[number],
            f"{names[number].split()[0][0].lower()}{number}@{DOMAIN}",
            role,
            school,
            leads,
            assists,
            look_first=(school, role) == (0, "teacher") and number == RETEACH_COURSE,
        )
        for number, (role, school, leads, assists) in enumerate(posts)
    ]


_Post = tuple[str, int | None, tuple[int, ...], tuple[int, ...]]


def _posts(people: Roster, total: int) -> list[_Post]:
    """(role, school, classes led, classes assisted), a teacher for each subject and grade first."""
    teacher = people.classes.teacher
    kinds = len(courses())
    posts: list[_Post] = [
        ("teacher", number // kinds, tuple(np.flatnonzero(teacher == number).tolist()), ())
        for number in range(people.schools * kinds)
    ]
    for school in range(people.schools):
        posts += [("counselor", school, (), ())] + [("administrator", school, (), ())] * 2
    posts += [("administrator", None, (), ())] * 3
    posts += [("records", None, (), ()), ("security", None, (), ())]
    posts.append(("teacher", people.schools - 1, (), ()))  # newly hired: has no class yet
    full = np.flatnonzero(people.classes.period < 5)
    for number in range(total - len(posts) - 1):
        school = number % people.schools
        own = full[people.classes.school[full] == school]
        start = number // people.schools * 7  # spread over subjects and grades
        chosen = own[(start + np.arange(CO_TEACHES) * 5) % len(own)]
        posts.append(("teacher", school, (), tuple(chosen.tolist())))
    posts.append(("records", None, (), ()))  # a second clerk, who approves what the first proposes
    return posts
