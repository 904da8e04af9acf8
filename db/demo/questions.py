"""Writes the demo's questions: real sums, with the wrong answers that known mistakes lead to."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from db.demo.catalogue import read
from db.demo.sums import SUMS, Template


@dataclass(frozen=True)
class Option:
    """An answer offered; `misconception` says what a learner who chooses it got wrong."""

    text: str
    misconception: str


@dataclass(frozen=True)
class Question:
    """A question with its right answer and three wrong ones, the commonest mistake first."""

    stem: str
    right: str
    wrong: tuple[Option, Option, Option]


@cache
def _sentences() -> dict[str, dict[str, str]]:
    return {row["key"]: row for row in read("questions")}


def question(code: str, number: int, rng: np.random.Generator) -> Question:
    """A question on a competency; `number` tells those of one paper apart.

    >>> question("6.RP.A.1", 1, np.random.default_rng(1)).wrong[0].misconception
    'Adds the same amount instead of multiplying'
    """
    if not code[0].isdigit():
        row = _sentences()[_strand(code)]
        return Question(
            row["stem"].format(n=number),
            row["right"],
            (
                Option(row["wrong"], row["misconception"]),
                Option(row["wrong2"], row["misconception2"]),
                Option(row["wrong3"], row["misconception3"]),
            ),
        )
    template = _template(code)
    for _ in range(200):
        a, b, k = (int(n) for n in rng.choice(np.arange(2, 10), 3, replace=False))
        stem, right, *wrong = template(a, b, k)
        answers = [_shown(right), *(_shown(answer) for _, answer in wrong)]
        if len(set(answers)) == len(answers):
            first, second, third = (Option(_shown(answer), why) for why, answer in wrong)
            return Question(stem, answers[0], (first, second, third))
    raise ValueError(f"The question template for {code} never gives four different answers.")


def _shown(answer: object) -> str:
    """A number with a real minus sign, as the stems have it."""
    return str(answer).replace("-", "−")


def _strand(code: str) -> str:
    """What a verbal question is about.

    >>> _strand("MS-PS1-4"), _strand("RL.6.2")
    ('PS1', 'RL.2')
    """
    if code.startswith("MS-"):
        return code.split("-")[1]
    strand, _, number = code.split(".")
    return f"{strand}.{number}"


def _template(code: str) -> Template:
    grade, area, cluster, *_ = code.split(".")
    for key in (f"{grade}.{area}.{cluster}", f"{grade}.{area}", f"{area}.{cluster}", area):
        if key in SUMS:
            return SUMS[key]
    return SUMS["RP.A"]  # grade 5, asked at the start of grade 6: multiplying in a context
