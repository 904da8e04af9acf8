"""Sums a school's interactions up into each learner's progress through each section."""

from dataclasses import dataclass

import numpy as np

from db.demo.arrays import Bools, Days, Floats, Ints, logistic, stream
from db.demo.catalogue import courses
from db.demo.days import HELP, SchoolDays
from db.demo.roster import Roster
from db.demo.skills import Taught

MOST_SECTIONS = max(len(course.sections) for course in courses())
STATUSES = ("in_progress", "completed", "mastered")


@dataclass(frozen=True)
class Progress:
    """One entry an enrolment and section opened."""

    enrolment: Ints
    section: Ints
    status: Ints
    percent: Floats
    first_at: Days
    last_at: Days
    seconds: Ints
    interactions: Ints
    help_requests: Ints
    comprehension: Floats


def progress(people: Roster, taught: list[Taught], days: SchoolDays, school: int) -> Progress:
    """The progress of one school's learners."""
    rng = stream(people.seed, people.scale, "progress", school)
    made = days.interactions
    enrolment = days.sittings.enrolment[made.sitting]
    place, which = np.unique(enrolment * MOST_SECTIONS + made.section, return_inverse=True)
    who, section = np.divmod(place, MOST_SECTIONS)
    order = np.lexsort((made.at, which))
    starts = np.searchsorted(which[order], np.arange(len(place)))
    ends = np.append(starts[1:], len(order)) - 1
    first_at, last_at = made.at[order[starts]], made.at[order[ends]]
    skill, poor, over = _section_facts(people, taught, who, section)
    finishes = np.where(poor, 0.58, 0.93) + 0.05 * np.tanh(skill)
    completed = over & (rng.random(len(place)) < finishes)
    shown = logistic(1.2 * skill + 1.15) + rng.normal(0, 0.08, len(place))
    comprehension = np.clip(shown, 0.02, 1.0)
    status = np.where(completed, np.where(comprehension > 0.85, 2, 1), 0)
    share = np.clip(100 * rng.beta(3, 2, len(place)), 5, 95)
    return Progress(
        enrolment=who,
        section=section,
        status=status,
        percent=np.where(completed, 100.0, np.round(share)),
        first_at=first_at,
        last_at=last_at,
        seconds=np.bincount(which, made.seconds, len(place)).astype(np.int64),
        interactions=np.bincount(which, minlength=len(place)),
        help_requests=np.bincount(which, made.type == HELP, len(place)).astype(np.int64),
        comprehension=comprehension,
    )


def _section_facts(
    people: Roster, taught: list[Taught], who: Ints, section: Ints
) -> tuple[Floats, Bools, Bools]:
    """Skill, whether the section teaches badly, and whether its time is over."""
    skill, poor, over = np.zeros(len(who)), np.zeros(len(who), bool), np.zeros(len(who), bool)
    course = people.classes.course[people.enrolled_in[who]]
    week = int(people.year.week[-1])
    for number, each in enumerate(taught):
        chosen = course == number
        row = np.searchsorted(each.enrolments, who[chosen])
        skill[chosen] = each.by_section[row, section[chosen]]
        poor[chosen] = each.poor[section[chosen]]
        opens = np.array([part.opens_week for part in each.course.sections])
        following = np.append(opens[1:], 99)
        over[chosen] = following[section[chosen]] <= week
    return skill, poor, over
