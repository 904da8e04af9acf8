"""Security: unusual access, the audit trail, who is signed in, keys; for the security officer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import streamlit as st

from components import words
from components.empty import empty
from components.show import plain
from components.table import plain_table
from pages import guard
from pages.account import audit, second_person
from pages.account.second_person import once
from privacy import Viewer, door, oversight
from privacy.oversight import OpenSession
from queries import security
from queries.security import Alert

PARTS = ("Unusual access", "Audit trail", "Signed in now", "Keys")
DAYS = ("night", "other school")  # counted by whole days, so only the last look has a time
YOUNG = timedelta(days=90)  # an older key is due for rotation
SAYS = {
    "burst": "{name} opened the records of {count} within ten minutes.",
    "night": "{name} looked at {count} at night.",
    "other school": "{name} opened the records of {count} of another school.",
    "guessing": "{number} wrong passwords or codes were tried on {name}'s account in an hour.",
    "emergency": "{name} opened a learner's record in an emergency.",
    "keys": "In {name}'s name learners' keys were used {number:,} times in an hour, far "
    "more than is usual for her.",
}


def page(viewer: Viewer) -> None:
    """Shows one part at a time."""
    st.title("Security")
    once()
    _state(viewer)
    second_person.section(viewer)
    part = st.segmented_control(
        "Show", PARTS, default=PARTS[0], required=True, key="part", bind="query-params"
    )
    match part:
        case "Audit trail":
            audit.search(viewer)
        case "Signed in now":
            _sessions(viewer)
        case "Keys":
            _keys(viewer)
        case _:
            _alerts(viewer)


def local(moment: datetime) -> datetime:
    """The moment by the clock of whoever looks."""
    return moment.astimezone(ZoneInfo(st.context.timezone or "UTC"))


def _state(viewer: Viewer) -> None:
    state = security.trail_state(viewer)
    if state.fault:
        st.error(f"The audit trail is not whole. {state.fault} Tell whoever runs Chalkline.")
    signed = (
        f"{state.signed_rows:,} rows signed, last on {words.moment(local(state.signed_at))}"
        if state.signed_at
        else "nothing signed yet"
    )
    checked = (
        f"verified on {words.moment(local(state.checked_at))}"
        if state.checked_at
        else "verified for the first time tonight"
    )
    st.caption(f"Audit trail: {signed}; {checked}.")


def _alerts(viewer: Viewer) -> None:
    found = security.alerts(viewer, now=guard.now())
    fresh = [one for one in found if one.reviewed_at is None]
    if not fresh:
        empty(
            "Nothing unusual waits for you.",
            next_step="A burst of records opened, access at night or across schools, guessing at "
            "a password and every emergency view will stand here.",
        )
    for one in fresh:
        with st.container(border=True, gap="small", key=f"alert-{one.alert_id}"):
            st.markdown(f"**{plain(_says(one))}**")
            reason = f" Reason given: “{plain(one.reason)}”" if one.reason else ""
            st.caption(f"{_when(one)}.{reason}")
            if one.actor == viewer.staff_id:
                st.caption("Somebody else has to review what is about you.")
            elif st.button("Looked into", key=f"reviewed-{one.alert_id}"):
                security.review(viewer, alert_id=one.alert_id, now=guard.now())
                st.rerun()
    done = [one for one in found if one.reviewed_at is not None]
    if done:
        with st.expander(f"Looked into in the last 30 days ({len(done)})"):
            for one in done:
                st.markdown(f"- {plain(_says(one))} {_when(one)}.")


def _says(one: Alert) -> str:
    count = words.plural(one.count, "learner")
    return SAYS[one.kind].format(name=one.name, count=count, number=one.count)


def _when(one: Alert) -> str:
    first, last = local(one.starts_at), local(one.ends_at)
    if one.kind in DAYS:
        return f"Last on {words.moment(last)}"
    return f"{words.moment(first)}" + (f" to {last:%H:%M}" if last - first > YOUNG * 0 else "")


def _sessions(viewer: Viewer) -> None:
    found = oversight.open_sessions(viewer, now=guard.now())
    st.markdown(f"{words.plural(len(found), 'browser')} signed in.")
    head = ("Who", "Role", "Browser", "How", "Since", "Last used")
    rows = [
        (
            one.name,
            one.role,
            one.client,
            one.method,
            words.moment(local(one.created_at)),
            f"{local(one.last_seen_at):%H:%M}",
        )
        for one in found
    ]
    plain_table(head, rows, caption="Browsers signed in now", key="sessions")
    others = by_label([one for one in found if one.account_id != viewer.account_id])
    if not others:
        return
    with st.form("sign-out", border=False, width=420):
        who = st.selectbox("Sign somebody out everywhere", list(others), index=None)
        sent = st.form_submit_button("Sign out")
    if sent and who:
        oversight.sign_out(viewer, account_id=others[who], now=guard.now())
        st.rerun()


def by_label(found: Sequence[OpenSession]) -> dict[str, UUID]:
    """Accounts by what to call them; two people of one name are told apart by role, or a number."""
    known = {one.account_id: f"{one.name}, {one.role}" for one in reversed(found)}
    labels: dict[str, UUID] = {}
    for account, label in sorted(known.items(), key=lambda pair: (pair[1], pair[0])):
        same = sum(other.startswith(label) for other in labels)
        labels[f"{label} ({same + 1})" if same else label] = account
    return labels


def _keys(viewer: Viewer) -> None:
    st.markdown("Keys that wrap learners' own keys. The oldest in use should be under 90 days old.")
    rows, held = [], door().keystore.keys()
    for key in held:
        age = (key.retired_at or guard.now()) - key.created_at
        state = "destroyed" if key.retired_at else "due for rotation" if age > YOUNG else "in use"
        rows.append((key.kek_id, f"{key.created_at:%Y-%m-%d}", f"{age.days:,}", state))
    plain_table(("Key", "Made", "Days", "State"), rows, caption="Keys", key="keys")
    st.subheader("Uses in the last 30 days")
    st.caption(
        "Each hour's sums stand in the audit trail too, and are held against this list at night."
    )
    uses = security.key_uses(viewer, now=guard.now())
    if not uses:
        empty("No use of a key is recorded yet.")
        return
    plain_table(
        ("Key", "What for", "Times", "Last"),
        [(key, what, f"{times:,}", words.moment(local(at))) for key, what, times, at in uses],
        caption="Uses of keys",
        key="uses",
    )
