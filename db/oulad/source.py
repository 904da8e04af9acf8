"""OULAD as checked values: what the seven files say, ready to be written."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

VERSION = "1"  # of this loader: raise it when the same files would be written differently


@dataclass(frozen=True, slots=True)
class Presentation:
    """One course taught in one term; becomes a class."""

    course: str
    code: str
    starts_on: date
    ends_on: date

    @property
    def key(self) -> str:
        return f"{self.course}/{self.code}"

    @property
    def title(self) -> str:
        return f"{self.course} {self.code}"

    def day(self, number: int) -> date:
        """The date of OULAD's day `number`; day 0 is the presentation's first."""
        return self.starts_on + timedelta(days=number)


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of a presentation."""

    number: int  # id_assessment
    presentation: str
    kind: str
    title: str
    weight: float
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Site:
    """One page, forum, quiz ... of a presentation's virtual learning environment."""

    number: int  # id_site
    presentation: str
    activity: str
    week: int | None


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of a learner herself, as of her latest presentation."""

    student: int
    age_group: str
    protected: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Enrollment:
    """One learner in one presentation."""

    presentation: str
    student: int
    enrolled_on: date
    left_on: date | None
    status: str
    prior_attempts: int
    studied_credits: int
    result: str | None


@dataclass(frozen=True, slots=True)
class Result:
    """One assessment handed in by one learner."""

    assessment: int
    student: int
    submitted_on: date
    banked: bool
    score: float | None


@dataclass(frozen=True)
class Clicks:
    """Clicks by learner, site and day, sorted in that order, each combination once."""

    enrollment: npt.NDArray[np.int32]  # position in Source.enrollments
    site: npt.NDArray[np.int32]  # position in Source.sites
    day: npt.NDArray[np.int32]
    clicks: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.clicks)

    def between(self, first: int, last: int) -> "Clicks":
        """The clicks of the enrolments at positions `first` up to, not including, `last`, with
        positions counted from `first`.
        """
        cut = slice(*np.searchsorted(self.enrollment, [first, last]))
        return Clicks(self.enrollment[cut] - first, self.site[cut], self.day[cut], self.clicks[cut])


@dataclass(frozen=True)
class ClassContent:
    """One presentation and what learners did in it; clicks name enrolments by position here."""

    presentation: Presentation
    assessments: list[Assessment]
    enrollments: list[Enrollment]
    results: list[Result]
    clicks: Clicks


@dataclass(frozen=True)
class Source:
    """The dataset, cut to the courses asked for. Enrolments are sorted by presentation."""

    presentations: list[Presentation]
    assessments: list[Assessment]
    sites: list[Site]
    people: dict[int, Person]
    enrollments: list[Enrollment]
    results: list[Result]
    clicks: Clicks
    term_ends: dict[str, date]  # over all courses of the files, asked for or not

    @property
    def courses(self) -> list[str]:
        """Codes of the courses, each once."""
        return sorted({one.course for one in self.presentations})

    def classes(self) -> Iterator[ClassContent]:
        """The presentations one by one, with what belongs to each."""
        of_assessment = {one.number: one.presentation for one in self.assessments}
        results: dict[str, list[Result]] = {one.key: [] for one in self.presentations}
        for result in self.results:
            results[of_assessment[result.assessment]].append(result)
        keys = np.array([one.presentation for one in self.enrollments], dtype=str)
        for presentation in self.presentations:
            key = presentation.key
            first, last = (int(np.searchsorted(keys, key, side)) for side in ("left", "right"))
            yield ClassContent(
                presentation,
                [one for one in self.assessments if one.presentation == key],
                self.enrollments[first:last],
                results[key],
                self.clicks.between(first, last),
            )

    def fingerprint(self, content: ClassContent) -> str:
        """sha256 of what the files say about one class, whatever else they hold."""
        found = hashlib.sha256(VERSION.encode())
        for part in (
            content.presentation,
            content.assessments,
            content.enrollments,
            content.results,
        ):
            found.update(repr(part).encode())
        students = np.array([one.student for one in content.enrollments], dtype=np.int32)
        sites = np.array([one.number for one in self.sites], dtype=np.int32)
        clicks = content.clicks
        for column in (
            students[clicks.enrollment],
            sites[clicks.site],
            clicks.day,
            clicks.clicks,
        ):
            found.update(column.tobytes())
        return found.hexdigest()
