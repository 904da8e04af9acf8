"""The groups a metric may be told by: which rows of the week, and which keys of a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from db.refresh.releases import MOST

OTHER: Final = "other"  # what a row says that is in no public list
NOT_RECORDED: Final = "not recorded"

# Public vocabularies of the equity tables; whatever else a source says is counted as OTHER.
TRAITS: Final[Mapping[str, tuple[str, ...]]] = {
    "accommodation": ("yes", "no"),
    "language": ("English", "another language", NOT_RECORDED),
    "programme": (
        "none", "english_learner", "individual_plan", "section_504", "gifted", "meal_support",
        "several", OTHER,
    ),
    "age_group": (
        "under 11", "11-13", "14-15", "16-17", "18-34", "35-54", "55 and over", "unknown",
    ),
    "gender": ("female", "male", "non_binary", OTHER, NOT_RECORDED),
    "ethnicity": (
        "asian", "black", "hispanic", "multiracial", "native", "pacific", "white", OTHER,
        NOT_RECORDED,
    ),
    "income_band": (
        "low", "middle", "high", "0-10%", "10-20%", "20-30%", "30-40%", "40-50%", "50-60%",
        "60-70%", "70-80%", "80-90%", "90-100%", OTHER, NOT_RECORDED,
    ),
    "disability": ("yes", "no", OTHER, NOT_RECORDED),
    "prior_education": (
        "No Formal quals", "Lower Than A Level", "A Level or Equivalent", "HE Qualification",
        "Post Graduate Qualification", OTHER, NOT_RECORDED,
    ),
}  # fmt: skip
EQUITY: Final = tuple(TRAITS)


@dataclass(frozen=True)
class Grain:
    """One way to group learners.

    `slice` names the rows: `all` has one a learner, `course` one a learner and course, and so on;
    `keys` are `school`, `grade`, `slice` (the course, subject, level or term itself) or a trait.
    `most` bounds in how many groups one learner counts: her influence on the whole answer.
    """

    name: str
    words: str
    slice: str
    keys: tuple[str, ...]

    @property
    def most(self) -> int:
        """Groups of this grain that one learner can be in."""
        return MOST[self.slice]


GRAINS: Final[Mapping[str, Grain]] = {
    grain.name: grain
    for grain in (
        Grain("district", "the whole district", "all", ()),
        Grain("school", "school", "all", ("school",)),
        Grain("grade", "grade", "all", ("grade",)),
        Grain("school_grade", "school and grade", "all", ("school", "grade")),
        Grain("course", "course", "course", ("slice",)),
        Grain("school_course", "school and course", "course", ("school", "slice")),
        Grain("subject", "subject", "subject", ("slice",)),
        Grain("school_subject", "school and subject", "subject", ("school", "slice")),
        Grain("bloom", "Bloom's level", "bloom", ("slice",)),
        Grain("term", "term", "term", ("slice",)),
        Grain("accommodation", "with or without an accommodation", "all", ("accommodation",)),
        Grain("language", "language at home", "all", ("language",)),
        Grain("programme", "programme", "all", ("programme",)),
        Grain("age_group", "age group", "all", ("age_group",)),
        Grain("gender", "gender", "all", ("gender",)),
        Grain("ethnicity", "ethnicity", "all", ("ethnicity",)),
        Grain("income_band", "income band", "all", ("income_band",)),
        Grain("disability", "disability", "all", ("disability",)),
        Grain("prior_education", "education before", "all", ("prior_education",)),
    )
}
