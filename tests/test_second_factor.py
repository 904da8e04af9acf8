"""The second factor: codes, their use, recovery, who must have one, and what a thief gets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, create_engine, text

from privacy import NotAllowed, clicks, second_factor, tickets, totp, web_sessions
from privacy.accounts import KnownAccount, Wait, set_password
from privacy.passwords import hashed
from privacy.proving import Proof, prove
from privacy.session import signin_session
from privacy.web_sessions import Standing
from tests import cast
from tests.conftest import District

NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
OWN = "three blue kettles"
STEP = timedelta(seconds=totp.STEP)
BROWSER = tickets.digest("browser of Adam")
RFC_6238 = {  # appendix B, for SHA-1: seconds since 1970 and the last six of its eight digits
    59: "287082",
    1111111109: "081804",
    1111111111: "050471",
    1234567890: "005924",
    2000000000: "279037",
    20000000000: "353130",
}


@pytest.fixture
def owner(district: District) -> Iterator[Connection]:
    """A connection that may change what the application may not, to set a scene."""
    engine = create_engine(district.super_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def account(name: str = "Adam Price") -> KnownAccount:
    """A member of the cast's account."""
    return KnownAccount(
        cast.STAFF[name][0],
        cast.of(f"account {name}"),
        cast.of(name),
        name.split()[0].lower(),
        False,
    )


def with_app(name: str = "Adam Price") -> tuple[KnownAccount, bytes, list[str]]:
    """An account whose app was confirmed an hour ago: it, the secret, the recovery codes."""
    who = account(name)
    secret = second_factor.begin(who.district_id, who.account_id, now=NOW)
    before = NOW - timedelta(hours=1)
    codes = second_factor.confirm(who, code(secret, before), now=before)
    assert isinstance(codes, list)
    return who, secret, codes


def code(secret: bytes, at: datetime) -> str:
    """What the app shows at a moment."""
    return totp.code(secret, totp.step_at(at))


@pytest.mark.parametrize(("seconds", "expected"), RFC_6238.items())
def test_codes_are_those_of_rfc_6238(seconds: int, expected: str) -> None:
    assert totp.code(b"12345678901234567890", seconds // totp.STEP) == expected


def test_the_right_code_proves_and_a_wrong_one_does_not(district: District) -> None:
    who, secret, _ = with_app()
    assert second_factor.check(who, "000000", now=NOW) is None
    assert second_factor.check(who, code(secret, NOW), now=NOW) == "password and code"


def test_a_code_works_once(district: District) -> None:
    who, secret, _ = with_app()
    assert second_factor.check(who, code(secret, NOW), now=NOW) == "password and code"
    assert second_factor.check(who, code(secret, NOW), now=NOW) is None


def test_a_code_before_the_last_one_used_is_refused(district: District) -> None:
    who, secret, _ = with_app()
    assert second_factor.check(who, code(secret, NOW), now=NOW)
    assert second_factor.check(who, code(secret, NOW - STEP), now=NOW) is None


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(district: District, steps: int, accepted: bool) -> None:
    who, secret, _ = with_app()
    proved = second_factor.check(who, code(secret, NOW + steps * STEP), now=NOW)
    assert (proved is not None) == accepted


def test_anothers_code_proves_nothing(district: District) -> None:
    who, _, _ = with_app()
    _, other, _ = with_app("Carla Weiss")
    assert second_factor.check(who, code(other, NOW), now=NOW) is None


def test_a_recovery_code_works_once_however_it_is_typed(district: District) -> None:
    who, _, codes = with_app()
    typed = f" {codes[3].upper().replace('-', ' ')} "
    assert second_factor.check(who, typed, now=NOW) == "password and recovery code"
    assert second_factor.check(who, codes[3], now=NOW) is None
    assert second_factor.factor(who.district_id, who.account_id).codes_left == 9


def test_new_recovery_codes_end_the_old(district: District) -> None:
    who, _, codes = with_app()
    fresh = second_factor.new_codes(who)
    assert second_factor.check(who, codes[0], now=NOW) is None
    assert second_factor.check(who, fresh[0], now=NOW)


def test_five_wrong_codes_cost_a_wait_that_a_right_password_does_not_end(
    district: District,
) -> None:
    who, secret, _ = with_app()
    for _ in range(5):
        assert second_factor.check(who, "000000", now=NOW) is None
    assert isinstance(second_factor.check(who, code(secret, NOW), now=NOW), Wait)


def test_without_a_confirmed_code_nothing_is_asked(district: District) -> None:
    who = account()
    second_factor.begin(who.district_id, who.account_id, now=NOW)
    assert not second_factor.asked_of(who)
    assert second_factor.confirm(who, "000000", now=NOW) is None
    assert not second_factor.asked_of(who)


def test_the_secret_shown_stays_the_same_until_it_is_confirmed(district: District) -> None:
    who = account()
    shown = {second_factor.begin(who.district_id, who.account_id, now=NOW) for _ in range(3)}
    assert len(shown) == 1


def test_a_password_alone_gets_no_ticket_where_a_code_is_asked(district: District) -> None:
    assert tickets.issue_ticket(account(), browser=BROWSER, now=NOW)  # the control
    who, _, _ = with_app()
    with pytest.raises(NotAllowed):
        tickets.issue_ticket(who, browser=BROWSER, now=NOW)
    assert tickets.issue_ticket(who, browser=BROWSER, now=NOW, method="password and code")


def first_password(owner: Connection, *, told: datetime, days: int | None = None) -> None:
    """Adam's password is one that somebody else chose."""
    owner.execute(
        text(
            "UPDATE chalkline.accounts SET must_change_password = true, first_password_at = :told"
            " WHERE sign_in_name = 'adam'"
        ),
        {"told": told},
    )
    rule = "settings || jsonb_build_object('first_password_days', CAST(:days AS integer))"
    if days:
        owner.execute(
            text(f"UPDATE chalkline.institutions SET settings = {rule} WHERE kind = 'district'"),
            {"days": days},
        )


@pytest.mark.parametrize(("days", "lasts"), [(None, 14), (3, 3)])
def test_a_first_password_runs_out_and_says_so(
    district: District, owner: Connection, days: int | None, lasts: int
) -> None:
    told = NOW - timedelta(days=lasts)
    first_password(owner, told=told + timedelta(minutes=1), days=days)
    assert tickets.issue_ticket(account(), browser=BROWSER, now=NOW)  # the control: not yet
    first_password(owner, told=told)
    with pytest.raises(NotAllowed, match=f"good for {lasts} days and has run out. Ask whoever"):
        tickets.issue_ticket(account(), browser=BROWSER, now=NOW)
    assert tickets.issue_ticket(account(), browser=BROWSER, now=NOW, method="provider")
    why = "SELECT detail ->> 'why' FROM chalkline.audit_log WHERE action = 'sign-in refused'"
    assert owner.scalars(text(why)).all() == ["first password has run out"]


def test_a_password_of_ones_own_does_not_run_out(district: District, owner: Connection) -> None:
    first_password(owner, told=NOW - timedelta(days=400))
    with signin_session() as db:
        set_password(
            db,
            district_id=cast.LAKESIDE,
            account_id=account().account_id,
            password="a long one of my own choice",
            now=NOW,
        )
    assert tickets.issue_ticket(account(), browser=BROWSER, now=NOW)


def test_the_database_holds_neither_secret_nor_codes(district: District, owner: Connection) -> None:
    _, secret, codes = with_app()
    stored = "".join(
        owner.scalar(text(f"SELECT string_agg(t::text, ' ') FROM chalkline.{table} t")) or ""
        for table in ("second_factors", "recovery_codes", "audit_log")
    )
    spelled = totp.shown(secret).replace(" ", "")
    for plain in (secret.hex(), spelled, secret.hex().encode().hex(), *codes):
        assert plain not in stored


def test_a_sealed_secret_does_not_open_for_another_account(
    district: District, owner: Connection
) -> None:
    who, secret, _ = with_app()
    with_app("Carla Weiss")
    owner.execute(
        text(
            "UPDATE chalkline.second_factors SET secret = (SELECT secret FROM"
            " chalkline.second_factors WHERE account_id = :a) WHERE account_id = :c"
        ),
        {"a": who.account_id, "c": cast.of("account Carla Weiss")},
    )
    with pytest.raises(Exception, match="altered, belongs to another row"):
        second_factor.check(account("Carla Weiss"), code(secret, NOW), now=NOW)


def standing(name: str) -> Standing:
    """What a new session of hers may do."""
    ticket = tickets.issue_ticket(account(name), browser=BROWSER, now=NOW)
    assert ticket is not None
    traded = tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW)
    assert traded is not None
    found = clicks.standing(tickets.digest(traded[0]), now=NOW)
    assert isinstance(found, Standing)
    return found


def rule(owner: Connection, *, generated: bool, setting: str | None) -> None:
    """Sets a district's rule."""
    owner.execute(
        text(
            "UPDATE chalkline.institutions SET generated = :g, settings = CASE WHEN"
            " CAST(:s AS text) IS NULL THEN '{}' ELSE jsonb_build_object('second_factor', :s) END"
        ),
        {"g": generated, "s": setting},
    )


@pytest.mark.parametrize(
    ("generated", "setting", "name", "must"),
    [
        (True, None, "Adam Price", False),
        (False, None, "Adam Price", True),
        (False, None, "Carla Weiss", True),
        (False, None, "Sam Shah", True),
        (False, None, "Tess Moran", False),
        (False, "offered", "Adam Price", False),
        (True, "required", "Carla Weiss", True),
    ],
)
def test_who_must_add_a_second_factor(
    district: District,
    owner: Connection,
    generated: bool,
    setting: str | None,
    name: str,
    must: bool,
) -> None:
    rule(owner, generated=generated, setting=setting)
    assert standing(name).must_add_factor is must


def test_whoever_has_one_is_asked_to_add_none(district: District, owner: Connection) -> None:
    rule(owner, generated=False, setting=None)
    here = standing("Adam Price")
    with_app()
    again = clicks.standing(here.session, now=NOW)
    assert isinstance(again, Standing)
    assert not again.must_add_factor


def test_removing_it_ends_every_other_session(district: District) -> None:
    here, elsewhere = standing("Adam Price"), standing("Adam Price")
    with_app()
    web_sessions.drop_factor(here, Proof(account(), NOW), now=NOW)
    assert isinstance(clicks.standing(here.session, now=NOW), Standing)
    assert not isinstance(clicks.standing(elsewhere.session, now=NOW), Standing)
    assert not second_factor.asked_of(account())


def test_a_change_of_the_second_factor_takes_password_and_code_again(
    district: District, owner: Connection
) -> None:
    owner.execute(text("UPDATE chalkline.accounts SET password_hash = :h"), {"h": hashed(OWN)})
    who, secret, codes = with_app()

    def proved(password: str, typed: str, step: int = 0) -> Proof | Wait | None:
        return prove(who, password=password, code=typed, now=NOW + step * STEP)

    assert proved("a wrong one", code(secret, NOW)) is None
    assert proved(OWN, "") is None
    assert proved(OWN, "000000") is None
    assert isinstance(proved(OWN, code(secret, NOW)), Proof)  # the control
    assert proved(OWN, code(secret, NOW)) is None  # it was used
    assert isinstance(proved(OWN, codes[0]), Proof)
    owner.execute(text("DELETE FROM chalkline.second_factors"))
    assert isinstance(proved(OWN, ""), Proof)  # who has none adds one by password alone


@pytest.mark.parametrize(
    "proof", [Proof(account("Sam Shah"), NOW), Proof(account(), NOW - timedelta(minutes=2))]
)
def test_neither_anothers_proof_nor_an_old_one_changes_it(district: District, proof: Proof) -> None:
    here = standing("Adam Price")
    with_app()
    with pytest.raises(NotAllowed, match="again"):
        web_sessions.drop_factor(here, proof, now=NOW)
    with pytest.raises(NotAllowed, match="again"):
        web_sessions.renew_codes(here.account, proof, now=NOW)
    assert second_factor.asked_of(account())


def test_a_password_alone_is_no_proof_for_a_change_of_the_second_factor(
    district: District, owner: Connection
) -> None:
    """It is enough to sign out elsewhere."""
    owner.execute(text("UPDATE chalkline.accounts SET password_hash = :h"), {"h": hashed(OWN)})
    here = standing("Adam Price")
    with_app()
    proof = prove(account(), password=OWN, code=None, now=NOW)
    assert isinstance(proof, Proof)
    with pytest.raises(NotAllowed, match="again"):
        web_sessions.drop_factor(here, proof, now=NOW)
    web_sessions.end_others(here, proof, now=NOW)


def test_coming_going_and_failing_are_in_the_trail(district: District, owner: Connection) -> None:
    who, secret, _ = with_app()
    second_factor.check(who, "000000", now=NOW)
    second_factor.check(who, code(secret, NOW), now=NOW)
    here = standing("Tess Moran")
    web_sessions.end_others(here, Proof(here.account, NOW), now=NOW)
    web_sessions.end(here.session, now=NOW)
    rows = owner.execute(
        text("SELECT action, actor, role FROM chalkline.audit_log ORDER BY at")
    ).all()
    adam, tess = cast.of("Adam Price"), cast.of("Tess Moran")
    assert [(row.action, row.actor) for row in rows] == [
        ("second factor added", adam),
        ("recovery codes made", adam),
        ("sign-in refused", adam),
        ("signed in", tess),
        ("signed out everywhere else", tess),
        ("signed out", tess),
    ]
    assert {row.role for row in rows} == {"sign-in"}
