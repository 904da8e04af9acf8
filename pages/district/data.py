"""Data: how fresh it is, how imports and background jobs went; no learner is on it."""

import pandas as pd
import streamlit as st

from components import words
from components.empty import as_of, empty
from components.show import twin
from privacy import Viewer
from queries.district.operations import data_freshness
from queries.exports import note_export


def page(viewer: Viewer) -> None:
    """Shows whether what the other pages say can be trusted."""
    st.title("Data")
    found = data_freshness(viewer)
    st.markdown(f"**{viewer.district_name}**, {words.plural(found.schools, 'school')}.")
    st.header("Is the data fresh?")
    as_of(found.as_of)
    failed = found.jobs[found.jobs["state"] == "failed"]
    if len(failed):
        last = failed.iloc[0]
        st.warning(
            f"{words.plural(len(failed), 'background job')} of the last {len(found.jobs)} failed, "
            f"the latest “{last['job']}” on {words.moment(last['started'])}. Tell whoever runs "
            "Chalkline at your school."
        )
    st.header("Imports")
    if found.imports.empty:
        empty("Nothing has been imported yet.")
    else:
        st.markdown(_latest(found.imports))
        _table(viewer, _readable(found.imports), name="imports", label="Latest imports")
    if len(found.rejected):
        label = f"Rows the latest import rejected ({len(found.rejected)})"
        _table(viewer, found.rejected, name="rejected rows", label=label)
    if len(found.jobs):
        st.header("Background jobs")
        _table(viewer, _readable(found.jobs), name="jobs", label="Latest jobs")


def _table(viewer: Viewer, table: pd.DataFrame, *, name: str, label: str) -> None:
    twin(
        table,
        key=name.split()[0],
        name=name,
        label=label,
        on_download=lambda: note_export(viewer, what=name, rows=len(table)),
    )


def _latest(imports: pd.DataFrame) -> str:
    last = imports.iloc[0]
    state = {"done": "finished", "running": "is running", "failed": "failed"}[last["state"]]
    return (
        f"The latest ({last['source']}) {state}: {last['read']:,} rows read, "
        f"{last['written']:,} written, {last['rejected']:,} rejected; started on "
        f"{words.moment(last['started'])}."
    )


def _readable(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(
        started=[words.moment(one) for one in table["started"]],
        seconds=table["seconds"].astype(float).round(1),
    )
