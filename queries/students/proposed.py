"""The next step that was proposed to a learner, in words, and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, select

from analytics.mastery import STRUGGLING_LINE
from analytics.recommending import PRACTICE_BAND, REST_DAYS
from db.tables import Competency, Recommendation, Section
from privacy import Viewer
from queries.rows import AnyRow

_BAND: Final = tuple(round(100 * edge) for edge in PRACTICE_BAND)
LABELS: Final = {
    "practise": "Practise",
    "reteach": "Go through together",
    "enrich": "Ready for more",
}


@dataclass(frozen=True)
class Proposed:
    """A standing proposal: one sentence, and the sentences that say why."""

    class_id: UUID | None
    kind: str
    step: str
    why: tuple[str, ...]


def proposals(
    db: Connection, viewer: Viewer, learners: Collection[UUID]
) -> dict[UUID, tuple[Proposed, ...]]:
    """What stands proposed to each of these learners, the latest first; one a class."""
    if not learners:
        return {}
    rows = db.execute(
        select(
            Recommendation.learner_id,
            Recommendation.class_id,
            Recommendation.kind,
            Recommendation.reasons,
            Recommendation.made_on,
            Competency.code,
            Competency.title,
            Section.title.label("section"),
            Section.estimated_minutes.label("minutes"),
        )
        .join(Competency, Competency.competency_id == Recommendation.competency_id)
        .outerjoin(Section, Section.section_id == Recommendation.section_id)
        .where(
            Recommendation.district_id == viewer.district_id,
            Recommendation.learner_id.in_(list(learners)),
            Recommendation.made_on > viewer.today - timedelta(days=REST_DAYS),
            Recommendation.made_on <= viewer.today,
            Recommendation.followed_on.is_(None),
        )
        .order_by(Recommendation.made_on.desc(), Competency.code)
    ).all()
    codes = _codes(db, rows)
    found: dict[UUID, dict[UUID | None, Proposed]] = {}
    for row in rows:
        if isinstance(row.reasons, dict):
            mine = found.setdefault(row.learner_id, {})
            mine.setdefault(row.class_id, _in_words(row, codes))
    return {learner: tuple(mine.values()) for learner, mine in found.items()}


def _codes(db: Connection, rows: Collection[AnyRow]) -> dict[str, str]:
    """Codes of the competencies that something else comes before."""
    named = {
        UUID(row.reasons["holds_up"])
        for row in rows
        if isinstance(row.reasons, dict) and row.reasons.get("holds_up")
    }
    if not named:
        return {}
    found = db.execute(
        select(Competency.competency_id, Competency.code).where(Competency.competency_id.in_(named))
    )
    return {str(identifier): code for identifier, code in found}


def _in_words(row: AnyRow, codes: Mapping[str, str]) -> Proposed:
    reasons: Mapping[str, Any] = row.reasons
    what = f"{row.code} ({row.title})"
    using = section_words(row.section, row.minutes)
    later = codes.get(reasons.get("holds_up") or "")
    first = f" {later} builds on it." if later else ""
    match row.kind:
        case "reteach":
            step = f"Go through {what} together{using}, then ask a few new questions.{first}"
        case "enrich":
            step = f"Ready for more: begin {what}{using}."
        case _:
            step = f"Practise {what}{using}.{first}"
    return Proposed(row.class_id, row.kind, step, (*why(row.kind, reasons, later), _made(row)))


def section_words(title: str | None, minutes: float | None) -> str:
    """
    >>> section_words("Unit rates", 25.0), section_words(None, None)
    (' with “Unit rates” (about 25 minutes)', '')
    """
    if not title:
        return ""
    return f" with “{title}”" + (f" (about {minutes:.0f} minutes)" if minutes else "")


def why(kind: str, reasons: Mapping[str, Any], later: str | None) -> tuple[str, ...]:
    """The figures behind a proposal, a sentence each."""
    said = []
    if kind == "enrich":
        said.append("Everything taught in the last six weeks is mastered, and what comes next too.")
    elif reasons.get("next_right") is not None:
        answers = reasons["answers"]
        said.append(
            f"About {100 * reasons['next_right']:.0f} in 100 right are expected on it, after "
            f"{answers} answer{'' if answers == 1 else 's'}: {reasons['label']}."
        )
    if later:
        said.append(
            f"{later} is taught now and builds on it; without it, practising {later} helps little."
        )
    match kind:
        case "practise":
            said.append(
                f"Between {_BAND[0]} and {_BAND[1]} in 100 right, practice is at the right level: "
                "neither guessing nor already known."
            )
        case "reteach":
            said.append(f"Below {_BAND[0]} in 100 right, practising alone would be guessing.")
        case _:
            pass
    said.append(worked_words(reasons.get("worked")))
    if reasons.get("unmet"):
        needs = " and ".join(need.replace("_", " ") for need in reasons["unmet"])
        said.append(f"Nobody has noted that the section is adapted for {needs}: look before.")
    return tuple(said)


def worked_words(worked: Mapping[str, Any] | None) -> str:
    """How a section worked for others, or that nobody knows.

    >>> worked_words({"learners": 120, "share": 0.7, "gained": False})
    'In other teachers’ classes 120 learners or more got about 70 % of the check after it right.'
    >>> worked_words(None)
    'How the section works for others is not known yet: too few were checked after it.'
    """
    if not worked:
        return "How the section works for others is not known yet: too few were checked after it."
    more = " They surely gained by it, where they began considered." if worked["gained"] else ""
    return (
        f"In other teachers’ classes {worked['learners']} learners or more got about "
        f"{100 * worked['share']:.0f} % of the check after it right.{more}"
    )


def _made(row: AnyRow) -> str:
    day = f"{row.made_on.day} {row.made_on:%B}"
    return f"Proposed on {day}; it stands for a week, and nothing is proposed twice in one."


DEFINITIONS: Final = (
    "“Expected right” is the chance that the next answer is right, by this learner's answers, how "
    "hard the questions were, what the competency builds on, and how long ago it was practised.",
    f"“Struggling” is said when she surely (95 %) gets fewer than {100 * STRUGGLING_LINE:.0f} in "
    "100 right.",
)
