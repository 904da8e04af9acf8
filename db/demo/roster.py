"""Fills the demo's schools: classes, teachers, learners, and what no teacher can see about them.

Every learner has an ability by domain, a degree of engagement and a habit of attendance. One in
ten really struggles, from a day on and for one cause; the causes are dealt out evenly over the
grades, so that every teacher has some of each.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from db.demo.arrays import Bools, Days, Floats, Ints, stream
from db.demo.catalogue import GRADES, SUBJECTS, competencies, courses
from db.demo.terms import Year

Scale = Literal["small", "district"]
Cause = Literal["", "shock", "absence", "gap", "unsubmitted work"]
CAUSES: tuple[Cause, ...] = ("", "shock", "absence", "gap", "unsubmitted work")
SHOCK, ABSENCE, GAP, WORK = 1, 2, 3, 4
PER_SCHOOL = 400
PER_GRADE = 5  # classes a subject and grade: about 27 learners each, 133 a teacher
_DEALT = {SHOCK: 4, ABSENCE: 3, GAP: 4, WORK: 3}  # of about 133 learners of a grade: 10.5 %
_BEGAN = {SHOCK: (16, 26), ABSENCE: (26, 34), GAP: (42, 49), WORK: (33, 45)}  # days ago
DOMAINS = tuple(sorted({competency.domain for competency in competencies().values()}))


@dataclass(frozen=True)
class Size:
    """How large a demo is; `depth` is the mean number of interactions a sitting."""

    schools: int
    staff: int
    depth: float


SIZES: dict[Scale, Size] = {"small": Size(3, 60, 2.3), "district": Size(25, 400, 4.9)}


@dataclass(frozen=True)
class Classes:
    """One entry a class; the last two are a class of one learner and a class of none."""

    school: Ints
    course: Ints
    period: Ints
    teacher: Ints

    def __len__(self) -> int:
        return len(self.school)


@dataclass(frozen=True)
class Roster:
    """The district's people as arrays: learners by number, enrolments by number."""

    scale: Scale
    seed: int
    year: Year
    schools: int
    classes: Classes
    school: Ints
    grade: Ints
    ability: Floats
    engagement: Floats
    absence: Floats
    cause: Ints
    onset: Days
    gap_subject: Ints
    home_language: Ints
    joined: Days
    left: Days
    enrolled: Ints
    enrolled_in: Ints

    def enrolments_of(self, school: int) -> Ints:
        """Numbers of the school's enrolments."""
        return np.flatnonzero(self.school[self.enrolled] == school)


def roster(scale: Scale, seed: int, year: Year) -> Roster:
    """The people of a district; the same for the same arguments."""
    size = SIZES[scale]
    rng = stream(seed, scale, "roster")
    total = size.schools * PER_SCHOOL
    school = np.repeat(np.arange(size.schools), PER_SCHOOL)
    grade = np.tile(np.sort(np.arange(PER_SCHOOL) % len(GRADES)), size.schools)
    general = rng.normal(0, 0.5, total)
    ability = general[:, None] + rng.normal(0, 0.25, (total, len(DOMAINS)))
    engagement = 0.7 * general + rng.normal(0, 0.9, total)
    absence = np.clip(0.019 * rng.lognormal(0, 0.4, total), 0.004, 0.05)
    cause = _causes(school, grade, rng)
    gap_subject = np.zeros(total, np.int64)
    gaps = np.flatnonzero(cause == GAP)
    gap_subject[gaps] = np.tile([0, 1, 0, 2], len(gaps) // 4 + 1)[: len(gaps)]
    ago = np.zeros(total, np.int64)
    for number, (least, most) in _BEGAN.items():
        ago[cause == number] = rng.integers(least, most + 1, int((cause == number).sum()))
    takes = np.ones((total, len(SUBJECTS)), bool)
    takes[:, 2] = (rng.random(total) > 0.08) | (cause == GAP)
    classes, enrolled, enrolled_in = _enrol(size.schools, school, grade, takes, general, rng)
    joined, left = _moves(cause, total, year, rng)
    language = np.where(rng.random(total) < 0.24, rng.integers(1, 9, total), 0)
    return Roster(
        scale=scale,
        seed=seed,
        year=year,
        schools=size.schools,
        classes=classes,
        school=school,
        grade=grade,
        ability=ability,
        engagement=engagement,
        absence=absence,
        cause=cause,
        onset=np.datetime64(year.today) - ago.astype("m8[D]"),
        gap_subject=gap_subject,
        home_language=language,
        joined=joined,
        left=left,
        enrolled=enrolled,
        enrolled_in=enrolled_in,
    )


def _causes(school: Ints, grade: Ints, rng: np.random.Generator) -> Ints:
    cause = np.zeros(len(school), np.int64)
    dealt = np.repeat(list(_DEALT), list(_DEALT.values()))
    for group in np.unique(school * 10 + grade):
        members = np.flatnonzero(school * 10 + grade == group)
        cause[rng.choice(members, len(dealt), replace=False)] = dealt
    return cause


def _moves(cause: Ints, total: int, year: Year, rng: np.random.Generator) -> tuple[Days, Days]:
    """The day each learner joined, and the day she left (NaT for nearly all)."""
    joined = np.full(total, np.datetime64(year.starts_on))
    left = np.full(total, np.datetime64("NaT"), "M8[D]")
    moving = rng.permutation(np.flatnonzero(cause == 0))[: total * 4 // 100]
    late, leaving = np.array_split(moving, 2)
    joined[late] += rng.integers(20, 90, len(late)).astype("m8[D]")
    left[leaving] = joined[leaving] + rng.integers(40, 160, len(leaving)).astype("m8[D]")
    left[~year.past(left)] = np.datetime64("NaT")
    return joined, left


def _enrol(
    schools: int,
    school: Ints,
    grade: Ints,
    takes: Bools,
    general: Floats,
    rng: np.random.Generator,
) -> tuple[Classes, Ints, Ints]:
    kinds = len(courses())
    places = np.arange(schools * kinds * PER_GRADE)
    of_school, rest = np.divmod(places, kinds * PER_GRADE)
    course, period = np.divmod(rest, PER_GRADE)
    learners, taught_in = [], []
    for subject in range(len(SUBJECTS)):
        for group in range(schools * len(GRADES)):
            at, level = divmod(group, len(GRADES))
            members = np.flatnonzero((school == at) & (grade == level) & takes[:, subject])
            number = subject * len(GRADES) + level
            first = (at * kinds + number) * PER_GRADE
            learners.append(rng.permutation(members))
            taught_in.append(first + np.arange(len(members)) % PER_GRADE)
    enrolled, enrolled_in = np.concatenate(learners), np.concatenate(taught_in)
    ahead = int(np.argmax(np.where((school == 0) & (grade == 1), general, -9)))
    own = np.flatnonzero((enrolled == ahead) & (enrolled_in < kinds * PER_GRADE // 3))
    enrolled_in[own] = len(places)
    # Grade 8 mathematics for the best of grade 7, alone; and a grade 6 class of nobody.
    course = np.append(course, [2, 0])
    of_school = np.append(of_school, [0, 0])
    period = np.append(period, [PER_GRADE, PER_GRADE])
    return Classes(of_school, course, period, of_school * kinds + course), enrolled, enrolled_in
