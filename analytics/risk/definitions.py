"""Says what the risk model looks at: each feature's definition, direction, and who can change it.

A row of *facts* is what is known of an enrolment at the end of a day (`db.risk.known` reads them);
a row of *features* is what the model reads. Gender, ethnicity, income, region, education, age,
disability and learning style are in neither.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from analytics.risk.kinds import kind_features
from analytics.risk.standing import standing

IDENTITY: Final = ("class_id", "learner_id", "course", "as_of", "day")
FACTS: Final = {
    "due": "pieces of work due by the day, since she joined",
    "due_weight": "their weight (each 1 where no coursework of the class carries weight)",
    "missed": "of those, not handed in",
    "missed_weight": "the weight of those",
    "last_missed": "whether the latest piece due is among them; null when none was due",
    "ahead": "pieces handed in that are not due yet",
    "days_late": "mean days from due to handed in, -10 to 20; null when none was",
    "score": "weighted mean percent of the work whose mark is known; null without",
    "latest_score": "the latest of those percents",
    "clicks": "interactions since the class began",
    "active_days": "days with any since the class began",
    "recent_days": "days with any in the last 14",
    "idle": "days since the last one, or since she joined when there is none",
    "early_clicks": "interactions in the 60 days before the class began",
    "setbacks": "times the course was taken before, and other classes known failed or left",
    "credits": "credits studied at the time; null where credits do not exist",
    "school_days": "school days on the roll among the last 28 recorded",
    "absent_days": "of those, absent or excused",
}
RECENT_DAYS: Final = 14
EARLY_DAYS: Final = 60
LATE_FROM, LATE_TO = -10, 20
IDLE_MOST: Final = 60

_SHARE = (0.0, 0.15, 0.3, 0.5, 0.75, 1.0)
_STANDING = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
_PERCENT = (20.0, 40.0, 55.0, 70.0, 85.0, 100.0)


@dataclass(frozen=True)
class Feature:
    """One term of the additive model: a curve that bends at `knots` and never turns back.

    `rising`: more of it never lowers the risk; otherwise more of it never raises it. `hers`: the
    learner can change it from here on.
    """

    name: str
    title: str
    definition: str
    rising: bool
    knots: tuple[float, ...]
    hers: bool = False


FEATURES: Final = (
    Feature("missed_share", "Work not handed in", "Share, by weight, of the work due so far "
            "that is not handed in.", True, _SHARE, True),
    Feature("last_missed", "Latest work", "1 when the latest piece of work due is not handed in.",
            True, (0.0, 1.0), True),
    Feature("days_late", "Handing in late", "Mean days between due and handed in; negative is "
            "early.", True, (-6.0, -2.0, 0.0, 2.0, 6.0)),
    Feature("ahead", "Work ahead of time", "Pieces handed in that are not due yet.", False,
            (0.0, 1.0, 2.0), True),
    Feature("score_standing", "Marks beside the class", "Share of the class with a lower mean "
            "mark.", False, _STANDING, True),
    Feature("score", "Mean mark", "Weighted mean percent of marked work.", False, _PERCENT, True),
    Feature("latest_score", "Latest mark", "Percent of the work marked last.", False, _PERCENT,
            True),
    Feature("clicks_standing", "Activity so far", "Share of the class with fewer interactions "
            "since the class began.", False, _STANDING),
    Feature("days_standing", "Active days so far", "Share of the class with fewer active days "
            "since the class began.", False, _STANDING),
    Feature("recent_standing", "Active days lately", "Share of the class with fewer active days "
            "in the last two weeks.", False, _STANDING, True),
    Feature("idle", "Days since last active", "Days since the last interaction with the class.",
            True, (0.0, 2.0, 4.5, 10.0, 20.0, 40.0), True),
    Feature("early_standing", "Activity before the start", "Share of the class with fewer "
            "interactions before the class began.", False, _STANDING),
    Feature("setbacks", "Earlier attempts", "Times the course was taken before, and other classes "
            "failed or left.", True, (0.0, 1.0, 2.0)),
    Feature("credits", "Study load", "Credits studied at the same time.", True,
            (60.0, 90.0, 120.0, 180.0)),
    Feature("absent_share", "Days absent", "Share of the last 28 school days absent.", True,
            (0.0, 0.05, 0.1, 0.2, 0.4), True),
)  # fmt: skip
NAMES: Final = tuple(feature.name for feature in FEATURES)
UNMARKED: Final = "unmarked"  # 1 when no mark is known yet: the model's one term of either sign


def feature(name: str) -> Feature:
    """The feature of that name."""
    return FEATURES[NAMES.index(name)]


def features(facts: pd.DataFrame) -> pd.DataFrame:
    """The features of rows of facts, in the same order; those of kinds are the challenger's alone.

    Standings compare the rows of one class on one day: give whole classes.
    """
    group = facts.groupby(["class_id", "as_of"], sort=False).ngroup()
    found = pd.DataFrame(index=facts.index)
    numbers = facts[list(FACTS)].astype(float)
    due = numbers["due_weight"]
    found["missed_share"] = np.where(due > 0, numbers["missed_weight"] / due.clip(lower=1e-9), 0.0)
    found["last_missed"] = numbers["last_missed"]
    found["days_late"] = numbers["days_late"].clip(LATE_FROM, LATE_TO)
    found["ahead"] = numbers["ahead"]
    found["score_standing"] = standing(numbers["score"], group)
    found["score"] = numbers["score"]
    found["latest_score"] = numbers["latest_score"]
    for name, fact in (
        ("clicks_standing", "clicks"),
        ("days_standing", "active_days"),
        ("recent_standing", "recent_days"),
        ("early_standing", "early_clicks"),
    ):
        found[name] = standing(numbers[fact], group)
    found["idle"] = numbers["idle"].clip(0, IDLE_MOST)
    found["setbacks"] = numbers["setbacks"]
    found["credits"] = numbers["credits"]
    found["absent_share"] = numbers["absent_days"] / numbers["school_days"].replace(0, np.nan)
    found[UNMARKED] = numbers["score"].isna().astype(float)
    return pd.concat([found, kind_features(facts, group)], axis=1)
