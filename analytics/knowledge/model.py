"""The knowledge model's numbers, frozen, and how they are kept as JSON.

A logistic model whose terms can be read out: how easy the item is, the learner's ability and form
overall and on the skill, and how much of each she has shown (the family of PFA and Best-LR:
Pavlik, Cen & Koedinger 2009; Gervet, Koedinger, Schneider & Mitchell 2020).
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

from analytics.knowledge.answers import Skills
from analytics.knowledge.ease import USUAL_EASE
from analytics.knowledge.features import FEATURES
from analytics.knowledge.logistic import STRAIGHT, Bend
from analytics.knowledge.traces import Start, Trace, no_start, skill_at

VERSION: Final = 1
BORROWED: Final = 0.5  # of her mean standing on its prerequisites, with which a new skill starts


@dataclass(frozen=True)
class Model:
    """Everything fitted. Ease is in log-odds and `weights` go with FEATURES.

    `usual_context` is what `again` and `run` are on average. `bend` calibrates the forecast of an
    item's answer, `usual_bend` that of a skill's usual question. Of a learner's share of right
    answers the forecast counts as `prior_answers` answers and each answer on the skill as
    `answer_worth`. "Mastered" is said from a probability of `sure`. `answers` and `learners` say
    what the model was fitted on.
    """

    base: float
    ease_weight: float
    weights: tuple[float, ...]
    usual_context: tuple[float, float]
    prior_answers: float
    answer_worth: float
    sure: float
    usual_ease: float
    bend: Bend = STRAIGHT
    usual_bend: Bend = STRAIGHT
    items: Mapping[str, float] = field(default_factory=dict)
    sets: Mapping[Skills, float] = field(default_factory=dict)
    skills: Mapping[str, float] = field(default_factory=dict)
    prerequisites: Mapping[str, Skills] = field(default_factory=dict)
    answers: int = 0
    learners: int = 0

    def ease(self, item: str, asked: Skills) -> float:
        """How easy an item is; one never seen is as easy as others of its skills."""
        found = self.items.get(item)
        return self.sets.get(asked, self.usual_ease) if found is None else found

    def skill_ease(self, skill: str) -> float:
        """How easy a skill's questions usually are."""
        return self.skills.get(skill, self.usual_ease)

    def start(self, lifts: Mapping[str, float] | None = None) -> Start:
        """Where a skill begins for a learner who has not answered on it: with part of her standing
        on its prerequisites (or of where those would begin), and her class's lift (`class_lift`).
        """
        needs, raised = self.prerequisites, lifts or {}
        if not needs and not raised:
            return no_start

        def begin(
            skill: str, skills: Mapping[str, Trace], now: float, told: dict[str, float]
        ) -> float:
            if skill not in told:
                told[skill] = 0.0  # a circle of prerequisites ends here
                levels = [
                    skill_at(skills, need, now, no_start).ability
                    if need in skills
                    else begin(need, skills, now, told)
                    for need in needs.get(skill, ())
                ]
                own = BORROWED * sum(levels) / len(levels) if levels else 0.0
                told[skill] = own + raised.get(skill, 0.0)
            return told[skill]

        return lambda skill, skills, now: begin(skill, skills, now, {})

    def to_json(self) -> str:
        """The model as text; `from_json` gives an equal one back."""
        content = asdict(self)
        content["sets"] = [[list(asked), ease] for asked, ease in self.sets.items()]
        content["weights"] = dict(zip(FEATURES, self.weights, strict=True))
        return json.dumps({"version": VERSION, **content})

    @staticmethod
    def from_json(text: str) -> "Model":
        """The model that `to_json` wrote; a ValueError when the text is something else."""
        try:
            content = json.loads(text)
            version = content.pop("version")
            if version != VERSION:
                raise ValueError(
                    f"This knowledge model has version {version}, this program reads {VERSION}. "
                    "Fit it again."
                )
            content["sets"] = {tuple(asked): float(ease) for asked, ease in content["sets"]}
            content["weights"] = tuple(float(content["weights"][name]) for name in FEATURES)
            content["bend"] = Bend(*content["bend"])
            content["usual_bend"] = Bend(*content["usual_bend"])
            content["usual_context"] = tuple(content["usual_context"])
            content["prerequisites"] = {s: tuple(n) for s, n in content["prerequisites"].items()}
            return Model(**content)
        except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ValueError("This text is not a stored knowledge model. Fit it again.") from error


# For a school with too few answers to fit. The weights are those that a fit finds on simulated
# learners (tests/test_knowledge.py: general ability, a part of its own per skill, growth with
# practice), rounded; `prior_answers` is lower, since real learners are less even than simulated
# ones. No learner's data is in them.
DEFAULT: Final = Model(
    base=0.0,
    ease_weight=1.0,
    weights=(0.65, 0.3, 0.1, -0.1, 0.0, 0.65, 0.1, 0.05, -0.05, 0.0, -3.0, 0.0, 0.0),
    usual_context=(0.0, 0.0),
    prior_answers=12.0,
    answer_worth=0.2,
    sure=0.9,
    usual_ease=USUAL_EASE,
)
