"""The caps on the budget: what holds, what is proposed, and a second person's decision."""

from decimal import Decimal

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from pages import guard
from privacy import Viewer, releases
from privacy.releases import Budget, Proposal, Refused
from privacy.releases.accounting import epsilon
from queries.district.spending import school_year_words

SMALLEST, LARGEST = 0.1, 20.0  # of a year's cap, in rho: epsilon 2 to 50


def show(viewer: Viewer, budget: Budget | None) -> None:
    """What holds now; then what waits for a decision; then a form."""
    assert budget is not None
    st.header("Caps")
    year = school_year_words(viewer, school_year=budget.school_year)
    st.markdown(
        f"The {year} may cost **rho {budget.cap:f}** in all (epsilon "
        f"{epsilon(budget.cap, budget.delta):g} at delta {float(budget.delta):g}), a single "
        f"release **{budget.each:f}**. A lower cap protects learners better and stops new figures "
        "earlier; a higher one can not be taken back once it is spent. One administrator "
        "proposes, another one decides."
    )
    found = releases.proposals(viewer)
    waiting = [one for one in found if one.decision is None]
    for one in waiting:
        _waiting(viewer, one, budget)
    _form(viewer, budget)
    decided = [one for one in found if one.decision is not None]
    if decided:
        st.header("Decided before")
        for one in decided[:12]:
            _decided(one)
    elif not waiting:
        empty("Nobody has proposed another cap.")


def _words(one: Proposal) -> str:
    return (
        f"School year {one.school_year}: rho **{one.cap:f}** in all (epsilon "
        f"{epsilon(one.cap):g}), **{one.each:f}** for one release."
    )


def _waiting(viewer: Viewer, one: Proposal, budget: Budget) -> None:
    with st.container(border=True):
        st.markdown(f"**Waiting for a decision.** {_words(one)}")
        st.markdown(f"{plain(one.proposed_by)}, {words.moment(one.proposed_at)}:")
        st.markdown(f"> {plain(one.reason)}")
        if one.cap < budget.spent:
            st.caption("More is spent already, so nothing new could be released this year.")
        if one.mine:
            st.caption("You proposed this yourself; another administrator has to decide about it.")
            return
        with st.container(horizontal=True):
            yes = st.button("Approve", key=f"approve-{one.proposal_id}", type="primary")
            no = st.button("Refuse", key=f"refuse-{one.proposal_id}")
    if yes or no:
        try:
            releases.decide(
                viewer, one.proposal_id, "approved" if yes else "refused", now=guard.now()
            )
        except Refused as why:
            st.error(str(why))
            return
        st.rerun()


def _decided(one: Proposal) -> None:
    when = words.moment(one.decided_at) if one.decided_at else ""
    st.markdown(
        f"**{str(one.decision).capitalize()}** by {plain(str(one.decided_by))}, {when}. "
        f"{_words(one)} Proposed by {plain(one.proposed_by)}: {plain(one.reason)}"
    )


def _form(viewer: Viewer, budget: Budget) -> None:
    with st.form("propose-caps", clear_on_submit=True):
        st.subheader("Propose other caps")
        one, two = st.columns(2)
        cap = one.number_input(
            "For the school year (rho)", SMALLEST, LARGEST, float(budget.cap), step=0.5
        )
        each = two.number_input(
            "For one release (rho)", 0.005, LARGEST, float(budget.each), step=0.01, format="%.3f"
        )
        reason = st.text_area("Why", max_chars=500)
        sent = st.form_submit_button("Propose")
    if not sent:
        return
    try:
        releases.propose(
            viewer,
            school_year=budget.school_year,
            cap=Decimal(str(round(cap, 4))),
            each=Decimal(str(round(each, 4))),
            reason=reason,
        )
    except Refused as why:
        st.error(str(why))
        return
    st.rerun()
