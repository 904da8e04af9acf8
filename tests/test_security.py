"""The security officer's page: alerts, the search in the trail, others' sessions, exports."""

from datetime import UTC, date, datetime
from uuid import UUID

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import privacy
from components.show import to_csv
from db.audit.unusual import GUESSES, REFUSED
from db.audit.work import chain_all
from pages.account.security import by_label
from privacy import NotAllowed, Viewer, clicks, oversight, tickets, trail, web_sessions
from privacy.accounts import KnownAccount
from privacy.oversight import OpenSession
from queries import security
from queries.students.learner import learner_record
from queries.students.viewed import own_looks
from tests import cast
from tests.conftest import District

TESS, SAM, ADAM = (cast.viewer(name) for name in ("Tess Moran", "Sam Shah", "Adam Price"))
NOW = datetime.now(UTC)
BROWSER = tickets.digest("browser")


def signed_in(viewer: Viewer) -> bytes:
    """A new session of hers."""
    account = KnownAccount(viewer.district_id, viewer.account_id, viewer.staff_id, "x", False)
    ticket = tickets.issue_ticket(account, browser=BROWSER, now=NOW)
    assert ticket is not None
    traded = tickets.redeem(ticket, browser=BROWSER, client="Firefox", former=None, now=NOW)
    assert traded is not None
    return tickets.digest(traded[0])


def test_the_search_finds_by_person_action_learner_and_day(district: District) -> None:
    learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=cast.TODAY)
    with privacy.session(cast.viewer("Omar Haddad")) as db:
        trail.record(db, cast.viewer("Omar Haddad"), "exported table", detail={"rows": 3})
    ana = cast.of("anonymous Ana Ruiz")
    by_person = security.entries(SAM, actor=cast.of("Omar Haddad"))
    assert [(one.name, one.action) for one in by_person] == [("Omar Haddad", "exported table")]
    by_learner = security.entries(SAM, learner=ana)
    assert {one.action for one in by_learner} == {"viewed learner", "saw learners"}
    assert {one.name for one in by_learner} == {"Tess Moran"}
    assert security.entries(SAM, action="viewed learner")[0].learner == ana
    began, today = NOW.date(), datetime.now(UTC).date()  # midnight may lie between
    assert security.entries(SAM, action="viewed learner", first=began, last=today)
    assert not security.entries(SAM, action="viewed learner", last=date(2020, 1, 1))
    assert not security.entries(SAM, action="viewed learner", first=date(2100, 1, 1))


def test_two_people_of_one_name_can_each_be_signed_out() -> None:
    def one(number: int, role: str) -> OpenSession:
        return OpenSession(UUID(int=number), "Ana Ruiz", role, "Firefox", "password", NOW, NOW)

    found = [one(1, "teacher"), one(2, "counselor"), one(3, "teacher"), one(1, "teacher")]
    assert by_label(found) == {
        "Ana Ruiz, counselor": UUID(int=2),
        "Ana Ruiz, teacher": UUID(int=1),
        "Ana Ruiz, teacher (2)": UUID(int=3),
    }


def test_searching_the_trail_is_itself_in_the_trail(district: District) -> None:
    security.entries(SAM, actor=TESS.staff_id)
    [searched] = security.entries(SAM, action="searched audit")
    assert searched.name == "Sam Shah"


def test_nobody_else_reads_alerts_or_others_rows(district: District) -> None:
    learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=cast.TODAY)
    with pytest.raises(DBAPIError, match="permission denied"):
        security.alerts(ADAM, now=NOW)
    assert {one.name for one in security.entries(ADAM)} <= {"Adam Price"}


def test_a_reviewed_alert_is_put_away_and_ones_own_is_not_ones_to_review(
    district: District,
) -> None:
    for who in ("Tess Moran", "Sam Shah"):
        with privacy.signin_session() as db:
            for _ in range(GUESSES):
                trail.signing_in(db, REFUSED, district_id=1, staff_id=cast.of(who))
    chain_all(district.jobs, now=NOW)
    found = {one.name: one for one in security.alerts(SAM, now=NOW)}
    assert {(one.kind, one.count) for one in found.values()} == {("guessing", GUESSES)}
    assert security.review(SAM, alert_id=found["Tess Moran"].alert_id, now=NOW)
    assert not security.review(SAM, alert_id=found["Sam Shah"].alert_id, now=NOW)
    fresh = [one.name for one in security.alerts(SAM, now=NOW) if one.reviewed_at is None]
    assert fresh == ["Sam Shah"]
    assert security.entries(SAM, action="reviewed alert")


def test_the_security_officer_signs_somebody_out_and_nobody_else_can(district: District) -> None:
    hers = signed_in(TESS)
    assert [one.name for one in oversight.open_sessions(SAM, now=NOW)] == ["Tess Moran"]
    for viewer in (TESS, ADAM):
        with pytest.raises(NotAllowed):
            oversight.open_sessions(viewer, now=NOW)
        with pytest.raises(NotAllowed):
            oversight.sign_out(viewer, account_id=TESS.account_id, now=NOW)
    assert isinstance(clicks.standing(hers, now=NOW), web_sessions.Standing)
    oversight.sign_out(SAM, account_id=TESS.account_id, now=NOW)
    assert not isinstance(clicks.standing(hers, now=NOW), web_sessions.Standing)


def test_another_districts_sessions_are_out_of_sight_and_reach(district: District) -> None:
    zoe = cast.viewer("Zoe Quist")
    hers = signed_in(zoe)
    assert oversight.open_sessions(SAM, now=NOW) == []
    oversight.sign_out(SAM, account_id=zoe.account_id, now=NOW)
    assert isinstance(clicks.standing(hers, now=NOW), web_sessions.Standing)


def test_a_person_reads_what_she_has_viewed_by_name_while_it_is_hers(district: District) -> None:
    learner_record(TESS, learner_id=cast.of("Ana Ruiz"), today=cast.TODAY)
    assert "Ana Ruiz" in {one.learner for one in own_looks(TESS)}
    assert own_looks(cast.viewer("Omar Haddad")) == []
    with district.jobs.begin() as db:
        db.execute(text("UPDATE chalkline.class_staff SET ends_on = '2026-03-01'"))
    looks = own_looks(TESS)
    assert {one.learner for one in looks} == {None}
    assert "viewed learner" in {one.action for one in looks}


@given(cell=st.text(max_size=30), column=st.text(max_size=10))
@example(cell="a\r=1+1", column="\r\t")
def test_no_cell_of_an_export_starts_a_formula(cell: str, column: str) -> None:
    table = pd.DataFrame({column: [cell, f"={cell}", f" @{cell}", f"\t{cell}"]})
    import csv
    import io

    rows = csv.reader(io.StringIO(to_csv(table).decode("utf-8-sig"), newline=""))
    for value in (value for row in rows for value in row):
        start = value.lstrip(" \n")[:1]
        assert start not in ("=", "@", "\t", "\r") or value.startswith("'")
        if start in ("+", "-"):
            assert value.strip(" \n+-").replace(".", "", 1).isdigit()
