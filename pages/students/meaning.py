"""What the words and figures about mastery mean, one click away from wherever they stand."""

from typing import Final

import streamlit as st

from analytics.mastery import (
    HALF_LIFE_DAYS,
    LEAST_ANSWERS,
    MASTERED_SHARE,
    MASTERY_LINE,
    STRUGGLING_LINE,
)

MEANING: Final = f"""
**The figure** is the chance that the next answer is right. It rests on the learner's own answers (a
right one to a hard question tells more), on her other work, on what the competency builds on and on
what is usual in her class; it moves with every answer. What was shown {HALF_LIFE_DAYS:.0f} days ago
counts half.

**The range** holds, 9 times in 10, the share of such questions she gets right.

- **Mastered**: at least {100 * MASTERED_SHARE:.0f} in 100 of those so called get the next answer
  right. It is said when she surely gets more than {100 * MASTERY_LINE:.0f} in 100 right.
- **Struggling**: she surely (95 %) gets fewer than {100 * STRUGGLING_LINE:.0f} in 100 right.
- **Developing**: neither of the two.
- **Not enough evidence**: fewer than {LEAST_ANSWERS} answers. It is not a bad mark.

A forecast is not a verdict: your own look at a learner's work goes before it.
"""


def meaning() -> None:
    """A button that explains."""
    with st.popover("What the words mean", type="tertiary", icon=":material/help:"):
        st.markdown(MEANING)
