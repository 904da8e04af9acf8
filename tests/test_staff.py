"""Staff and roles: nobody raises herself, and what reaches a whole district takes two people."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

import privacy
from db.tables import AuditEntry
from privacy import NotAllowed, Viewer, accounts, passwords
from queries import deciding, posts, second_person, staff
from queries.posts import FirstPassword
from queries.staff import Colleague
from tests import cast
from tests.conftest import District

ADAM, SAM, TESS = (cast.viewer(name) for name in ("Adam Price", "Sam Shah", "Tess Moran"))
NOW = datetime.now(UTC)
ELM, WHOLE = cast.of("Elm Middle School"), cast.of("Lakeside")
GIVE = (
    "INSERT INTO chalkline.staff_roles (district_id, staff_id, role, school_id, starts_on)"
    " VALUES (1, :s, :r, :p, '2026-03-20')"
)


def colleague(name: str) -> Colleague:
    """Somebody as the page shows her."""
    return next(one for one in staff.colleagues(ADAM, today=cast.TODAY) if one.name == name)


def roles(name: str) -> list[str]:
    """The roles that somebody holds."""
    return [post.role for post in colleague(name).posts]


def lets_in(first: FirstPassword | None) -> bool:
    """Whether a password that was told signs in."""
    assert first is not None
    attempt = accounts.begin_attempt(first.sign_in_name, now=NOW)
    assert isinstance(attempt, accounts.Attempt)
    right = passwords.matches(first.password, attempt.password_hash)
    accounts.settle(attempt, right=right, now=NOW)
    return right and attempt.account is not None and not attempt.account.disabled


def give(viewer: Viewer, who: UUID, role: str, place: UUID = WHOLE) -> None:
    """The bare statement, as somebody would send it who has found a way past the page."""
    with privacy.session(viewer) as db:
        db.execute(text(GIVE), {"s": who, "r": role, "p": place})


def waiting() -> list[second_person.Request]:
    """What the security officer is asked."""
    return second_person.waiting(SAM, now=datetime.now(UTC))


def test_the_list_is_of_ones_own_district(district: District) -> None:
    people = staff.colleagues(ADAM, today=cast.TODAY)
    assert {one.name for one in people} == {
        name for name, (home, _, _) in cast.STAFF.items() if home == cast.LAKESIDE
    }
    assert colleague("Tess Moran").sign_in_name == "tess"


def test_somebody_invited_signs_in_with_the_password_told_once(district: District) -> None:
    told = posts.invite(
        ADAM, name="Nina Falk", sign_in_name="Nina", role="teacher", school_id=ELM, today=cast.TODAY
    )
    assert lets_in(told)
    assert roles("Nina Falk") == ["teacher"]


def test_a_role_given_holds_today_and_one_ended_does_not(district: District) -> None:
    who = cast.of("Tess Moran")
    assert posts.assign(ADAM, staff_id=who, role="counselor", school_id=ELM, today=cast.TODAY)
    assert roles("Tess Moran") == ["counselor", "teacher"]
    for post in colleague("Tess Moran").posts:
        posts.end(ADAM, staff_id=who, post=post, today=cast.TODAY)
    assert roles("Tess Moran") == []


@pytest.mark.parametrize("role", ["teacher", "counselor", "administrator", "records", "security"])
def test_no_administrator_gives_herself_a_role(district: District, role: str) -> None:
    with pytest.raises(NotAllowed, match="Nobody changes her own access"):
        posts.assign(ADAM, staff_id=ADAM.staff_id, role=role, school_id=ELM, today=cast.TODAY)
    with pytest.raises(DBAPIError, match="row-level security"):
        give(ADAM, ADAM.staff_id, role, ELM)


@pytest.mark.parametrize("role", ["administrator", "records", "security"])
def test_one_person_alone_gives_no_powerful_role(district: District, role: str) -> None:
    who = cast.of("Omar Haddad")
    with pytest.raises(DBAPIError, match="row-level security"):
        give(ADAM, who, role)
    assert not posts.assign(ADAM, staff_id=who, role=role, school_id=WHOLE, today=cast.TODAY)
    with pytest.raises(DBAPIError, match="row-level security"):
        give(ADAM, who, role)  # whoever asked may not also do it
    assert roles("Omar Haddad") == ["teacher"]


def test_a_second_person_agrees_and_it_is_done(district: District) -> None:
    who = cast.of("Omar Haddad")
    posts.assign(ADAM, staff_id=who, role="records", school_id=WHOLE, today=cast.TODAY)
    [request] = waiting()
    with pytest.raises(NotAllowed, match="can not be the second person"):
        deciding.decide(ADAM, request=request, agreed=True, today=cast.TODAY, now=NOW)
    deciding.decide(SAM, request=request, agreed=True, today=cast.TODAY, now=NOW)
    assert roles("Omar Haddad") == ["records", "teacher"]
    assert waiting() == []


def test_what_was_declined_is_not_done_and_does_not_wait(district: District) -> None:
    posts.assign(
        ADAM, staff_id=cast.of("Omar Haddad"), role="records", school_id=WHOLE, today=cast.TODAY
    )
    [request] = waiting()
    deciding.decide(SAM, request=request, agreed=False, today=cast.TODAY, now=NOW)
    assert roles("Omar Haddad") == ["teacher"]
    with pytest.raises(DBAPIError, match="row-level security"):
        give(SAM, cast.of("Omar Haddad"), "records")


def test_what_was_decided_is_not_decided_again_on_a_page_that_is_old(district: District) -> None:
    who = cast.of("Omar Haddad")
    posts.assign(ADAM, staff_id=who, role="records", school_id=WHOLE, today=cast.TODAY)
    [request] = waiting()
    deciding.decide(SAM, request=request, agreed=True, today=cast.TODAY, now=NOW)
    for agreed in (False, True):
        with pytest.raises(NotAllowed, match="decided before"):
            deciding.decide(SAM, request=request, agreed=agreed, today=cast.TODAY, now=NOW)
    with district.jobs.begin() as db:
        said = select(AuditEntry.action).where(AuditEntry.action.like("request %"))
        assert db.scalars(said).all() == ["request agreed"]


def test_a_request_is_for_what_was_asked_and_for_a_week(district: District) -> None:
    who = cast.of("Omar Haddad")
    posts.assign(ADAM, staff_id=who, role="records", school_id=WHOLE, today=cast.TODAY)
    for role, place in (("security", WHOLE), ("records", ELM)):
        with pytest.raises(DBAPIError, match="row-level security"):
            give(SAM, who, role, place)
    with district.jobs.begin() as db:
        db.execute(text("UPDATE chalkline.role_requests SET asked_at = now() - interval '8 days'"))
    assert waiting() == []
    with pytest.raises(DBAPIError, match="row-level security"):
        give(SAM, who, "records")


def test_nobody_asks_for_herself_or_in_anothers_name(district: District) -> None:
    ask = text(
        "INSERT INTO chalkline.role_requests (district_id, request_id, kind, staff_id, role,"
        " school_id, asked_by) VALUES (1, gen_random_uuid(), 'role', :s, 'security', :p, :by)"
    )
    for who, by, why in (
        (ADAM.staff_id, ADAM.staff_id, "check constraint"),
        (ADAM.staff_id, SAM.staff_id, "row-level security"),
    ):
        with pytest.raises(DBAPIError, match=why), privacy.session(ADAM) as db:
            db.execute(ask, {"s": who, "p": WHOLE, "by": by})


@pytest.mark.parametrize("name", ["Tess Moran", "Carla Weiss", "Rita Sol"])
def test_other_roles_change_nobodys_access(district: District, name: str) -> None:
    for statement in (
        GIVE,
        "UPDATE chalkline.staff_roles SET ends_on = NULL",
        "UPDATE chalkline.accounts SET disabled_at = NULL",
        "SELECT sign_in_name FROM chalkline.accounts",
    ):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            privacy.session(cast.viewer(name)) as db,
        ):
            db.execute(text(statement), {"s": cast.of(name), "r": "teacher", "p": ELM})


def test_no_password_hash_is_readable(district: District) -> None:
    for viewer in (ADAM, SAM):
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(viewer) as db:
            db.execute(text("SELECT password_hash FROM chalkline.accounts"))


def test_a_teachers_password_is_reset_by_one_and_a_clerks_by_two(district: District) -> None:
    assert lets_in(posts.reset(ADAM, person=colleague("Tess Moran"), now=NOW))
    assert posts.reset(ADAM, person=colleague("Rita Sol"), now=NOW) is None
    statement = text("UPDATE chalkline.accounts SET password_hash = 'x' WHERE sign_in_name = :name")
    for name in ("rita", "adam"):
        with pytest.raises(DBAPIError, match="row-level security"), privacy.session(ADAM) as db:
            db.execute(statement, {"name": name})
    [request] = waiting()
    assert lets_in(deciding.decide(SAM, request=request, agreed=True, today=cast.TODAY, now=NOW))


def test_a_shut_account_is_out_and_a_powerful_one_opens_by_two(district: District) -> None:
    rita = colleague("Rita Sol")
    posts.shut(ADAM, person=rita, now=NOW)
    assert colleague("Rita Sol").disabled
    with pytest.raises(NotAllowed, match="a second person agrees"):
        posts.open_again(ADAM, person=rita)
    with pytest.raises(DBAPIError, match="row-level security"), privacy.session(ADAM) as db:
        db.execute(
            text("UPDATE chalkline.accounts SET disabled_at = NULL WHERE sign_in_name = 'rita'")
        )
    posts.shut(ADAM, person=colleague("Tess Moran"), now=NOW)
    posts.open_again(ADAM, person=colleague("Tess Moran"))
    assert not colleague("Tess Moran").disabled


def test_the_last_administrator_stays(district: District) -> None:
    [post] = colleague("Adam Price").posts
    with pytest.raises(NotAllowed, match="Nobody else administers"):
        posts.end(ADAM, staff_id=ADAM.staff_id, post=post, today=cast.TODAY)


def test_another_districts_people_are_out_of_reach(district: District) -> None:
    zoe = cast.of("Zoe Quist")
    with pytest.raises(DBAPIError), privacy.session(ADAM) as db:
        db.execute(
            text(GIVE.replace("(1,", "(2,")),
            {"s": zoe, "r": "teacher", "p": cast.of("Hillcrest Academy")},
        )
    with privacy.session(ADAM) as db:
        changed = db.execute(
            text("UPDATE chalkline.accounts SET disabled_at = now() WHERE sign_in_name = 'zoe'")
        )
    assert changed.rowcount == 0


def test_every_change_is_in_the_trail_without_a_name(district: District) -> None:
    posts.invite(
        ADAM, name="Nina Falk", sign_in_name="nina", role="teacher", school_id=ELM, today=cast.TODAY
    )
    posts.end(
        ADAM,
        staff_id=colleague("Nina Falk").staff_id,
        post=colleague("Nina Falk").posts[0],
        today=cast.TODAY,
    )
    posts.assign(
        ADAM, staff_id=cast.of("Omar Haddad"), role="records", school_id=WHOLE, today=cast.TODAY
    )
    with district.jobs.begin() as db:
        rows = db.execute(
            text("SELECT action, detail::text FROM chalkline.audit_log ORDER BY at")
        ).all()
    assert [row.action for row in rows] == [
        "role given",
        "account made",
        "role ended",
        "asked a second person",
    ]
    assert "nina" not in str(rows).lower()
