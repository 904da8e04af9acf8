"""Lives through a school's year day by day: attendance, sittings, interactions, progress."""

from dataclasses import dataclass

import numpy as np

from db.demo.arrays import Bools, Days, Floats, Ints, logistic, stream
from db.demo.catalogue import courses
from db.demo.roster import ABSENCE, GAP, PER_SCHOOL, SHOCK, SIZES, Roster
from db.demo.skills import Taught

PRESENT, LATE, ABSENT, EXCUSED = range(4)
STATUSES = ("present", "late", "absent", "excused")
TYPES = (
    "content_view", "practice_activity", "knowledge_check", "navigation", "discussion",
    "reflection", "help_request",
)  # fmt: skip
OUTCOMES = ("successful", "partial", "unsuccessful", "abandoned")
HELP = 6
_MIX = np.cumsum((0.42, 0.27, 0.16, 0.06, 0.05, 0.04))
_LESSONS = ((1, 3), (2,), (0,))  # weekdays with a class at the screen, by subject
_SITTING_MINUTES = 11.0
_STRUCK = 0.1  # what is left of activity after a shock


@dataclass(frozen=True)
class Interactions:
    """One entry an interaction, in order of its sitting."""

    sitting: Ints
    at: Days
    section: Ints
    type: Ints
    outcome: Ints
    seconds: Ints


@dataclass(frozen=True)
class Sittings:
    """One entry a sitting; `enrolment` counts over the district."""

    enrolment: Ints
    day: Ints
    starts_at: Days
    seconds: Ints
    interactions: Ints


@dataclass(frozen=True)
class SchoolDays:
    """A school's year: attendance is learners x days, -1 where not yet or no longer there."""

    learners: Ints
    attendance: Ints
    sittings: Sittings
    interactions: Interactions

    def there(self) -> Bools:
        """Learners x days on which the learner was at school."""
        return np.isin(self.attendance, (PRESENT, LATE))


def school_days(people: Roster, taught: list[Taught], school: int) -> SchoolDays:
    """The days of one school, up to the day before today."""
    rng = stream(people.seed, people.scale, "days", school)
    learners = np.arange(school * PER_SCHOOL, (school + 1) * PER_SCHOOL)
    attendance = _attendance(people, learners, rng)
    there = (attendance == PRESENT) | (attendance == LATE)
    enrolments = people.enrolments_of(school)
    row, day = _sat(people, enrolments, there, rng)
    sittings, interactions = _worked(people, taught, enrolments[row], day, rng)
    return SchoolDays(learners, attendance, sittings, interactions)


def _attendance(people: Roster, learners: Ints, rng: np.random.Generator) -> Ints:
    days = people.year.days
    after = days[None, :] >= people.onset[learners, None]
    cause = people.cause[learners, None]
    risk = np.broadcast_to(people.absence[learners, None], after.shape)
    risk = np.where(after & (cause == ABSENCE), 0.34, risk)
    risk = np.where(after & (cause == SHOCK), np.maximum(risk, 0.07), risk)
    draw = rng.random(after.shape)
    status = np.where(draw < risk, ABSENT, PRESENT)
    status = np.where((draw >= risk) & (draw < risk + 0.006), EXCUSED, status)
    status = np.where(draw > 0.978, LATE, status)
    left = people.left[learners, None]
    enrolled = (days[None, :] >= people.joined[learners, None]) & ~(days[None, :] >= left)
    return np.where(enrolled, status, -1)


def _sat(
    people: Roster, enrolments: Ints, there: Bools, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """(row of `enrolments`, day) of every sitting."""
    year = people.year
    learner = people.enrolled[enrolments]
    taught_in = people.enrolled_in[enrolments]
    subject = np.array([course.subject for course in courses()])[people.classes.course[taught_in]]
    engagement = people.engagement[learner]
    lesson = np.zeros((len(enrolments), len(year.days)), bool)
    for number, weekdays in enumerate(_LESSONS):
        for weekday in weekdays:
            shifted = (weekday + taught_in[subject == number] % 2) % 5
            lesson[subject == number] |= year.weekday[None, :] == shifted[:, None]
    present = there[learner - learner.min() // PER_SCHOOL * PER_SCHOOL]
    home = np.clip(0.07 * np.exp(0.5 * engagement), 0.01, 0.3)[:, None]
    likely = np.where(lesson, 0.92 + 0.05 * np.tanh(engagement)[:, None], home) * present
    after = year.days[None, :] >= people.onset[learner, None]
    struck = after & (people.cause[learner, None] == SHOCK)
    likely = np.where(struck, likely * _STRUCK, likely)
    row, day = np.nonzero(rng.random(likely.shape) < likely)
    return row, day


def _worked(
    people: Roster, taught: list[Taught], enrolment: Ints, day: Ints, rng: np.random.Generator
) -> tuple[Sittings, Interactions]:
    learner = people.enrolled[enrolment]
    course = people.classes.course[people.enrolled_in[enrolment]]
    section = _section(people.year.week[day], course, rng)
    skill, slow = _difficulty(people, taught, enrolment, course, section)
    depth = SIZES[people.scale].depth
    eager = depth * np.exp(0.12 * people.engagement[learner]) - 1
    count = 1 + rng.poisson(np.clip(eager, 0.2, 3 * depth))
    of = np.repeat(np.arange(len(count)), count)
    gap = people.cause[learner] == GAP
    asks = np.clip(0.035 * np.exp(-0.4 * skill) * np.where(slow > 1, 4, 1) * (1 + gap), 0.005, 0.4)
    type_ = np.searchsorted(_MIX, rng.random(len(of)) * _MIX[-1], side="right")
    type_ = np.where(rng.random(len(of)) < asks[of], HELP, type_)
    right = rng.random(len(of)) < logistic(skill + 0.9)[of]
    wrong = np.where(rng.random(len(of)) < 0.4, 1, 2)
    given_up = np.where(rng.random(len(of)) < np.where(slow > 1, 0.1, 0.02)[of], 3, 0)
    outcome = np.where((type_ == 1) | (type_ == 2), np.where(right, 0, wrong), given_up)
    minutes = _SITTING_MINUTES / depth * slow[of] * rng.lognormal(-0.125, 0.5, len(of))
    seconds = np.clip(60 * minutes, 5, 1800).astype(np.int64)
    first = np.cumsum(count) - count
    before = np.cumsum(seconds) - seconds
    offset = before - before[first][of]
    total = np.add.reduceat(seconds, first) if len(first) else seconds
    # School hours and the afternoon, so that a day is the same day in the schools' zone and in UTC.
    second = (8 * 3600 + rng.beta(2, 2, len(count)) * 8.5 * 3600).astype(np.int64)
    starts_at = people.year.midnight[day] + second.astype("m8[s]")
    sittings = Sittings(enrolment, day, starts_at, total, count)
    at = starts_at[of] + offset.astype("m8[s]")
    return sittings, Interactions(of, at, section[of], type_, outcome, seconds)


def _section(week: Ints, course: Ints, rng: np.random.Generator) -> Ints:
    """The section worked on: mostly the one being taught, at times the one before."""
    found = np.empty(len(week), np.int64)
    behind = rng.random(len(week)) < 0.18
    for number, each in enumerate(courses()):
        chosen = course == number
        opens = np.array([section.opens_week for section in each.sections])
        now = np.searchsorted(opens, week[chosen], side="right") - 1
        found[chosen] = np.maximum(now - behind[chosen], 0)
    return found


def _difficulty(
    people: Roster, taught: list[Taught], enrolment: Ints, course: Ints, section: Ints
) -> tuple[Floats, Floats]:
    """Skill in the section's competencies, and how much longer it takes than it should."""
    skill, slow = np.zeros(len(enrolment)), np.ones(len(enrolment))
    for number, each in enumerate(taught):
        chosen = course == number
        row = np.searchsorted(each.enrolments, enrolment[chosen])
        skill[chosen] = each.by_section[row, section[chosen]]
        slow[chosen] = np.where(each.poor[section[chosen]], 1.8, 1.0)
    return skill, slow
