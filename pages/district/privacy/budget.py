"""The budget of the school year: spent, left, by whom and on what, and what a report would cost."""

from decimal import Decimal

import pandas as pd
import streamlit as st

from components import words
from components.show import twin
from components.table import plain_table
from privacy import Viewer, releases
from privacy.metrics import GRAINS, METRICS
from privacy.releases import OVERVIEW, Budget
from privacy.releases.accounting import (
    MEMBERS_RHO,
    SCHOOL_WEEKS,
    SUM_RHO,
    certain,
    epsilon,
)
from queries.district.spending import Spending, school_year_words, spending
from queries.exports import note_export

FIRST = 6  # metrics shown; the table has all


def show(viewer: Viewer, budget: Budget | None) -> None:
    """Spent and left, the plan of a report, the promise."""
    assert budget is not None
    year = spending(viewer, school_year=budget.school_year)
    st.header(school_year_words(viewer, school_year=budget.school_year).capitalize())
    _spent(viewer, budget, year)
    _planned(viewer, budget)
    _promise(budget)


def share(rho: Decimal, of: Decimal) -> str:
    """A part of the budget in words.

    >>> share(Decimal("0.12"), Decimal(6)), share(Decimal("0.001"), Decimal(6))
    ('2.0 %', 'under 0.1 %')
    """
    percent = 100 * float(rho / of)
    return "under 0.1 %" if 0 < percent < 0.1 else f"{percent:.1f} %"


def _spent(viewer: Viewer, budget: Budget, year: Spending) -> None:
    st.progress(
        min(float(budget.spent / budget.cap), 1.0),
        text=f"**{share(budget.spent, budget.cap)}** of the year's budget is spent, "
        f"**{share(budget.left, budget.cap)}** is left.",
    )
    two = releases.planned(viewer, OVERVIEW, "school", weeks=2)
    weekly = two.rho - releases.planned(viewer, OVERVIEW, "school").rho
    weeks = int(budget.left / weekly)
    st.markdown(
        f"{words.plural(year.releases, 'release')} about {words.plural(year.weeks, 'week')}. "
        f"The weekly overview ({len(OVERVIEW)} metrics by school) takes "
        f"{share(weekly, budget.cap)} a week: what is left pays for "
        f"**{words.plural(weeks, 'more week')}** of it."
    )
    if weeks < SCHOOL_WEEKS - year.weeks:
        st.warning(
            "At this pace the budget ends before the school year does. Ask for fewer figures, or "
            "let two administrators agree on another cap (under 'Caps')."
        )
    if not year.releases:
        return
    left, right = st.columns(2)
    with left:
        st.subheader("By whom")
        _ranked(year.by_person, "person", budget)
    with right:
        st.subheader("On what")
        _ranked(year.by_metric.head(FIRST), "metric", budget)
        if len(year.by_metric) > FIRST:
            twin(
                year.by_metric,
                key="by-metric",
                name="budget by metric",
                label="All metrics",
                on_download=lambda: note_export(
                    viewer, what="budget by metric", rows=len(year.by_metric)
                ),
            )


def _ranked(table: pd.DataFrame, name: str, budget: Budget) -> None:
    plain_table(
        [name.capitalize(), "Releases", "Of the budget"],
        [
            [str(one), f"{count:,}", share(Decimal(str(rho)), budget.cap)]
            for one, count, rho in table.itertuples(index=False)
        ],
        caption=f"Budget by {name}",
        key=f"by-{name}",
    )


def _planned(viewer: Viewer, budget: Budget) -> None:
    st.header("What would a report cost?")
    with st.container(border=True):
        titles = {METRICS[name].title: name for name in METRICS if _told(name)}
        chosen = st.multiselect(
            "Metrics", list(titles), default=[METRICS["pass"].title], key="plan-metrics"
        )
        names = [titles[title] for title in chosen]
        grains = [grain for grain in GRAINS if all(grain in METRICS[name].grains for name in names)]
        one, two = st.columns(2)
        grain = one.selectbox(
            "By", grains, format_func=lambda name: GRAINS[name].words, key="plan-grain"
        )
        weeks = two.number_input("For how many weeks", 1, SCHOOL_WEEKS, 1, key="plan-weeks")
        if not names or grain is None:
            st.caption("Choose metrics that are told by the same groups.")
            return
        cost = releases.planned(viewer, names, grain, weeks=int(weeks))
        fits = cost.rho <= budget.left
        st.markdown(
            f"**{share(cost.rho, budget.cap)}** of the year's budget (rho {cost.rho:f}, "
            f"epsilon {epsilon(cost.rho, budget.delta):g}). "
            + (
                f"Afterwards {share(budget.left - cost.rho, budget.cap)} would be left."
                if fits
                else f"Only {share(budget.left, budget.cap)} is left: it would be refused."
            )
        )
        st.caption(
            "What is released already costs nothing again. District and grade figures are made of "
            "finer ones and share their cost."
        )


def _told(name: str) -> bool:
    return "district" in METRICS[name].regime


def _promise(budget: Budget) -> None:
    spent, cap, delta = budget.spent, budget.cap, budget.delta
    now, at_most, from_one = (
        words.percent(certain(rho)) for rho in (spent, cap, SUM_RHO + MEMBERS_RHO)
    )
    st.header("The promise, and its limits")
    for title, words_ in (
        (
            "Whether a learner is here.",
            "Somebody who knows everything about everybody else, reads every figure of the year "
            "and finds it even odds whether one learner is in the data can be right "
            f"{now} of the time by now, at the very most, and {at_most} "
            "once the whole budget is spent; a coin is right half of the time. From one figure of "
            f"one week he gets to {from_one}. In numbers: epsilon "
            f"{epsilon(spent, delta):g} so far, {epsilon(cap, delta):g} for the year, at delta "
            f"{delta:f}.",
        ),
        (
            "What she did.",
            "Her values weigh more than her presence. If all of them went from one end of their "
            "scales to the other, in every week, the loss would be up to four times as large in "
            f"rho: epsilon {epsilon(budget.changed, delta):g} so far. Learners change far less.",
        ),
        (
            "For one school year.",
            "The next year has a budget of its own; who stays is in both.",
        ),
        (
            "Not against those who see her.",
            "Her teachers know her, and whoever may read the database itself needs no figure. "
            "Staff of a school read exact figures about groups of at least five, which are "
            "protected in another way.",
        ),
        (
            "Not against knowledge about everybody.",
            "That absence goes with failing can be learnt from figures, and is true of a learner "
            "whether or not she is in them.",
        ),
    ):
        st.markdown(f"**{title}** {words_}")
    st.caption(
        "Margins of error say two things apart: what the noise added, and how far one year's "
        "learners may lie from what a school does in the long run."
    )
