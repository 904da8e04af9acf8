"""What an attacker sees: averaging and differencing, run on an invented school when opened."""

import numpy as np
import pandas as pd
import streamlit as st

from components import figures, words
from components.show import show as draw
from components.table import plain_table
from privacy import Viewer
from privacy.releases import Budget
from privacy.releases.attacks import ASKED, ENROLLED, averaging, differencing


def show(_viewer: Viewer, _budget: Budget | None) -> None:
    """Both attacks, again at every click; the school is made up each time."""
    st.header("What an attacker sees")
    st.markdown(
        f"An invented school of {ENROLLED} learners, made up just now. The attacker wants to know "
        "how many of them are often absent. The noise is drawn by the very code that releases your "
        "figures."
    )
    _run()


@st.fragment
def _run() -> None:
    """Loads nothing, so it need not ask again who is looking."""
    rng = np.random.default_rng()
    st.subheader(f"Asking {ASKED:,} times")
    asked = averaging(rng)
    table = pd.DataFrame(
        {
            "times asked": [1, 10, 100, ASKED],
            "mean, new noise each time": [
                round(asked.fresh[n - 1], 1) for n in (1, 10, 100, ASKED)
            ],
            "mean, Chalkline": [asked.stored] * 4,
            "the truth": [asked.truth] * 4,
        }
    )
    draw(
        figures.averaging_lines(asked.truth, asked.stored, asked.fresh),
        figures.averaging_alt(asked.truth, asked.stored, asked.fresh),
        table,
        key="averaging",
        name="averaging attack",
    )
    st.markdown(
        "New noise at every answer protects nobody who is asked about often. So an answer is drawn "
        "once, stored, and given to everybody who asks: to other people, after a restart, from a "
        "restored backup."
    )
    st.subheader("Asking before and after one learner leaves")
    two = differencing(rng)
    exact, told = two.exact, two.released
    plain_table(
        ["", "before", "after", "difference"],
        [
            ["exact count", str(exact[0]), str(exact[1]), str(exact[1] - exact[0])],
            [
                "as released",
                str(told[0]),
                str(told[1]),
                f"{told[1] - told[0]:+d} ± {two.margin:.0f}",
            ],
        ],
        caption="Learners who are often absent",
        key="differencing",
    )
    st.markdown(
        "From exact counts, whoever knows who left now knows that she was often absent. From the "
        f"released ones the best guess about her is right {words.percent(two.certain)} of the "
        "time; a coin is right half of the time."
    )
    st.button("Make up another school", icon=":material/refresh:")
