"""Plants plans with known effects: some learners are helped, some are not, and chance decides who.

A stream of its own draws all of it, so that nothing else in the district changes. Help shows as
practice on Saturdays, when nobody else practises: what was added is the effect, exactly.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from db.demo.arrays import Bools, Ints, stream
from db.demo.roster import PER_SCHOOL, Roster
from db.demo.terms import BREAKS, WEEK_NOW

WEEKS_AGO: Final = 8  # all plans began that many weeks ago, on a Monday
KINDS: Final = (  # (type, learners a school, chance of practice on a Saturday)
    ("check-in", 24, 0.85),
    ("mentoring", 18, 0.0),
    ("family meeting", 1, 0.0),
)


@dataclass(frozen=True)
class Planted:
    """The plans of a school: a learner each, her kind of plan, and her Saturdays of practice."""

    learners: Ints
    kind: Ints
    practised: Bools  # plans x WEEKS_AGO

    def effect(self, kind: int) -> float:
        """Days of activity a week that plans of a kind have added, over the weeks of school."""
        weeks = [WEEK_NOW - WEEKS_AGO + week not in BREAKS for week in range(WEEKS_AGO)]
        return float(self.practised[self.kind == kind][:, weeks].mean())


def planted(people: Roster, school: int) -> Planted:
    """Draws learners without trouble of their own who are there all along."""
    rng = stream(people.seed, people.scale, "helping", school)
    mine = np.arange(school * PER_SCHOOL, (school + 1) * PER_SCHOOL)
    there = np.isnat(people.left[mine]) & (people.cause[mine] == 0)
    early = people.joined[mine] <= np.datetime64(people.year.starts_on + timedelta(weeks=2))
    taught = np.isin(mine, people.enrolled)
    chosen = rng.permutation(mine[there & early & taught])
    kind = np.repeat(np.arange(len(KINDS)), [count for _, count, _ in KINDS])[: len(chosen)]
    chance = np.array([share for _, _, share in KINDS])[kind]
    practised = rng.random((len(kind), WEEKS_AGO)) < chance[:, None]
    for week in range(WEEKS_AGO):
        if WEEK_NOW - WEEKS_AGO + week in BREAKS:
            practised[:, week] = False
    return Planted(chosen[: len(kind)], kind, practised)


def began(today: date) -> date:
    """The Monday on which the plans began.

    >>> began(date(2026, 11, 25))
    datetime.date(2026, 9, 28)
    """
    return today - timedelta(days=today.weekday(), weeks=WEEKS_AGO)
