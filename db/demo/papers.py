"""Sets the work of a course: diagnostics, quizzes, unit tests, pieces of homework, and their items.

Items follow the two-parameter logistic model with guessing; a few are planted to be bad.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from db.demo.arrays import Bools, Days, Floats, Ints, stream
from db.demo.catalogue import Course, courses
from db.demo.questions import Question, question
from db.demo.terms import WEEK_NOW, Year

HOMEWORK = {"Mathematics": "Problem set", "English": "Writing task", "Science": "Lab report"}
_FORMATS = {"Mathematics": "short_answer", "English": "essay", "Science": "project"}
_SHARE = {"diagnostic": 0.0, "quiz": 25.0, "test": 55.0, "homework": 20.0}  # percent of the grade


@dataclass(frozen=True)
class Paper:
    """A piece of work that every class of a course is set; `items` names its questions."""

    title: str
    kind: str
    section: int | None
    codes: tuple[str, ...]
    week: int
    weekday: int
    weight: float
    format: str
    items: slice


@dataclass(frozen=True)
class Items:
    """The questions of a course, all papers together; `flaw` is empty for a sound item."""

    code: list[str]
    question: list[Question]
    discrimination: Floats
    difficulty: Floats
    right: Ints
    key: Ints
    popularity: Floats
    flaw: list[str]

    @cached_property
    def wordy(self) -> Bools:
        """Items whose language, not their content, is hard."""
        return np.array([flaw == "language" for flaw in self.flaw])


@dataclass(frozen=True)
class Papers:
    """Everything set in one course over the year."""

    course: Course
    papers: tuple[Paper, ...]
    items: Items
    codes: tuple[str, ...]

    def due(self, year: Year, shift: Ints) -> Days:
        """Papers x classes: the school day on which each is due; `shift` moves a class's days."""
        start = np.datetime64(year.starts_on)
        at = np.array([7 * paper.week + paper.weekday for paper in self.papers])
        home = np.array([paper.kind == "homework" for paper in self.papers])
        wanted = at[:, None] + np.where(home[:, None], 0, shift[None, :])
        position = year.position(start + wanted.astype("m8[D]"))
        return year.all_days[np.minimum(position, len(year.all_days) - 1)]


def papers_of(course: Course, seed: int) -> Papers:
    """The work of a course, the same for every school of the district."""
    rng = stream(seed, "papers", course.code)
    drafts = [*_diagnostic(course), *_lessons(course)]
    counts = {kind: sum(draft[1] == kind for draft in drafts) for kind in _SHARE}
    papers: list[Paper] = []
    codes: list[str] = []
    for title, kind, section, tested, week, weekday, each in drafts:
        start = len(codes)
        codes += [code for code in tested for _ in range(each)]
        papers.append(
            Paper(
                title=title,
                kind=kind,
                section=section,
                codes=tested,
                week=week,
                weekday=weekday,
                weight=round(_SHARE[kind] / counts[kind], 2),
                format="multiple_choice" if each else _FORMATS[_subject(course)],
                items=slice(start, len(codes)),
            )
        )
    tested_codes = tuple(dict.fromkeys([*course.codes, *codes]))
    return Papers(course, tuple(papers), _items(course, papers, codes, rng), tested_codes)


def _subject(course: Course) -> str:
    return course.title.rsplit(" ", 1)[0]


_Draft = tuple[str, str, int | None, tuple[str, ...], int, int, int]


def _diagnostic(course: Course) -> list[_Draft]:
    """At the start of the year: what the last year should have left."""
    before = {
        6: ("5.NBT.B.7", "5.NF.A.1", "5.NF.B.4"),
        7: ("6.RP.A.3", "6.NS.C.6", "6.EE.A.3"),
        8: ("7.RP.A.2", "7.NS.A.3", "7.EE.A.1"),
    }
    if course.subject != 0:
        return []
    return [("What do you remember?", "diagnostic", None, before[course.grade], 0, 2, 4)]


def _lessons(course: Course) -> list[_Draft]:
    """A quiz for every two lessons, a test a unit, a piece of homework every other lesson."""
    found: list[_Draft] = []
    pending: list[str] = []
    quizzes = homework = 0
    slow = 1 if course.subject else 0  # English and science stay longer with a section
    for number, section in enumerate(course.sections):
        unit = course.units[section.unit]
        if section.review:
            title = f"Unit test: {unit.title}"
            found.append((title, "test", number, section.codes, section.opens_week + slow, 3, 2))
            continue
        pending += section.codes
        if len(pending) == 2 or section.position == len(unit.codes):
            quizzes += 1
            week = section.opens_week + slow
            found.append((f"Quiz {quizzes}", "quiz", number, tuple(pending), week, 2, 4))
            pending = []
        if number % 2 == 0 or course.subject:
            homework += 1
            title = f"{HOMEWORK[_subject(course)]} {homework}"
            week = section.opens_week + 1
            found.append((title, "homework", number, section.codes, week, 0, 0))
    return found


def _items(
    course: Course, papers: list[Paper], codes: list[str], rng: np.random.Generator
) -> Items:
    total = len(codes)
    discrimination = np.clip(rng.lognormal(0.25, 0.25, total), 0.7, 2.2)
    difficulty = rng.normal(-0.66, 0.4, total)
    right = rng.integers(0, 4, total)
    key = right.copy()
    popularity = np.sort(rng.dirichlet((3.0, 2.0, 1.0), total), axis=1)[:, ::-1]
    flaw = [""] * total
    asked = [
        number
        for paper in papers
        if paper.kind in ("quiz", "test") and paper.week <= WEEK_NOW - 3
        for number in range(paper.items.start, paper.items.stop)
    ]
    order = [int(number) for number in rng.permutation(asked)]
    planted = ["wrong key"] * (course.subject == 0) + ["negative"] + ["flat"] * (len(asked) // 25)
    planted += ["language"] * (course is courses()[1])
    for flawed, number in zip(planted, order, strict=False):
        flaw[number] = flawed
        match flawed:
            case "flat":
                discrimination[number], difficulty[number] = 0.05, 0.0
            case "negative":
                discrimination[number], difficulty[number] = -0.7, 0.2
            case "wrong key":
                discrimination[number], difficulty[number] = 1.6, -0.6
                key[number] = (right[number] + 1) % 4
    questions = [
        question(
            code, 1 + number - next(p.items.start for p in papers if number < p.items.stop), rng
        )
        for number, code in enumerate(codes)
    ]
    return Items(codes, questions, discrimination, difficulty, right, key, popularity, flaw)
