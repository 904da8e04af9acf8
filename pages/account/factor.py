"""The second factor of one's own account: an authenticator app, and recovery codes on paper."""

import segno
import streamlit as st

from components import words
from pages import guard
from privacy import second_factor, totp
from privacy.accounts import Wait
from privacy.passwords import LONGEST
from privacy.proving import WRONG, Proof, prove
from privacy.second_factor import Factor
from privacy.web_sessions import Standing, drop_factor, renew_codes

WIDTH = 420  # pixels
WRONG_CODE = "That code is not right. Wait until the app shows the next one and type that."
WAIT = "Too many wrong tries. Wait a while and try again."


def section(standing: Standing) -> None:
    """The part of My account."""
    st.header("Second factor")
    viewer = standing.viewer
    state = second_factor.factor(viewer.district_id, viewer.account_id)
    if state.confirmed_at is None:
        st.write(
            "With an authenticator app, whoever finds out your password still can not sign in as "
            "you. Any app that shows six-digit codes will do."
        )
        with st.expander("Set up an authenticator app", key="factor", on_change="rerun") as part:
            if part.open:
                _set_up(standing, with_password=True)
        return
    st.write(
        f"On since {words.moment(state.confirmed_at)}. "
        f"{words.plural(state.codes_left, 'recovery code')} left."
    )
    _change(standing, state)


def first_factor(standing: Standing, _: str) -> None:
    """All that a person sees whose role needs a second factor and who has none yet."""
    st.title("Add a second factor")
    st.write(
        f"Your district asks everybody who works as {standing.viewer.role} for a code from an "
        "authenticator app besides the password. It takes a minute."
    )
    _set_up(standing, with_password=False)  # she has just typed it
    if st.button("Sign out", icon=":material/logout:"):
        guard.go("/auth/leave")


def _set_up(standing: Standing, *, with_password: bool) -> None:
    who = standing.account
    secret = second_factor.begin(who.district_id, who.account_id, now=guard.now())
    picture = segno.make(totp.address(secret, name=standing.sign_in_name), error="m")
    st.markdown("1. Scan this picture with the app.")
    st.image(
        picture.svg_inline(scale=5, border=4, dark="#000", light="#fff"),
        alt="QR code with the key that is written out below",
    )
    st.markdown(f"   Or type this key into it: `{totp.shown(secret)}`")
    with st.form("confirm-factor", clear_on_submit=True, width=WIDTH):
        typed = st.text_input(
            "2. Type the six digits it shows", autocomplete="one-time-code", max_chars=12
        )
        password = _password_field("confirm-password") if with_password else ""
        sent = st.form_submit_button("Turn on")
    if not sent or (with_password and _proof(standing, password) is None):
        return
    codes = second_factor.confirm(who, typed, now=guard.now())
    if isinstance(codes, Wait):
        st.error(WAIT)
    elif codes is None:
        st.error(WRONG_CODE)
    else:
        _show(codes)


def _show(codes: list[str]) -> None:
    st.success("Your second factor is on. You will be asked for a code when you sign in.")
    st.markdown(
        "**Write these recovery codes down or print them now; they are shown this once.** Each "
        "lets you in once without the app."
    )
    st.code("\n".join(codes), language=None)
    st.button("I have kept them")


def _change(standing: Standing, state: Factor) -> None:
    with (
        st.expander("New recovery codes, or remove the second factor"),
        st.form("change-factor", clear_on_submit=True, width=WIDTH),
    ):
        password = _password_field("factor-password")
        code = st.text_input(
            "Code",
            autocomplete="one-time-code",
            max_chars=60,
            help="The six digits the app shows now, or one of your recovery codes.",
            key="factor-code",
        )
        renew = st.form_submit_button("Make new recovery codes")
        removed = st.form_submit_button("Remove second factor")
    if not (renew or removed):
        return
    proof = _proof(standing, password, code)
    if proof is None:
        return
    if renew:
        _show(renew_codes(standing.account, proof, now=guard.now()))
    else:
        drop_factor(standing, proof, now=guard.now())
        st.rerun()


def _password_field(key: str) -> str:
    return st.text_input(
        "Present password",
        type="password",
        autocomplete="current-password",
        max_chars=LONGEST,
        key=key,
    )


def _proof(standing: Standing, password: str, code: str | None = None) -> Proof | None:
    """That it is she; None, and a sentence, when it is not."""
    proof = prove(standing.account, password=password, code=code or "", now=guard.now())
    if isinstance(proof, Wait):
        st.error(WAIT)
        return None
    if proof is None:
        st.error("The present password is not right." if code is None else WRONG)
    return proof
