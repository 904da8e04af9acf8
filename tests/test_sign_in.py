"""Signing in: right and wrong passwords, waits, tickets, and what ends a session."""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from sqlalchemy import Connection, create_engine, func, select, text

from db.tables import Account, SignInAttempt, WebSession
from privacy import (
    NotAllowed,
    accounts,
    clicks,
    close_door,
    identities,
    open_door,
    passwords,
    tickets,
    web_sessions,
)
from privacy.accounts import Attempt, KnownAccount, Wait, begin_attempt, settle, wait_after
from privacy.clicks import Ended
from privacy.proving import Proof, prove
from privacy.web_sessions import Standing
from tests import cast
from tests.conftest import District

NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)
PASSWORD = "three blue kettles"
BROWSER = tickets.digest("browser of Tess")
HASH = passwords.hashed(PASSWORD)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def owner(district: District) -> Iterator[Connection]:
    """A connection that may change what the application may not, to set a scene."""
    engine = create_engine(district.super_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            text("UPDATE chalkline.accounts SET password_hash = :hash"), {"hash": HASH}
        )
        yield connection
    engine.dispose()


def tried(name: str, password: str, at: datetime) -> bool | Wait:
    """One go at signing in: whether it was let in, or how long to wait."""
    attempt = begin_attempt(name, now=at)
    if isinstance(attempt, Wait):
        return attempt
    right = passwords.matches(password, attempt.password_hash)
    settle(attempt, right=right, now=at)
    return right and attempt.account is not None


def account(name: str) -> KnownAccount:
    """The account of a member of the cast."""
    attempt = begin_attempt(name, now=NOW)
    assert isinstance(attempt, Attempt)
    assert attempt.account is not None
    settle(attempt, right=True, now=NOW)
    return attempt.account


def signed_in(name: str, at: datetime = NOW) -> bytes:
    """The hash of a new session of a member of the cast."""
    ticket = tickets.issue_ticket(account(name), browser=BROWSER, now=at)
    assert ticket is not None
    traded = tickets.redeem(ticket, browser=BROWSER, client="Firefox", former=None, now=at)
    assert traded is not None
    return tickets.digest(traded[0])


def test_the_right_password_lets_in(owner: Connection) -> None:
    assert tried("Tess ", PASSWORD, NOW) is True


def test_a_wrong_password_does_not(owner: Connection) -> None:
    assert tried("tess", PASSWORD + ".", NOW) is False


def test_an_unknown_name_does_not(owner: Connection) -> None:
    assert tried("nobody", PASSWORD, NOW) is False


def test_an_account_without_a_password_is_not_let_in_by_any(
    district: District, owner: Connection
) -> None:
    owner.execute(text("UPDATE chalkline.accounts SET password_hash = NULL"))
    assert tried("tess", "", NOW) is False


@pytest.mark.parametrize("length", [73, 200, 1000])
def test_every_character_of_a_long_password_counts(length: int) -> None:
    password = ("correct horse battery staple " * 40)[:length]
    kept = passwords.hashed(password)
    assert passwords.matches(password, kept)
    assert not passwords.matches(password[:-1] + "!", kept)


def test_a_password_may_hold_any_character() -> None:
    password = "Straße\0im Süden 日本 \ud800"
    kept = passwords.hashed(password)
    assert passwords.matches(password, kept)
    assert not passwords.matches(password.replace("\0im", "\0am"), kept)


def test_an_unknown_name_takes_as_long_as_a_wrong_password(owner: Connection) -> None:
    passwords.nobodys_hash()  # made when the application starts
    spent: dict[str, list[float]] = {"tess": [], "nobody": []}
    for n in range(4):
        for name, times in spent.items():
            start = time.thread_time()  # not the clock on the wall: other tests run beside this one
            tried(name, f"wrong {n}", NOW + n * timedelta(days=2))
            times.append(time.thread_time() - start)
    known, unknown = (statistics.median(times) for times in spent.values())
    assert known > 0.05  # the control: a hash was computed at all
    assert abs(known - unknown) < 0.25 * known


def test_an_unknown_name_makes_the_same_trail(owner: Connection) -> None:
    for name in ("tess", "nobody"):
        for _ in range(2):
            tried(name, "wrong", NOW)
    per_name = owner.execute(
        select(func.count()).select_from(SignInAttempt).group_by(SignInAttempt.name_hash)
    )
    assert [row[0] for row in per_name] == [2, 2]


@pytest.mark.parametrize("name", ["tess", "nobody"])
def test_the_fifth_wrong_password_costs_a_minute_and_the_next_costs_two(
    owner: Connection, name: str
) -> None:
    for _ in range(5):
        assert tried(name, "wrong", NOW) is False
    assert tried(name, PASSWORD, NOW) == Wait(NOW + MINUTE)
    assert tried(name, "wrong", NOW + MINUTE) is False
    assert tried(name, PASSWORD, NOW + MINUTE) == Wait(NOW + 3 * MINUTE)


def test_the_right_password_ends_the_count(owner: Connection) -> None:
    for _ in range(4):
        tried("tess", "wrong", NOW)
    assert tried("tess", PASSWORD, NOW + MINUTE) is True
    for _ in range(4):
        assert tried("tess", "wrong", NOW + 2 * MINUTE) is False
    assert tried("tess", PASSWORD, NOW + 3 * MINUTE) is True


def test_a_wait_survives_a_restart(district: District, owner: Connection) -> None:
    for _ in range(5):
        tried("tess", "wrong", NOW)
    close_door()
    open_door(district.settings, app_url=district.app_url)
    assert isinstance(tried("tess", PASSWORD, NOW), Wait)


def test_guesses_sent_at_once_are_counted_one_by_one(owner: Connection) -> None:
    outcomes: list[object] = []
    threads = [
        Thread(target=lambda: outcomes.append(begin_attempt("tess", now=NOW))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(outcome, Attempt) for outcome in outcomes) == 5


def test_an_administrator_can_end_a_wait(owner: Connection) -> None:
    for _ in range(5):
        tried("tess", "wrong", NOW)
    accounts.forget_failures(owner, "Tess")
    assert tried("tess", PASSWORD, NOW) is True


def test_no_wait_is_longer_than_an_hour() -> None:
    assert wait_after(10_000) == timedelta(hours=1)


def test_an_account_shows_its_wrong_passwords_to_an_administrator(owner: Connection) -> None:
    for _ in range(5):
        tried("tess", "wrong", NOW)
    row = owner.execute(
        select(Account.failed_attempts, Account.locked_until).where(Account.sign_in_name == "tess")
    ).one()
    assert tuple(row) == (5, NOW + MINUTE)


def test_what_is_typed_as_a_name_is_not_kept(owner: Connection) -> None:
    tried("my secret password", "x", NOW)
    stored = owner.scalar(text("SELECT string_agg(a::text, ' ') FROM chalkline.sign_in_attempts a"))
    assert stored is not None
    assert "secret" not in stored
    assert tickets.digest("my secret password").hex() not in stored


def test_a_ticket_works_once(owner: Connection) -> None:
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    once = tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW)
    assert once is not None
    assert tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW) is None


def test_a_ticket_traded_twice_at_once_works_once(owner: Connection) -> None:
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    got: list[object] = []

    def trade() -> None:
        got.append(tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW))

    threads = [Thread(target=trade) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(token is not None for token in got) == 1


def test_a_ticket_works_for_a_minute(owner: Connection) -> None:
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    assert tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW + MINUTE) is None


def test_a_ticket_works_in_no_other_browser(owner: Connection) -> None:
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    other = tickets.digest("another browser")
    assert tickets.redeem(ticket, browser=other, client="", former=None, now=NOW) is None
    assert tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW) is not None


def test_a_forged_ticket_works_nowhere(owner: Connection) -> None:
    assert tickets.redeem("forged", browser=BROWSER, client="", former=None, now=NOW) is None


def test_signing_in_again_ends_the_browsers_former_session(owner: Connection) -> None:
    former = signed_in("tess")
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    assert tickets.redeem(ticket, browser=BROWSER, client="", former=former, now=NOW)
    assert clicks.standing(former, now=NOW) is Ended.SIGNED_OUT


def test_a_session_stands_for_the_person_and_her_role(owner: Connection) -> None:
    standing = clicks.standing(signed_in("tess"), now=NOW)
    assert isinstance(standing, Standing)
    viewer = standing.viewer
    assert (viewer.staff_id, viewer.role) == (cast.of("Tess Moran"), "teacher")
    assert (viewer.today, viewer.district_name) == (cast.TODAY, "Lakeside")


def test_no_token_is_in_the_database(owner: Connection) -> None:
    ticket = tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW)
    assert ticket is not None
    traded = tickets.redeem(ticket, browser=BROWSER, client="", former=None, now=NOW)
    assert traded is not None
    for table in ("web_sessions", "sign_in_tickets"):
        stored = owner.scalar(text(f"SELECT string_agg(t::text, ' ') FROM chalkline.{table} t"))
        assert stored is not None
        for secret in (ticket, traded[0]):
            assert secret not in stored
            assert secret.encode().hex() not in stored
        assert "tess" not in stored


def test_a_session_ends_after_15_idle_minutes(owner: Connection) -> None:
    session = signed_in("tess")
    last = NOW + timedelta(minutes=15) - timedelta(seconds=1)
    assert isinstance(clicks.standing(session, now=last), Standing)
    assert clicks.standing(session, now=NOW + timedelta(minutes=15)) is Ended.IDLE


def test_a_click_keeps_a_session_alive_and_looking_does_not(owner: Connection) -> None:
    clicked, looked = signed_in("tess"), signed_in("omar")
    at = NOW + timedelta(minutes=14)
    clicks.touch(clicked, now=at)
    clicks.standing(looked, now=at)
    later = NOW + timedelta(minutes=20)
    assert isinstance(clicks.standing(clicked, now=later), Standing)
    assert clicks.standing(looked, now=later) is Ended.IDLE


def test_an_ended_session_is_not_revived_by_a_click(owner: Connection) -> None:
    session = signed_in("tess")
    late = NOW + timedelta(minutes=16)
    clicks.touch(session, now=late)
    assert clicks.standing(session, now=late) is Ended.IDLE


def test_a_session_ends_after_8_hours_of_clicks(owner: Connection) -> None:
    session = signed_in("tess")
    for minutes in range(0, 480, 10):
        clicks.touch(session, now=NOW + minutes * MINUTE)
    last = NOW + timedelta(hours=8) - MINUTE
    assert isinstance(clicks.standing(session, now=last), Standing)
    assert clicks.standing(session, now=NOW + timedelta(hours=8)) is Ended.TOO_LONG


def test_signing_out_ends_the_session(owner: Connection) -> None:
    session = signed_in("tess")
    web_sessions.end(session, now=NOW)
    assert clicks.standing(session, now=NOW) is Ended.SIGNED_OUT


def test_a_disabled_account_is_out_at_once_and_not_let_in_again(owner: Connection) -> None:
    session, known = signed_in("tess"), account("tess")
    owner.execute(text("UPDATE chalkline.accounts SET disabled_at = now()"))
    assert clicks.standing(session, now=NOW) is Ended.CLOSED
    assert account("tess").disabled
    assert tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW) is None
    assert not known.disabled  # the control: it was the switch that did it


def test_a_role_that_has_ended_is_out_at_once_and_not_let_in_again(owner: Connection) -> None:
    session = signed_in("tess")
    owner.execute(
        text("UPDATE chalkline.staff_roles SET ends_on = :day WHERE staff_id = :who"),
        {"day": date(2026, 3, 19), "who": cast.of("Tess Moran")},
    )
    assert clicks.standing(session, now=NOW) is Ended.CLOSED
    assert tickets.issue_ticket(account("tess"), browser=BROWSER, now=NOW) is None


def test_a_role_holds_on_its_last_day(owner: Connection) -> None:
    session = signed_in("tess")
    owner.execute(text("UPDATE chalkline.staff_roles SET ends_on = :day"), {"day": cast.TODAY})
    assert isinstance(clicks.standing(session, now=NOW), Standing)


def test_a_person_may_work_in_another_role_only_if_she_holds_it(owner: Connection) -> None:
    session = signed_in("tess")
    standing = clicks.standing(session, now=NOW)
    assert isinstance(standing, Standing)
    assert not web_sessions.work_as(standing.viewer, "administrator", now=NOW)
    owner.execute(
        text(
            "INSERT INTO chalkline.staff_roles SELECT district_id, staff_id, 'counselor', "
            "school_id, starts_on FROM chalkline.staff_roles WHERE staff_id = :who"
        ),
        {"who": cast.of("Tess Moran")},
    )
    assert web_sessions.work_as(standing.viewer, "counselor", now=NOW)
    now_as = clicks.standing(session, now=NOW)
    assert isinstance(now_as, Standing)
    assert (now_as.viewer.role, now_as.roles) == ("counselor", ("teacher", "counselor"))


def test_a_new_password_ends_every_other_session(owner: Connection) -> None:
    here, elsewhere, omar = signed_in("tess"), signed_in("tess"), signed_in("omar")
    standing = clicks.standing(here, now=NOW)
    assert isinstance(standing, Standing)
    web_sessions.replace_password(standing.viewer, "four green kettles", now=NOW)
    assert isinstance(clicks.standing(here, now=NOW), Standing)
    assert clicks.standing(elsewhere, now=NOW) is Ended.SIGNED_OUT
    assert isinstance(clicks.standing(omar, now=NOW), Standing)
    assert tried("tess", "four green kettles", NOW) is True
    assert tried("tess", PASSWORD, NOW) is False


def test_signing_out_elsewhere_takes_the_password_again(owner: Connection) -> None:
    """Whoever finds her browser open can not lock her out of the others."""
    here, phone, desk = signed_in("tess"), signed_in("tess"), signed_in("tess")
    omar = signed_in("omar")
    standing = clicks.standing(here, now=NOW)
    assert isinstance(standing, Standing)
    assert prove(standing.account, password="a guess", code=None, now=NOW) is None
    old = Proof(standing.account, NOW - timedelta(minutes=2))
    for worthless in (None, old):
        with pytest.raises(NotAllowed, match="password"):
            web_sessions.end_others(standing, worthless, now=NOW)
    proof = prove(standing.account, password=PASSWORD, code=None, now=NOW)
    assert isinstance(proof, Proof)
    web_sessions.end_others(standing, proof, now=NOW, one=omar)
    assert isinstance(clicks.standing(omar, now=NOW), Standing)  # not hers to end
    web_sessions.end_others(standing, proof, now=NOW, one=phone)
    assert clicks.standing(phone, now=NOW) is Ended.SIGNED_OUT
    assert isinstance(clicks.standing(desk, now=NOW), Standing)
    web_sessions.end_others(standing, proof, now=NOW)
    assert clicks.standing(desk, now=NOW) is Ended.SIGNED_OUT
    assert isinstance(clicks.standing(here, now=NOW), Standing)


def test_a_person_sees_only_her_own_sessions(owner: Connection) -> None:
    here, elsewhere = signed_in("tess"), signed_in("tess")
    signed_in("omar")
    standing = clicks.standing(here, now=NOW)
    assert isinstance(standing, Standing)
    own = web_sessions.own_sessions(standing.viewer, now=NOW)
    assert {(each.token_hash, each.here) for each in own} == {(here, True), (elsewhere, False)}


def test_tidying_deletes_what_is_over_and_nothing_else(owner: Connection) -> None:
    old, fresh = signed_in("tess"), signed_in("omar", at=NOW + timedelta(days=40))
    web_sessions.tidy(now=NOW + timedelta(days=40))
    assert list(owner.scalars(select(WebSession.token_hash))) == [fresh]
    assert old != fresh


def test_an_identity_is_matched_by_issuer_and_subject_never_by_mail(owner: Connection) -> None:
    owner.execute(
        text(
            "UPDATE chalkline.accounts SET oidc_issuer = 'https://id.example', "
            "oidc_subject = 'tess-1' WHERE sign_in_name = 'tess'"
        )
    )
    found = identities.account_of({"iss": "https://id.example", "sub": "tess-1"})
    assert found is not None
    assert found.staff_id == cast.of("Tess Moran")
    assert identities.account_of({"iss": "https://evil.example", "sub": "tess-1"}) is None
    assert identities.account_of({"iss": "https://id.example", "email": "tess"}) is None
    assert identities.account_of({}) is None


@pytest.mark.parametrize(
    "password", ["short", "aaaaaaaaaaaaaaa", "tess and her kettles", "x" * 1001 + "abcde"]
)
def test_a_weak_password_is_refused_in_words(password: str) -> None:
    said = passwords.weakness(password, sign_in_name="tess@lakeside.example")
    assert said is not None
    assert said.endswith(".")
