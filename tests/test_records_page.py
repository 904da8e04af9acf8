"""The records office as a clerk works it: every part, each request to its end, and its papers."""

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, update
from streamlit.testing.v1 import AppTest

import privacy
from components import copies
from db.people import PlainPerson, write_sealed
from db.tables import ErasureRequest, Learner, RetentionBatch, RetentionRule
from pages.records import disclosing, office
from pages.records import requests as shown
from pages.students.links import token
from privacy import policies, retention
from privacy.erasure import Custody
from privacy.keystore import open_keystore
from privacy.people import sealer
from privacy.requests import run_requests
from queries.records import disclosures, requests
from tests import cast
from tests.conftest import District
from tests.test_custody import ADAM, ANA, BEN, NOW, RITA, gone, opened, rule, verified
from tests.test_pages import press, said, show

PAGE = "pages.records.office"


def records(part: str = "Requests", viewer: privacy.Viewer = RITA, **query: str) -> AppTest:
    return show(PAGE, viewer, {"part": part, **query})


@pytest.fixture
def custody(district: District, tmp_path: Path) -> Custody:
    return Custody(open_keystore(district.settings.key_file), tmp_path / "erased.list")


def label(app: AppTest, kind: str, text: str) -> Any:
    return next(one for one in app.get(kind) if one.label == text)


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ("Requests", "No request waits for an answer"),
        ("Consents", "Nobody's consent is missing"),
        ("What fell due", "This district has no retention rules"),
        ("Holds", "No hold is in force"),
    ],
)
def test_an_empty_part_says_so_and_what_to_do(district: District, part: str, sentence: str) -> None:
    assert sentence in said(records(part)).replace("\\", "")


def test_a_clerk_opens_a_file_by_full_name_and_sees_rights_not_learning(
    district: District,
) -> None:
    page = records("A learner's file")
    label(page, "text_input", "Full name of the learner").input("Ana Ruiz")
    text = said(press(page, "Open the file"))
    assert "Elm Middle School; grade 7; 12 years old" in text
    assert "open to you for four hours" in text
    assert "tired" not in text


def test_of_two_learners_of_one_name_the_clerk_picks_one(
    district: District, custody: Custody
) -> None:
    twin = PlainPerson(uuid4(), "Ana", "Ruiz", birth_date="2014-01-02")
    with district.jobs.begin() as db:
        db.execute(
            insert(Learner).values(
                district_id=1,
                learner_id=twin.learner_id,
                school_id=cast.of("Oak Middle School"),
                academic_level="middle",
                grade_level=6,
            )
        )
        write_sealed(db, 1, sealer(custody.keystore)(1, [twin]))
    page = records("A learner's file")
    label(page, "text_input", "Full name of the learner").input("Ana Ruiz")
    press(page, "Open the file")
    text = said(press(page, "Ana Ruiz: Oak Middle School, grade 6"))
    assert "Oak Middle School; grade 6; 12 years old" in text


def test_an_unknown_name_says_how_to_search(district: District) -> None:
    page = records("A learner's file")
    label(page, "text_input", "Full name of the learner").input("Ana")
    assert "No learner of this district has this full name" in said(press(page, "Open the file"))


def test_a_file_that_is_not_open_stays_closed_by_its_address(district: District) -> None:
    text = said(records("A learner's file", learner=token(RITA, ANA)))
    assert "Search for her by her full name" in text
    assert "Ana" not in text


def test_a_request_goes_from_the_file_to_the_copy(district: District, custody: Custody) -> None:
    opened("Ana Ruiz")
    page = records("A learner's file", learner=token(RITA, ANA))
    press(page, "Register")
    page = records()
    assert "1 open request" in said(page)
    assert "See the record: Ana Ruiz" in said(page)
    press(page, "Identity is certain")
    assert run_requests(district.jobs, custody, now=NOW) == {"copies": 1}
    page = press(records(), "Open the copy")
    assert [one.label for one in page.get("download_button")] == [
        "To read (PDF)",
        "Tables (CSV)",
        "For machines (JSON)",
    ]
    press(page, "Handed over: close")
    assert "No request waits" in said(records())


def test_a_clerk_corrects_a_record_on_the_page(district: District, custody: Custody) -> None:
    opened("Ana Ruiz")
    verified(ANA, "correction")
    page = records()
    assert "Contact 1: name" not in [one.label for one in page.text_input]
    label(page, "toggle", "Open what is held").set_value(True).run()
    assert label(page, "text_input", "Contact 1: name").value == "A parent"
    label(page, "text_input", "Family name").input("Reyes")
    label(page, "text_input", "Birth date (year-month-day)").input("2012-04-05")
    press(page, "Correct")
    assert "It stands in her record within a minute" in said(records())
    assert run_requests(district.jobs, custody, now=NOW) == {"corrected": 1}
    assert "No request waits" in said(records())
    assert "Ana Reyes" in said(records("A learner's file", learner=token(RITA, ANA)))


def test_a_correction_is_declined_on_the_page_and_the_family_answers_in_the_file(
    district: District,
) -> None:
    opened("Ana Ruiz")
    verified(ANA, "correction")
    page = records()
    label(page, "text_area", "Why it is declined").input("The passport says *so*.")
    press(page, "Decline and close")
    file_page = records("A learner's file", learner=token(RITA, ANA))
    assert "The passport says" in said(file_page)
    label(file_page, "text_area", "What the family says").input("It is Anna.")
    press(file_page, "Keep it with her record")
    text = said(records("A learner's file", learner=token(RITA, ANA)))
    assert "The family says:** It is Anna." in text


def test_the_registrar_is_told_that_a_colleague_must_approve(district: District) -> None:
    opened("Ana Ruiz")
    verified(ANA, "erasure")
    page = records()
    assert "a colleague of the records office approves it" in said(page)
    assert "Approve erasing" not in [button.label for button in page.button]
    press(records(viewer=ADAM), "Approve erasing")
    assert "within a minute or two" in said(records())


def test_two_clerks_decide_on_what_fell_due(district: District, custody: Custody) -> None:
    rule(district, "left")
    gone(district, ANA)
    gone(district, BEN)
    with district.jobs.begin() as db:
        retention.prepare(db, custody.keystore, 1, today=cast.TODAY, now=NOW)
    page = records("What fell due")
    assert "Delete the whole record of 2 learners" in said(page)
    press(page, "Propose")
    assert "a colleague of the records office approves" in said(records("What fell due"))
    assert "Approve" not in [button.label for button in records("What fell due").button]
    press(records("What fell due", ADAM), "Approve")
    assert "being carried out" in said(records("What fell due"))
    with district.jobs.begin() as db:
        assert db.scalar(select(RetentionBatch.approved_by)) == ADAM.staff_id


def test_delete_at_13_says_why_it_is_off_where_it_is_set(district: District) -> None:
    with district.jobs.begin() as db:
        policies.install(db, 1, "COPPA")
        db.execute(delete(RetentionRule).where(RetentionRule.trigger != "turned 13"))
    assert "destroys records that schools must keep" in said(records("What fell due")).replace(
        "\\", ""
    )


def test_who_must_be_asked_for_consent_is_listed(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(update(Learner).where(Learner.learner_id == BEN).values(consent_state="pending"))
    page = records("Consents")
    assert "1 learner without a valid consent" in said(page)
    assert "When the form comes back" in said(page)


def test_an_overdue_request_is_said_at_the_top(district: District) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    with district.jobs.begin() as db:
        db.execute(
            update(ErasureRequest).values(
                received_on=cast.TODAY.replace(month=1), due_on=cast.TODAY.replace(day=1)
            )
        )
    text = said(records())
    assert "1 past the deadline" in text
    assert "overdue since" in text


def test_a_hold_is_placed_and_lifted(district: District) -> None:
    page = records("Holds")
    label(page, "text_input", "The order or case").input("Court order 26-114")
    press(page, "Place the hold")
    page = records("Holds")
    assert "Everybody's records" in said(page)
    press(page, "Lift the hold")
    assert "No hold is in force" in said(records("Holds"))


def test_the_parts_of_the_page_are_what_the_docs_name() -> None:
    told = (Path(__file__).parents[1] / "docs" / "records.md").read_text(encoding="utf-8")
    assert [part for part in office.PARTS if f"## {part}" not in told] == []


# Papers


def test_the_printed_copy_and_disclosure_record_are_pdfs(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    run_requests(district.jobs, custody, now=NOW)
    (request,) = requests.open_requests(RITA)
    copy = requests.copy_of(RITA, request=request)
    assert shown.paper(RITA, request, copy)[:5] == b"%PDF-"
    told = disclosures.disclosure_record(RITA, learner_id=ANA)
    assert disclosing.paper(RITA, told)[:5] == b"%PDF-"


def test_a_copy_in_csv_runs_no_formula() -> None:
    copy = {"about": {"flags": [{"words": "=HYPERLINK(1)", "n": -3}]}, "left_out": {}}
    with zipfile.ZipFile(io.BytesIO(copies.to_csv_files(copy))) as archive:
        assert archive.read("flags.csv").decode("utf-8-sig") == "words,n\n'=HYPERLINK(1),-3\n"
