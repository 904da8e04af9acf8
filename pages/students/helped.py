"""Did it help? A plan's picture before and after, its verdict, and what its type does elsewhere."""

import streamlit as st

from components import figures
from components.empty import empty
from components.show import plain, show
from privacy import Viewer
from queries.effects import effects_by_type
from queries.exports import note_export
from queries.plan_words import MEASURES, TYPES
from queries.students.helped import Picture, picture_of
from queries.students.plans import Plan

VERDICTS = {
    "helped": ":green-badge[✓ Helped]",
    "did not": ":orange-badge[✕ Did not help]",
    "cannot tell": ":gray-badge[? Cannot tell]",
}


def did_it_help(viewer: Viewer, plan: Plan) -> None:
    """The verdict first; the picture; what is not the plan's doing."""
    st.header("Did it help?")
    if plan.measure is None:
        empty("This plan is measured by what people see, so only its notes and outcome can tell.")
        return
    found = picture_of(viewer, plan=plan.plan_id)
    if found is None:
        empty("This has not been looked at yet.", next_step="It is measured every night.")
        return
    st.markdown(f"{VERDICTS[found.verdict]} {plain(found.why[:1].upper() + found.why[1:])}.")
    unit = MEASURES[found.measure]
    if found.before is not None and found.after is not None:
        st.markdown(plain(sentence(found)))
        if found.regression:
            st.warning(
                "Learners who stood as low and had no plan came back by themselves "
                f"({found.without:+.1f}): that is usual after a bad spell, and not its doing."
            )
        table = found.weeks
        show(
            figures.before_after(table, start=plan.starts_on, unit=unit),
            figures.before_after_alt(found.before, found.after, found.without, unit=unit),
            table,
            key="helped",
            name="before and after",
            on_download=lambda: note_export(
                viewer, what="before and after a plan", rows=len(table)
            ),
        )
    _by_type(viewer, plan)


def sentence(found: Picture) -> str:
    """The estimate with its interval, and the learner's own trend."""
    return (
        f"Against {found.learners} learners who stood alike and had no plan: "
        f"{found.estimate:+.1f}, between {found.low:+.1f} and {found.high:+.1f} (90 %). "
        f"The learner's own trend was heading for {found.trend_after:.1f}; "
        f"it has been {found.after:.1f}."
    )


def _by_type(viewer: Viewer, plan: Plan) -> None:
    for one in effects_by_type(viewer):
        if (one.type, one.measure) != (plan.type, plan.measure) or one.estimate is None:
            continue
        kind = TYPES.get(one.type, one.type)
        how = (
            f"in the whole district, {one.plans} learners"
            if one.method == "matching"
            else f"for learners at the line of the risk flag, of {one.plans} near it"
        )
        st.caption(
            f"{plain(kind)} {how}: {one.estimate:+.1f}, "
            f"between {one.low:+.1f} and {one.high:+.1f} (95 %)."
        )
