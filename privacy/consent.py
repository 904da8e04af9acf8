"""Whose consent counts for a learner of an age, under which law; pure rules with their sources.

Ages are worked out from the sealed birth date when they are asked for. No date that would tell a
birthday is ever stored.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

Law = Literal["COPPA", "FERPA", "GDPR"]
Giver = Literal["parent", "learner", "school"]
LAWS: Final[tuple[Law, ...]] = ("COPPA", "FERPA", "GDPR")

COPPA_AGE: Final = 13  # 16 CFR 312.2: a child is under 13
ADULT: Final = 18  # 34 CFR 99.5(a)(1): rights pass to the student at 18
GDPR_AGE: Final = 16  # GDPR Art. 8(1), unless the member state says 13 to 15
FERPA_DAYS: Final = 45  # 34 CFR 99.10(b): access within 45 days
GDPR_DAYS: Final = 30  # GDPR Art. 12(3): one month; the shortest that a month can safely be
COPPA_DAYS: Final = 30  # 16 CFR 312.6 says no number; the shorter of the others

METHODS: Final = (
    "signed form",
    "card transaction",
    "video call",
    "government identity document",
    "school system",
)
"""How it is known who gave a consent: 16 CFR 312.5(b)(2), and the school's own system."""


class ConsentError(ValueError):
    """A consent or record that the rules do not allow. Says what is needed, and names nobody."""


@dataclass(frozen=True)
class Given:
    """A consent as far as the rules look at it."""

    law: str
    given_by: str
    given_on: date
    expires_on: date | None = None
    withdrawn_on: date | None = None

    def stands(self, today: date) -> bool:
        """Whether it is neither withdrawn nor run out."""
        ran_out = self.expires_on is not None and self.expires_on < today
        return self.withdrawn_on is None and not ran_out


def age(birth_date: date, today: date) -> int:
    """Whole years.

    >>> age(date(2008, 2, 29), date(2026, 2, 28)), age(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    before = (today.month, today.day) < (birth_date.month, birth_date.day)
    return today.year - birth_date.year - before


def age_group(birth_date: date, today: date) -> str:
    """The range that is stored instead of an age.

    >>> day = date(2026, 11, 25)
    >>> [age_group(date(year, 1, 1), day) for year in (2016, 2013, 2012, 2009, 2000, 1960)]
    ['under 11', '11-13', '14-15', '16-17', '18-34', '55 and over']
    """
    years = age(birth_date, today)
    ends = ((11, "under 11"), (14, "11-13"), (16, "14-15"), (18, "16-17"), (35, "18-34"))
    return next(
        (said for end, said in ends if years < end), "35-54" if years < 55 else "55 and over"
    )


def who_decides(law: Law, birth_date: date | None, today: date) -> Giver:
    """Whose consent counts: unknown ages are a parent's.

    >>> day = date(2026, 11, 25)
    >>> who_decides("COPPA", date(2013, 11, 26), day), who_decides("COPPA", date(2013, 11, 25), day)
    ('parent', 'learner')
    >>> who_decides("FERPA", date(2013, 1, 1), day), who_decides("FERPA", date(2008, 11, 25), day)
    ('parent', 'learner')
    """
    if birth_date is None:
        return "parent"
    years = age(birth_date, today)
    match law:
        case "COPPA":
            return "parent" if years < COPPA_AGE else "learner"
        case "GDPR":
            return "parent" if years < GDPR_AGE else "learner"
        case "FERPA":
            return "parent" if years < ADULT else "learner"


def still_counts(given: Given, birth_date: date | None, today: date) -> bool:
    """Whether a consent stands today: a parent's ends when the rights pass to the learner at 18."""
    if not given.stands(today):
        return False
    grown = birth_date is not None and age(birth_date, today) >= ADULT
    return not (given.given_by == "parent" and grown)


def check_giver(law: Law, giver: str, birth_date: date | None, today: date) -> None:
    """ConsentError when this person's consent or request does not count."""
    if giver == "school":
        return
    grown = birth_date is not None and age(birth_date, today) >= ADULT
    if giver == "parent" and grown:
        raise ConsentError(
            "She is 18: her rights are her own (34 CFR 99.5). Ask her; a parent needs her written "
            "consent, or proof that she is a dependent for taxes (34 CFR 99.31(a)(8))."
        )
    if giver == "learner" and who_decides(law, birth_date, today) == "parent":
        raise ConsentError(
            f"Under {law} a learner of this age can not decide alone: a parent's signature is "
            "needed."
        )


def check_online_collection(birth_date: str | None, consents: Iterable[Given], today: date) -> None:
    """ConsentError for online-collected data of a child under 13 whom no parent has consented for.

    An unknown birth date counts as a child's: who may be twelve is treated as twelve.
    """
    try:
        born = date.fromisoformat(birth_date) if birth_date else None
    except ValueError:
        born = None
    if who_decides("COPPA", born, today) == "learner":
        return
    if any(
        one.law == "COPPA" and one.given_by == "parent" and one.stands(today) for one in consents
    ):
        return
    raise ConsentError(
        "A learner under 13 (or of unknown age) whose data was collected online can not be added "
        "without a parent's verifiable consent (COPPA, 16 CFR 312.5). Needed: who consented, when, "
        f"how it was verified ({', '.join(METHODS[:4])}), and to which version of the notice. Or "
        "add her from the school's roster, without data that she gave online."
    )


def answer_days(law: Law) -> int:
    """Days within which a request must be answered.

    >>> answer_days("FERPA"), answer_days("GDPR"), answer_days("COPPA")
    (45, 30, 30)
    """
    match law:
        case "FERPA":
            return FERPA_DAYS
        case "GDPR":
            return GDPR_DAYS
        case "COPPA":
            return COPPA_DAYS
