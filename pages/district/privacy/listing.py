"""Every release of the school year, with what it asked, what it cost, and a file of each."""

from uuid import UUID

import orjson
import pandas as pd
import streamlit as st

from components import words
from components.empty import empty
from components.show import to_csv
from components.table import plain_table
from privacy import Viewer
from privacy.releases import N_RULE, Budget
from queries.district.spending import one_release, released, school_year_words
from queries.exports import note_export

A_PAGE = 24


def show(viewer: Viewer, budget: Budget | None) -> None:
    """The list, one page of it, and two downloads."""
    assert budget is not None
    found = released(viewer, school_year=budget.school_year)
    st.header(f"Releases of {school_year_words(viewer, school_year=budget.school_year)}")
    if found.empty:
        empty(
            "Nothing has been released this school year.",
            next_step="The weekly overview is made by the background worker, or when somebody "
            "opens a district page.",
        )
        return
    some = _chosen(found)
    table = _readable(some)
    pages = -(-len(table) // A_PAGE)
    at = 1
    if pages > 1:
        at = int(st.number_input(f"Page, of {pages}", 1, pages, 1, key="releases-page", width=160))
    here = table.iloc[(at - 1) * A_PAGE : at * A_PAGE]
    plain_table(
        list(here.columns), here.astype(str).to_numpy().tolist(), caption="Releases", key="releases"
    )
    st.download_button(
        f"Download the list ({words.plural(len(table), 'release')})",
        to_csv(some.drop(columns=["made"]).assign(made=some["made"].astype(str))),
        file_name="releases.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click=lambda: note_export(viewer, what="releases", rows=len(table)),
    )
    _one(viewer, some)
    st.caption(N_RULE)


def _chosen(found: pd.DataFrame) -> pd.DataFrame:
    one, two = st.columns(2)
    metric = one.selectbox("Metric", ["All", *sorted(found["metric"].unique())], key="metric")
    weeks = sorted(found["week"].unique(), reverse=True)
    week = two.selectbox(
        "Week of", ["All", *weeks], key="week", format_func=lambda w: w if w == "All" else f"{w}"
    )
    some = found if metric == "All" else found[found["metric"] == metric]
    return some if week == "All" else some[some["week"] == week]


def _readable(found: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Metric": found["metric"],
            "By": found["grain"],
            "Week of": [f"{week:%d %b %Y}" for week in found["week"]],
            "Asked for by": found["person"],
            "Made": [words.moment(one) for one in found["made"]],
            "Cost (rho)": [f"{rho:g}" if rho else "free" for rho in found["rho"]],
            "Groups shown": [
                f"{shown} of {groups}"
                for shown, groups in zip(found["shown"], found["groups"], strict=True)
            ],
        }
    )


def _one(viewer: Viewer, found: pd.DataFrame) -> None:
    labels = {
        row["release"]: f"{row['metric']} by {row['grain']}, week of {row['week']:%d %b %Y}"
        for row in found.to_dict("records")
    }
    chosen = st.selectbox(
        "One release with its parameters", list(labels), format_func=labels.__getitem__, key="one"
    )
    whole = one_release(viewer, UUID(chosen)) if chosen else None
    if whole is None:
        return
    with st.expander("Parameters"):
        st.json(
            {key: value for key, value in whole.items() if key not in ("figures", "total")},
            expanded=True,
        )
    st.download_button(
        "Download this release",
        orjson.dumps(whole, option=orjson.OPT_INDENT_2),
        file_name=f"release {whole['metric']} {whole['by']} {whole['week of']}.json",
        mime="application/json",
        icon=":material/download:",
        on_click=lambda: note_export(viewer, what="release", rows=len(whole["figures"])),
    )
