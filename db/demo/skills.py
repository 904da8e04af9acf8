"""What learners can do: a skill for each enrolment and competency, built up through prerequisites.

A skill is an ability on the logistic scale of the items. It suffers from weak prerequisites, from
a section that teaches badly, from a learner's own trouble, and in one class from a lesson that
went wrong for a third and more of the learners.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from db.demo.arrays import Bools, Floats, Ints, logistic, stream
from db.demo.catalogue import Course, courses, domain, prerequisites
from db.demo.papers import Papers, papers_of
from db.demo.roster import DOMAINS, GAP, PER_GRADE, SHOCK, Roster
from db.demo.terms import WEEK_NOW

WEAK = -1.0  # below this a competency is really not there, and holds up what builds on it
RETEACH_COURSE, RETEACH_PERIOD, RETEACH_SHARE = 1, 2, 0.5  # Mathematics 7 of the first school


@dataclass(frozen=True)
class Taught:
    """One course with its learners of all schools: rows of `skill` are `enrolments`."""

    papers: Papers
    enrolments: Ints
    skill: Floats
    poor: Bools
    reteach: tuple[int, str] | None

    @property
    def course(self) -> Course:
        return self.papers.course

    def column(self, code: str) -> int:
        """Where a competency stands in `skill`."""
        return self.papers.codes.index(code)

    @cached_property
    def by_section(self) -> Floats:
        """Enrolments x sections: skill in what each teaches, less where it teaches badly."""
        parts = [
            self.skill[:, [self.column(code) for code in section.codes]].mean(axis=1) - 0.8 * poor
            for section, poor in zip(self.course.sections, self.poor, strict=True)
        ]
        return np.stack(parts, axis=1)


def all_taught(people: Roster) -> list[Taught]:
    """Every course with the skills of its learners."""
    return [_taught(people, number) for number in range(len(courses()))]


def poor_sections(course: Course, seed: int) -> Bools:
    """The two sections of a course, taught already, that do not teach well."""
    rng = stream(seed, "sections", course.code)
    able = [
        number
        for number, section in enumerate(course.sections)
        if not section.review and section.opens_week <= WEEK_NOW - 4
    ]
    poor = np.zeros(len(course.sections), bool)
    poor[rng.choice(able, 2, replace=False)] = True
    return poor


def _taught(people: Roster, number: int) -> Taught:
    course = courses()[number]
    papers = papers_of(course, people.seed)
    rng = stream(people.seed, people.scale, "skills", course.code)
    enrolments = np.flatnonzero(people.classes.course[people.enrolled_in] == number)
    learner = people.enrolled[enrolments]
    poor = poor_sections(course, people.seed)
    opens = {code: s.opens_week for s in course.sections if not s.review for code in s.codes}
    badly = {code for s, bad in zip(course.sections, poor, strict=True) if bad for code in s.codes}
    onset = (people.onset[learner] - np.datetime64(people.year.starts_on)).astype(np.int64) // 7
    troubled = (people.cause[learner] == GAP) & (people.gap_subject[learner] == course.subject)
    struck = people.cause[learner] == SHOCK
    class_effect = rng.normal(0, 0.12, len(people.classes))[people.enrolled_in[enrolments]]
    skill = np.empty((len(learner), len(papers.codes)))
    for code in _in_order(papers.codes):
        before = [papers.codes.index(c) for c in prerequisites().get(code, ()) if c in papers.codes]
        value = people.ability[learner, DOMAINS.index(domain(code))] + class_effect
        value = value + rng.normal(0, 0.2, len(learner)) - 0.4 * (code in badly)
        if before:
            value = value - 0.6 * logistic(-3 * (skill[:, before].min(axis=1) - WEAK))
        if code in opens:
            value = value - 2.8 * (troubled & (opens[code] >= onset - 3))
            value = value - 0.8 * (struck & (opens[code] >= onset))
        skill[:, papers.codes.index(code)] = value
    reteach = None
    if number == RETEACH_COURSE:
        reteach = _lesson_gone_wrong(people, papers, enrolments, skill, rng)
    return Taught(papers, enrolments, skill, poor, reteach)


def _in_order(codes: tuple[str, ...]) -> list[str]:
    """Prerequisites first.

    >>> _in_order(("6.RP.A.3", "6.RP.A.2", "6.RP.A.1"))
    ['6.RP.A.1', '6.RP.A.2', '6.RP.A.3']
    """
    found: list[str] = []

    def visit(code: str) -> None:
        if code in codes and code not in found:
            for before in prerequisites().get(code, ()):
                visit(before)
            found.append(code)

    for code in codes:
        visit(code)
    return found


def _lesson_gone_wrong(
    people: Roster, papers: Papers, enrolments: Ints, skill: Floats, rng: np.random.Generator
) -> tuple[int, str]:
    """Lets the share of one class fail the competency quizzed last; returns (class, code)."""
    taught_in = RETEACH_COURSE * PER_GRADE + RETEACH_PERIOD
    due = papers.due(people.year, np.array([taught_in % 2]))[:, 0]
    done = [
        paper
        for paper, day in zip(papers.papers, due, strict=True)
        if paper.kind == "quiz" and day < np.datetime64(people.year.today) - 3
    ]
    code = done[-1].codes[-1]
    members = np.flatnonzero(people.enrolled_in[enrolments] == taught_in)
    failing = rng.choice(members, round(RETEACH_SHARE * len(members)), replace=False)
    skill[failing, papers.codes.index(code)] = rng.normal(-3.6, 0.2, len(failing))
    return taught_in, code
