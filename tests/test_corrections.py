"""Corrections of a learner's record: carried out, declined with the family's words, refused."""

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from db.tables import Correction, Learner, LearnerPii
from privacy import NotAllowed, Viewer, fields
from privacy import corrections as stored
from privacy.datakeys import data_keys
from privacy.erasure import Custody
from privacy.keystore import open_keystore
from privacy.requests import run_requests
from queries.records import corrections, files, requests
from queries.students.contacts import Contact, parsed
from tests import cast
from tests.conftest import District
from tests.test_custody import ADAM, ANA, NOW, RITA, ask, dump, opened, verified


@pytest.fixture
def custody(district: District, tmp_path: Path) -> Custody:
    return Custody(open_keystore(district.settings.key_file), tmp_path / "erased.list")


def corrected(district: District, custody: Custody, **asked: str | None) -> None:
    """Ana's record corrected from beginning to end."""
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    corrections.accept(RITA, request=request, asked=asked, now=NOW)
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1}


def test_a_correction_is_sealed_anew_found_by_the_new_name_and_keeps_no_old_value(
    district: District, custody: Custody
) -> None:
    with district.jobs.begin() as db:
        token = db.scalar(select(LearnerPii.name_token).where(LearnerPii.learner_id == ANA))
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    asked = {"family_name": "Reyes-Fontane", "birth_date": "2011-12-24", "given_name": "Ana"}
    parts = corrections.accept(RITA, request=request, asked=asked, now=NOW)
    assert parts == ("birth_date", "family_name")  # the given name is what is held
    (waiting,) = requests.open_requests(RITA)
    assert waiting.step == "correcting"
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1}
    assert requests.open_requests(RITA) == []
    assert opened("Ana Reyes-Fontane").years == 14
    assert files.open_files(RITA, typed="Ana Ruiz", purpose="request", now=NOW) == []
    left = dump(district)
    for value in ("Reyes", "2011-12-24", "2013-04-05", "Ruiz", bytes(token).hex()):
        assert value not in left
    with district.jobs.begin() as db:
        key = data_keys(db, custody.keystore, 1, [ANA])[ANA]
        row = db.execute(select(LearnerPii).where(LearnerPii.learner_id == ANA)).one()
        place = {"table": "learner_pii", "row": ANA, "district": "1"}
        assert (
            fields.decrypt(key, row.family_name, column="family_name", **place)
            == asked["family_name"]
        )  # the control: it is there, sealed
        assert fields.decrypt(key, row.email, column="email", **place) == "ana@learners.example"
        age_group = select(Learner.age_group).where(Learner.learner_id == ANA)
        assert db.scalar(age_group) == "14-15"
        told = db.execute(
            text(
                "SELECT actor, role, subject, detail - 'request' AS detail"
                " FROM chalkline.audit_log WHERE action = 'corrected record'"
            )
        ).one()
    assert tuple(told) == (
        RITA.staff_id,
        "records",
        cast.of("anonymous Ana Ruiz"),
        {"parts": ["birth_date", "family_name"]},
    )


def test_a_closed_request_is_not_accepted_nor_an_accepted_one_closed(
    district: District, custody: Custody
) -> None:
    """Two clerks with the same page open: what the trail says was accepted is also made."""
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    corrections.accept(RITA, request=request, asked={"family_name": "Fontane"}, now=NOW)
    with pytest.raises(NotAllowed, match="is made within minutes"):
        requests.close(RITA, request=request, outcome="refused", now=NOW)
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1}
    opened("Ana Fontane")
    other = verified(ANA, "correction")
    requests.close(RITA, request=other, outcome="refused", now=NOW)
    with pytest.raises(NotAllowed):
        corrections.accept(RITA, request=other, asked={"family_name": "Ruiz"}, now=NOW)
    with district.jobs.begin() as db:
        assert db.scalars(select(Correction.outcome)).all() == ["accepted"]


def test_what_is_asked_is_sealed_while_it_waits_and_gone_when_done(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    corrections.accept(RITA, request=request, asked={"family_name": "Fontane"}, now=NOW)
    assert "Fontane" not in dump(district)
    with district.jobs.begin() as db:
        assert db.scalar(select(Correction.asked)) is not None
    run_requests(district.jobs, custody, now=NOW)
    with district.jobs.begin() as db:
        assert db.scalar(select(Correction.asked)) is None


def test_contacts_are_corrected_and_one_without_a_name_is_taken_out(
    district: District, custody: Custody
) -> None:
    home = [
        Contact("Luz Reyes", "mother", "+1 555 0107", "luz@family.example", True),
        Contact(" ", "", "", "", False),
    ]
    corrected(district, custody, contacts=corrections.contacts_text(home))
    with district.jobs.begin() as db:
        key = data_keys(db, custody.keystore, 1, [ANA])[ANA]
        stored = db.scalar(select(LearnerPii.contacts).where(LearnerPii.learner_id == ANA))
    plain = fields.decrypt(
        key, stored, table="learner_pii", column="contacts", row=ANA, district="1"
    )
    assert parsed(plain) == (home[0],)


def test_a_copy_made_before_a_correction_is_made_again(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    run_requests(district.jobs, custody, now=NOW)
    requests.register(
        RITA, learner_id=ANA, kind="correction", law="FERPA", requested_by="parent",
        received_on=cast.TODAY,
    )  # fmt: skip
    request = next(r for r in requests.open_requests(RITA) if r.kind == "correction")
    requests.verify(RITA, request=request, check=requests.CHECKS[0], now=NOW)
    request = next(r for r in requests.open_requests(RITA) if r.kind == "correction")
    corrections.accept(RITA, request=request, asked={"given_name": "Anna"}, now=NOW)
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1, "copies": 1}
    (asked,) = requests.open_requests(RITA)
    copy = requests.copy_of(RITA, request=asked)
    assert copy["about"]["learner_pii"][0]["given_name"] == "Anna"


def test_opening_what_is_held_is_noted_once_and_tells_who_and_about_whom(
    district: District,
) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    for _ in range(3):
        assert corrections.held(RITA, request=request).given_name == "Ana"
    with district.jobs.begin() as db:
        noted = db.execute(
            text(
                "SELECT actor, subject FROM chalkline.audit_log"
                " WHERE action = 'opened fields to correct'"
            )
        ).all()
    assert [tuple(one) for one in noted] == [(RITA.staff_id, cast.of("anonymous Ana Ruiz"))]


def test_nothing_is_corrected_before_it_is_certain_who_asks(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    request = ask(ANA, "correction")
    with pytest.raises(NotAllowed, match="Make sure first"):
        corrections.held(RITA, request=request)
    with pytest.raises(NotAllowed, match="Make sure first"):
        corrections.accept(RITA, request=request, asked={"given_name": "X"}, now=NOW)
    with privacy.session(RITA) as db:  # past the page
        key = data_keys(db, custody.keystore, 1, [ANA])[ANA]
        number = uuid4()
        new = stored.sealed(
            key, '{"given_name": "X"}', correction=number, column="asked", district=1
        )
        db.execute(insert(Correction).inline().values(**_by(RITA, request, number), asked=new))
    assert run_requests(district.jobs, custody, now=NOW) == {}
    requests.verify(RITA, request=request, check=requests.CHECKS[0], now=NOW)  # the control
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1}


def _by(viewer: Viewer, request: requests.Request, number: UUID) -> dict[str, object]:
    return {
        "district_id": 1,
        "correction_id": number,
        "request_id": request.request_id,
        "learner_id": request.learner_id,
        "outcome": "accepted",
        "parts": ["given_name"],
        "decided_by": viewer.staff_id,
        "decided_at": NOW,
    }


def test_nobody_corrects_in_anothers_name_or_writes_the_record_herself(district: District) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    with pytest.raises(DBAPIError, match="row-level security"), privacy.session(RITA) as db:
        db.execute(insert(Correction).inline().values(**_by(ADAM, request, uuid4())))
    for viewer in (RITA, cast.viewer("Tess Moran"), cast.viewer("Adam Price")):
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(viewer) as db:
            db.execute(update(LearnerPii).values(given_name=b""))
    with (
        pytest.raises(DBAPIError, match="permission denied"),
        privacy.session(cast.viewer("Tess Moran")) as db,
    ):
        db.execute(select(Correction.statement))


def test_a_statement_on_what_was_declined_stays_with_the_record_and_goes_into_copies(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    with pytest.raises(NotAllowed, match="Say why"):
        corrections.decline(RITA, request=request, reason=" ", statement="", now=NOW)
    why = "The passport says so."
    corrections.decline(RITA, request=request, reason=why, statement="", now=NOW)
    assert requests.open_requests(RITA) == []
    (one,) = corrections.declined(RITA, learner_id=ANA)
    opened("Ana Ruiz", ADAM)  # a colleague takes the family's words down
    corrections.attach(
        ADAM, learner_id=ANA, correction_id=one.correction_id, statement="It is Anna."
    )
    (one,) = corrections.declined(RITA, learner_id=ANA)
    assert (one.reason, one.statement) == (why, "It is Anna.")
    assert "passport" not in dump(district)
    assert "It is Anna" not in dump(district)
    verified(ANA, "access")
    run_requests(district.jobs, custody, now=NOW)
    (asked,) = requests.open_requests(RITA)
    (stated,) = requests.copy_of(RITA, request=asked)["about"]["corrections"]
    assert stated["statement"] == "It is Anna."


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"given_name": "", "family_name": ""}, "needs a name"),
        ({"given_name": "A" * 81}, "80 letters"),
        ({"email": "ana at home"}, "no e-mail address"),
        ({"birth_date": "2013-02-30"}, "can not be a birth date"),
        ({"birth_date": "2026-03-20"}, "can not be a birth date"),
        ({"given_name": "A\u0007na"}, "can not be printed"),
        ({"given_name": "Ana", "birth_date": "2013-04-05"}, "held already"),
        ({"grade": "8"}, "student system"),
    ],
)
def test_a_correction_that_can_not_be_is_refused_in_words(
    district: District, asked: dict[str, str], why: str
) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    with pytest.raises(NotAllowed, match=why):
        corrections.accept(RITA, request=request, asked=asked, now=NOW)


def test_a_birth_date_that_makes_her_a_child_online_waits_for_a_parent(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(Learner)
            .where(Learner.learner_id == ANA)
            .values(collected="online", age_group="14-15", consent_state="pending")
        )
    opened("Ana Ruiz")
    request = verified(ANA, "correction")
    with pytest.raises(NotAllowed, match="a parent must consent first"):
        corrections.accept(RITA, request=request, asked={"birth_date": "2014-04-05"}, now=NOW)
