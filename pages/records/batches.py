"""What fell due under the retention rules: one person proposes, another approves."""

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from components.table import plain_table
from pages import guard
from pages.records.telling import done, in_words
from privacy import Viewer
from queries.records import retention
from queries.records.retention import Batch, SetRule

ACTIONS = {
    "delete": "Delete",
    "anonymise": "Delete, and keep coarse history without names of",
    "archive": "Seal away",
    "review": "Look at",
}
CATEGORIES = {
    "whole record": "whole record",
    "learning history": "learning history",
    "raw activity": "clicks and sittings",
    "wellbeing and notes": "notes and events",
}
TRIGGERS = {
    "left": "left school",
    "no activity": "were last active",
    "consent withdrawn": "had consent withdrawn",
    "consent expired": "had consent end",
    "turned 13": "turned 13",
    "turned 18": "turned 18",
}


def show(viewer: Viewer) -> None:
    """The batches, then the rules."""
    found = retention.batches(viewer)
    if not found:
        empty(
            "Nothing has fallen due.",
            next_step="Every hour the rules below are held against the records. What falls due "
            "stands here, and nothing is deleted before two persons have said so.",
        )
    for one in found:
        with st.container(border=True, gap="small", key=f"batch-{one.batch_id.hex}"):
            _one(viewer, one)
    _rules(viewer)


def _one(viewer: Viewer, one: Batch) -> None:
    count = one.due + one.held
    what = f"{ACTIONS[one.action]} the {CATEGORIES[one.category]}"
    st.markdown(
        f"**{what} of {words.plural(count, 'learner')}** who {_since(one.trigger, one.delay_days)}"
    )
    st.caption(
        f"{plain(_source(one))}. {plain(one.why)} Found on "
        f"{words.day(one.prepared_at.date(), viewer.today)}."
        + (f" {words.plural(one.held, 'learner is', 'learners are')} kept by a hold." if one.held
           else "")
        + (f" {one.done} done." if one.done else "")
    )  # fmt: skip
    if st.toggle("Show who", key=f"who-{one.batch_id}"):
        _who(viewer, one)
    if one.approved:
        st.info("Approved by two persons; it is being carried out.")
        return
    if one.action == "review":
        st.markdown("**Next:** look at each. To erase one, open her file and register a request.")
        keep = st.button("Keep them for another year", key=f"keep-{one.batch_id}")
        yes = False
    else:
        _next(viewer, one)
        with st.container(horizontal=True):
            label = "Propose" if one.proposed_by is None else "Approve"
            yes = one.proposed_by != viewer.staff_id and st.button(
                label, key=f"yes-{one.batch_id}", type="primary"
            )
            keep = st.button("Keep them for another year", key=f"keep-{one.batch_id}")
    with in_words():
        if yes and one.proposed_by is None:
            retention.propose(viewer, batch=one, now=guard.now())
            done("Proposed. A colleague has to approve it.")
        if yes and one.proposed_by is not None:
            retention.approve(viewer, batch=one, now=guard.now())
            done("Approved. It is carried out within a minute or two.")
        if keep:
            retention.refuse(viewer, batch=one, now=guard.now())
            done("They are kept; the rule asks again in a year.")


def _next(viewer: Viewer, one: Batch) -> None:
    if one.proposed_by is None:
        st.markdown("**Next:** look at who it is, then propose it. A second person approves.")
    elif one.proposed_by == viewer.staff_id:
        st.markdown("**Next:** you proposed it; a colleague of the records office approves.")
    else:
        who = plain(one.proposed_by_name or "a colleague")
        st.markdown(f"**Next:** {who} proposed it. If you agree, approve. It can not be undone.")


def _since(trigger: str, days: int) -> str:
    said = TRIGGERS[trigger]
    return f"{said} at least {words.plural(days, 'day')} ago." if days else f"{said}."


def _who(viewer: Viewer, one: Batch) -> None:
    rows = [
        (
            each.name,
            words.day(each.since, viewer.today) if each.since else "",
            "kept by a hold" if each.state == "held" else "due",
        )
        for each in retention.items(viewer, batch_id=one.batch_id)
    ]
    key = f"items-{one.batch_id.hex}"
    plain_table(("Name", "Due since", "State"), rows, caption="Learners of this batch", key=key)
    if one.due + one.held > len(rows):
        st.caption(f"The first {len(rows)} of {one.due + one.held:,}.")


def _rules(viewer: Viewer) -> None:
    found = retention.rules(viewer)
    st.subheader("Rules")
    if not found:
        empty(
            "This district has no retention rules, so nothing ever falls due.",
            next_step="Whoever runs Chalkline installs a set: manage.py retention install FERPA "
            "(or COPPA, GDPR).",
        )
        return
    plain_table(
        ("Rule", "In force", "Source", "Why"),
        [(_says(one), "yes" if one.active else "no", _source(one), one.why) for one in found],
        caption="Retention rules",
        key="rules",
    )
    with st.popover("Switch a rule"):
        chosen = st.selectbox("Which rule", found, format_func=_says)
        if chosen.trigger == "turned 13" and not chosen.active:
            st.warning(plain(chosen.why))
        label = "Put out of force" if chosen.active else "Put in force"
        if st.button(label):
            with in_words():
                retention.switch(viewer, rule=chosen, active=not chosen.active)
                done("Switched.")


def _source(one: Batch | SetRule) -> str:
    """The law and its place; a district's own rule says itself where it comes from."""
    cited = one.citation[:1].upper() + one.citation[1:]
    return cited if one.policy == "district" else f"{one.policy}: {one.citation}"


def _says(one: SetRule) -> str:
    """A rule in a line."""
    whose = " given online" if one.source == "online" else ""
    when = f"{one.delay_days} days after" if one.delay_days else "as soon as they"
    said = TRIGGERS[one.trigger] if not one.delay_days else f"they {TRIGGERS[one.trigger]}"
    return f"{one.action.capitalize()} {CATEGORIES[one.category]}{whose} {when} {said}"
