"""Gives the people of the demo their invented names, birth dates, families and backgrounds."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from uuid import UUID

import numpy as np
import orjson

from db.demo.arrays import Bools, Ints, as_uuid, identifiers, stream
from db.demo.catalogue import read
from db.demo.roster import PER_SCHOOL, Roster
from db.people import PlainPerson

DOMAIN = "lindenbrook.example"  # RFC 2606: belongs to nobody
LANGUAGES = ("en", "es", "vi", "ar", "so", "zh", "hmn", "pt", "uk")
NEEDS = ("captions", "large_print", "screen_reader", "extra_time", "keyboard_only")
PROGRAMMES = ("english_learner", "individual_plan", "section_504", "gifted", "meal_support")
GENDERS = ("female", "male", "non_binary")
ETHNICITIES = ("asian", "black", "hispanic", "multiracial", "native", "pacific", "white")
INCOMES = ("low", "middle", "high")
_ETHNIC_SHARE = (0.12, 0.17, 0.26, 0.08, 0.02, 0.01, 0.34)


@dataclass(frozen=True)
class Background:
    """What is known about a school's learners besides their learning; rows are learners."""

    birth: list[date]
    consent: Ints
    needs: Bools
    programmes: Bools
    gender: Ints
    ethnicity: Ints
    income: Ints
    restricted: Bools
    opted_out: Bools


CONSENT = ("school_official", "parental", "pending")


def background(people: Roster, school: int) -> Background:
    """The learners of one school; ability depends on none of it."""
    rng = stream(people.seed, people.scale, "background", school)
    learners = np.arange(school * PER_SCHOOL, (school + 1) * PER_SCHOOL)
    # A learner of grade 6 is 11 when the year starts, of grade 7 is 12, ...
    oldest = [round(365.25 * (12 + int(grade))) for grade in people.grade[learners]]
    younger = rng.integers(0, 365, PER_SCHOOL)
    birth = [
        people.year.starts_on - timedelta(days=most - int(less))
        for most, less in zip(oldest, younger, strict=True)
    ]
    today = people.year.today
    young = np.array([_age(day, today) < 13 for day in birth])
    consent = np.where(young, np.where(rng.random(PER_SCHOOL) < 0.02, 2, 1), 0)
    draw = rng.random((PER_SCHOOL, len(NEEDS) + len(PROGRAMMES)))
    needs = draw[:, : len(NEEDS)] < (0.02, 0.012, 0.006, 0.05, 0.008)
    programmes = draw[:, len(NEEDS) :] < (0.0, 0.07, 0.05, 0.06, 0.0)
    programmes[:, 0] = (people.home_language[learners] > 0) & (draw[:, len(NEEDS)] < 0.45)
    income = rng.choice(3, PER_SCHOOL, p=(0.38, 0.45, 0.17))
    programmes[:, 4] = (income == 0) & (draw[:, -1] < 0.9)
    return Background(
        birth=birth,
        consent=consent,
        needs=needs,
        programmes=programmes,
        gender=rng.choice(3, PER_SCHOOL, p=(0.49, 0.495, 0.015)),
        ethnicity=rng.choice(len(ETHNICITIES), PER_SCHOOL, p=_ETHNIC_SHARE),
        income=income,
        restricted=rng.random(PER_SCHOOL) < 0.015,
        opted_out=rng.random(PER_SCHOOL) < 0.04,
    )


def plain_people(people: Roster, space: str, school: int, known: Background) -> list[PlainPerson]:
    """The learners of a school with their personal fields, in order."""
    rng = stream(people.seed, people.scale, "names", school)
    learners = np.arange(school * PER_SCHOOL, (school + 1) * PER_SCHOOL)
    ids = identifiers(space, "learner", learners)
    found = []
    for row, (given, family) in enumerate(_full_names(PER_SCHOOL, rng)):
        address = _plain(f"{given}.{family}{learners[row]}")
        found.append(
            PlainPerson(
                learner_id=as_uuid(ids[row]),
                given_name=given,
                family_name=family,
                email=f"{address}@students.{DOMAIN}",
                birth_date=known.birth[row].isoformat(),
                contacts=_contacts(family, rng),
            )
        )
    return found


def staff_names(count: int, seed: int) -> list[str]:
    """Names of staff: of other lists than the learners', so that none is taken for a learner's."""
    rng = stream(seed, "staff names")
    pool = [row for row in read("names") if row["for"] == "staff"]
    given = [name for row in pool for name in row["given"].split()]
    family = [name for row in pool for name in row["family"].split()]
    chosen = rng.choice(len(given) * len(family), count, replace=False)
    return [f"{given[n % len(given)]} {family[n // len(given)]}" for n in chosen]


def _full_names(count: int, rng: np.random.Generator) -> list[tuple[str, str]]:
    """`count` different full names; three of four take both names from one tradition."""
    traditions = _traditions()
    found: dict[tuple[str, str], None] = {}
    while len(found) < count:
        one = int(rng.integers(len(traditions)))
        other = one if rng.random() < 0.75 else int(rng.integers(len(traditions)))
        given, family = traditions[one][0], traditions[other][1]
        found[given[int(rng.integers(len(given)))], family[int(rng.integers(len(family)))]] = None
    return list(found)


@cache
def _traditions() -> list[tuple[list[str], list[str]]]:
    return [
        (row["given"].split(), row["family"].split())
        for row in read("names")
        if row["for"] == "learners"
    ]


def _contacts(family: str, rng: np.random.Generator) -> str:
    """One or two parents as the JSON that is sealed whole; the telephone numbers are unassigned."""
    adults = 1 if rng.random() < 0.22 else 2
    traditions = _traditions()
    found = []
    for place in range(adults):
        names = traditions[int(rng.integers(len(traditions)))][0]
        given = names[int(rng.integers(len(names)))]
        found.append(
            {
                "name": f"{given} {family}",
                "relation": ("mother", "father", "guardian")[int(rng.integers(3))],
                "phone": f"+1 555 01{int(rng.integers(100)):02d}",
                "email": f"{_plain(given)}.{_plain(family)}@family.example",
                "first": place == 0,
            }
        )
    return orjson.dumps(found).decode()


def _plain(text: str) -> str:
    """As a mail address spells it.

    >>> _plain("Đức.Huỳnh")
    'duc.huynh'
    """
    letters = unicodedata.normalize("NFKD", text.lower().replace("đ", "d"))
    return letters.encode("ascii", "ignore").decode()


def _age(birth: date, today: date) -> int:
    """Whole years.

    >>> _age(date(2014, 3, 2), date(2027, 3, 1))
    12
    """
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def age_group(birth: date, today: date) -> str:
    """The range that is stored instead of an age."""
    age = _age(birth, today)
    return "under 11" if age < 11 else "11-13" if age < 14 else "14-15"


def anonymous_ids(space: str, learners: Ints) -> list[UUID]:
    """Identifiers for analytics that do not lead back to the learner's own."""
    return [as_uuid(row) for row in identifiers(space, "anonymous", learners)]
