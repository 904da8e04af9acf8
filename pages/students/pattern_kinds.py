"""How each dimension of a cohort's pattern is called, what its bars say, and what it means."""

from dataclasses import dataclass
from typing import Final

OFTEN: Final = ("more often", "less often")
WELL: Final = ("better", "worse")


@dataclass(frozen=True)
class Kind:
    """How one dimension is called, what its bands are shares of, and its definition.

    `outcome` names what stands behind a bar; `says` and `how` make its sentence.
    """

    dimension: str
    title: str
    of: str
    definition: str
    outcome: str = ""
    says: str = ""
    how: tuple[str, str] = WELL


KINDS: Final = (
    Kind(
        "time_of_day",
        "Time of day",
        "learning time",
        "Time at the screen in the last eight weeks by the hour a sitting began, where the schools "
        "are. Right: share of answers given in those hours that are right.",
        outcome="right",
        says="answers are right",
        how=OFTEN,
    ),
    Kind(
        "session_length",
        "Length of a sitting",
        "sittings",
        "Sittings of the last eight weeks by active time. Succeed: share of practice and checks in "
        "them that succeed.",
        outcome="succeed",
        says="practice succeeds",
        how=OFTEN,
    ),
    Kind(
        "pace",
        "Pace",
        "completed sections",
        "Time taken for a completed section beside its plan. Understood: mean share in its checks.",
        outcome="understood",
        says="sections are understood",
    ),
    Kind(
        "content_format",
        "Kind of content",
        "learning time",
        "Time in sections of each kind. Understood: mean share in their checks. Which kind a "
        "section has is decided by its matter, so this compares matters too.",
        outcome="understood",
        says="sections are understood",
    ),
    Kind(
        "feedback_delay",
        "Wait for a mark",
        "pieces of work",
        "Time from handing in to the mark. Compared is the next piece of the same kind, beside the "
        "others who did it.",
        says="the next piece of work goes",
    ),
    Kind(
        "engagement",
        "Engagement",
        "learners",
        "For each learner the mean of three shares: days active in the last four weeks (twelve "
        "count fully), work handed in of work due, sections completed of sections opened. Low is "
        "below one half, high from three quarters.",
    ),
)
VELOCITY: Final = (
    "Sections whose day of completion lies in a week, of all sections of the course; the mean over "
    "a learner's courses, then over the cohort. A section that is opened again or half done is not "
    "progress."
)
