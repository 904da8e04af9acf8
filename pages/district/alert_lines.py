"""The part of alert quality that an administrator acts on: the line, and the model behind it."""

from typing import Final

import pandas as pd
import streamlit as st

from analytics.alerts import LINES
from components import words
from components.show import twin
from pages.district import alert_words
from privacy import NotAllowed, Viewer
from queries.district.alert_line import Kind, decide
from queries.district.alerts import Line, Quality
from queries.exports import note_export

CHALLENGER: Final = """
The boosted challenger starts from the transparent model, sees besides how things work together and
what kinds of things learners do, and explains nothing. It replaces the transparent model only if
you decide so; reasons and "clears when" stay the transparent model's, so that they may fit a chance
a little less.
"""


def simulator(viewer: Viewer, found: Quality) -> None:
    """What another line would mean, before it is saved."""
    st.header("What if the line were drawn elsewhere?")
    kind = found.decision.kind
    percent = st.select_slider(
        "Raise a flag from this chance on",
        options=LINES,
        value=found.decision.line if found.decision.line in LINES else 50,
        format_func=lambda line: f"{line} %",
        key="line",
    )
    tried, now = found.line(kind, percent), found.line(kind, found.decision.line)
    if tried is None:
        st.write("No learner of a running class has a chance yet, so there is nothing to try.")
        return
    st.markdown("\n".join(f"- {one}" for one in _means(tried, now, found.k)))
    # What no term has shown yet would be a column of nothing.
    table = _table(found.lines[kind]).dropna(axis="columns", how="all")
    twin(
        table,
        key="lines",
        name="lines",
        label="Every line as a table",
        on_download=lambda: note_export(viewer, what="alert lines", rows=len(table)),
    )
    if viewer.role != "administrator":
        st.caption("An administrator decides about the line.")
    elif percent == found.decision.line:
        st.caption("This is the line in force.")
    elif st.button(f"Raise flags from {percent} % on", type="primary", key="save-line"):
        _decide(viewer, kind, percent)


def _means(tried: Line, now: Line | None, k: int) -> list[str]:
    """The sentences about a line, with today's beside it."""
    said = []
    if tried.tally and tried.flags_a_week is not None:
        count = tried.tally
        beside = f" (now {now.flags_a_week:.1f})" if now and now.flags_a_week is not None else ""
        said.append(
            f"**{tried.flags_a_week:.1f} new flags a week per teacher**{beside}; "
            f"{tried.busiest_week} in the busiest week of the busiest teacher."
        )
        if count.flagged >= k:
            wrong = count.flagged - count.flagged_right
            said.append(
                f"Of 100 flags **{100 * wrong / count.flagged:.0f} would be false**, and "
                f"{words.percent(count.recall.value)} of those who fail or leave would be found."
            )
        else:
            said.append("So few would be flagged that nothing can be said of how many are false.")
    if not tried.now_scored:
        return said
    if tried.now_flagged < k:
        said.append(f"Today fewer than {k} of {tried.now_scored:,} enrolments stand above it.")
    else:
        each = tried.now_flagged / tried.now_teachers if tried.now_teachers else 0.0
        said.append(
            f"Today {tried.now_flagged:,} of {tried.now_scored:,} enrolments stand above it, "
            f"{each:.1f} per teacher; about {tried.now_false:.0f} of them can be expected to pass."
        )
    return said


def _table(lines: tuple[Line, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "line": f"{one.percent} %",
                "flags a week per teacher": one.flags_a_week,
                "right": alert_words.share(one.tally.precision)
                if one.tally and one.tally.flagged
                else None,
                "found": alert_words.share(one.tally.recall) if one.tally else None,
                "days ahead": one.lead_days,
                "above it today": one.now_flagged,
                "of these expected to pass": round(one.now_false),
            }
            for one in lines
        ]
    )


def challenger(viewer: Viewer, found: Quality) -> None:
    """The gap between both kinds, and the decision between them."""
    st.header("The boosted challenger")
    st.markdown(CHALLENGER)
    trained = {one.kind: one for one in found.models}
    if "boosted" not in trained:
        st.write("None has been trained yet: that takes a term with known results.")
        return
    table = _gap(trained["boosted"].last_term)
    if table.empty:
        st.write(
            "With a single term there is no later one to compare them on; the table of lines above "
            "compares them on learners that neither had seen."
        )
    else:
        st.markdown(
            "Both as trained without the last term, asked about it: of a learner who fails or "
            "leaves and one who does not, how often the first has the higher chance (AUC)."
        )
        twin(
            table,
            key="gap",
            name="challenger",
            label="Day by day as a table",
            on_download=lambda: note_export(viewer, what="challenger", rows=len(table)),
        )
        mean = (table["boosted"] - table["transparent"]).mean() * 100
        st.markdown(f"**On average the challenger is {mean:+.1f} points ahead.**")
    other: Kind = "transparent" if found.decision.kind == "boosted" else "boosted"
    if viewer.role == "administrator":
        label = "Let the challenger score" if other == "boosted" else "Back to transparent scores"
        if st.button(label, key="save-kind"):
            _decide(viewer, other, found.decision.line)
    else:
        st.caption("An administrator decides between them.")


def _gap(last_term: object) -> pd.DataFrame:
    days = last_term if isinstance(last_term, dict) else {}
    return pd.DataFrame(
        [
            {
                "day of the class": int(day),
                "transparent": both["transparent"]["auc"],
                "boosted": both["boosted"]["auc"],
            }
            for day, both in sorted(days.items(), key=lambda pair: int(pair[0]))
        ]
    )


def _decide(viewer: Viewer, kind: Kind, line: int) -> None:
    try:
        decide(viewer, kind=kind, line=line)
    except NotAllowed as why:
        st.error(str(why))
        return
    st.rerun()
