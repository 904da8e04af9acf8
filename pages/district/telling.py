"""What pages of released figures share: asking for one, drawing it, handing it out as a file."""

import pandas as pd
import streamlit as st

from components import amounts, documents, figures, words
from components.empty import empty
from components.show import plain, show, to_csv
from privacy import NotAllowed, Viewer
from privacy.metrics import Metric
from privacy.releases import EXPLAINED, N_RULE, Refused, Release
from queries.district.figures import latest, price, release_now
from queries.exports import note_export


def choose(metrics: list[Metric], *, key: str, first: Metric) -> Metric:
    """The metric she picks, at first `first` where it is offered; it stands in the address."""
    titles = {one.title: one for one in metrics}
    names = list(titles)
    start = names.index(first.title) if first.title in titles else 0
    chosen = st.selectbox("Figure", names, index=start, key=key, bind="query-params", width=320)
    return titles[chosen]


def told(viewer: Viewer, metric: Metric, grain: str, *, key: str) -> Release | None:
    """The latest week's figures, or an offer to release them, with what that would take."""
    found = latest(viewer, metric.name, grain)
    if found is not None:
        return found
    cost = price(viewer, metric.name, grain)
    if cost is None:
        empty(
            "There is no data to release figures from yet.",
            next_step="It is taken once data has been loaded and the background worker has run.",
        )
        return None
    with st.container(border=True):
        st.markdown(
            f"Nobody has asked for **{plain(metric.title)}** here this week. Releasing it takes "
            f"{words.percent(min(cost.share, 1.0))} of this year's privacy budget, of which "
            f"{words.percent(min(cost.left, 1.0))} is left. Everybody reads it free from then on."
        )
        if st.button("Release it", key=f"{key}-release", icon=":material/lock_open:"):
            try:
                release_now(viewer, metric.name, grain)
            except (NotAllowed, Refused) as why:
                st.error(str(why))
                return None
            st.rerun()
    return None


def compared(viewer: Viewer, found: Release, *, key: str) -> None:
    """Groups side by side: a dot with its range each, the words, the table, the files."""
    unit = found.metric.unit
    table = pd.DataFrame(
        [
            {"group": one.group, "value": one.value, "low": one.low, "high": one.high}
            for one in found.figures
        ],
        columns=["group", "value", "low", "high"],
    )
    whole = found.total.value if found.total and found.metric.kind != "count" else None
    show(
        figures.dot_intervals(table, unit=unit, whole=whole),
        figures.dot_intervals_alt(table, unit=unit),
        pd.DataFrame(found.table()),
        key=key,
        name=f"{found.metric.title} by {found.grain.words}",
        on_download=lambda: _noted(viewer, found),
    )
    hidden = {one.hidden for one in found.figures if one.hidden}
    for why in sorted(hidden):
        names = words.listing([one.group for one in found.figures if one.hidden == why])
        st.caption(f"{plain(names)}: {EXPLAINED[why][0].lower()}{EXPLAINED[why][1:]}")
    files(viewer, found, key=key)


def files(viewer: Viewer, found: Release, *, key: str) -> None:
    """The release as a file, with its margins, the rule and the citation in it."""
    name = f"{found.metric.title} by {found.grain.words} {found.version}"
    table = pd.DataFrame(found.table())
    notes = [found.metric.definition, N_RULE, found.citation]
    with st.container(horizontal=True):
        st.download_button(
            "CSV with its citation",
            to_csv(table) + "".join(f'\n"{note}"' for note in notes).encode(),
            file_name=f"{name}.csv",
            mime="text/csv",
            key=f"{key}-cited-csv",
            on_click=lambda: _noted(viewer, found),
        )
        st.download_button(
            "Workbook (XLSX)",
            lambda: documents.xlsx({found.metric.title: table}, notes=notes),
            file_name=f"{name}.xlsx",
            key=f"{key}-xlsx",
            on_click=lambda: _noted(viewer, found),
        )
    with st.expander("What this means, and its source"):
        st.markdown(f"{plain(found.metric.definition)}\n\n{N_RULE}")
        st.caption(plain(found.citation))


def said(found: Release, value: float | None, noise: float | None) -> str:
    """A figure with its margin, in words."""
    unit = found.metric.unit
    return f"{amounts.amount(value, unit)} {amounts.margin(noise, unit)}".strip()


def _noted(viewer: Viewer, found: Release) -> None:
    what = f"{found.metric.name} by {found.grain.name}"
    note_export(viewer, what=what, rows=len(found.figures))
