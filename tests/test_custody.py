"""The records office: what a clerk sees, consents, requests, retention, what erasing reaches."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import create_engine, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

import privacy
from db.erasing import TOMBSTONES, rows_of, tables_of_learners
from db.locks import Work, alone
from db.people import PlainPerson
from db.refresh import refresh
from db.tables import (
    AnonymousHistory,
    AuditEntry,
    Consent,
    DataKey,
    ErasureRequest,
    Learner,
    LearnerPii,
    LegalHold,
    RecordOpening,
    ReleaseRow,
    RetentionBatch,
    RetentionItem,
    RetentionRule,
    SealedExport,
)
from privacy import NotAllowed, Viewer, falling_due, fields, policies, retention
from privacy.consent import ConsentError
from privacy.erasure import Custody, erased_before, replay
from privacy.keystore import open_keystore
from privacy.people import sealer
from privacy.requests import run_requests
from queries.records import consents, disclosures, files, holds, requests
from queries.records import retention as decisions
from queries.students.learner import learner_record
from tests import cast
from tests.conftest import District

ANA, BEN, FINN, YAN = (cast.of(n) for n in ("Ana Ruiz", "Ben Cole", "Finn Gray", "Yan Zhou"))
RITA = cast.viewer("Rita Sol")
ADAM = cast.viewer("Adam Price", role="records")  # the second clerk
NOW = cast.NOW


@pytest.fixture
def custody(district: District, tmp_path: Path) -> Custody:
    return Custody(open_keystore(district.settings.key_file), tmp_path / "erased.list")


def opened(name: str, viewer: Viewer = RITA) -> files.LearnerFile:
    (file,) = files.open_files(viewer, typed=name, purpose="consent", now=NOW)
    return file


# What a clerk sees


def seen(viewer: Viewer) -> set[UUID]:
    with privacy.session(viewer) as db:
        return set(db.scalars(select(LearnerPii.learner_id)))


def test_a_clerk_sees_nobody_until_she_has_somebody_in_hand(district: District) -> None:
    assert seen(RITA) == set()
    assert opened("Ana Ruiz").name == "Ana Ruiz"
    assert seen(RITA) == {ANA}
    assert seen(ADAM) == set()  # opened by one clerk, not by the office


def test_a_file_closes_again(district: District) -> None:
    opened("Ana Ruiz")
    with district.jobs.begin() as db:
        db.execute(
            update(RecordOpening).values(
                opened_at=RecordOpening.opened_at - timedelta(hours=5),
                expires_at=RecordOpening.expires_at - timedelta(hours=5),
            )
        )
    assert seen(RITA) == set()
    with pytest.raises(NotAllowed, match="Search for her"):
        files.learner_file(RITA, learner_id=ANA)


def test_a_file_of_another_district_is_not_found(district: District) -> None:
    assert files.open_files(RITA, typed="Yan Zhou", purpose="consent", now=NOW) == []


@pytest.mark.parametrize("typed", ["Ana", "Ruiz", "", "An Ruiz", "%", "Ana Ruiz Ben Cole"])
def test_half_a_name_opens_no_file(district: District, typed: str) -> None:
    assert files.open_files(RITA, typed=typed, purpose="consent", now=NOW) == []


def test_an_open_request_hold_or_batch_is_the_whole_offices(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    ask(ANA, "access")
    opened("Finn Gray")
    holds.place(RITA, learner_id=FINN, reason="Court order 26-114", now=NOW)
    gone(district, BEN)
    due_now(district, custody)
    assert seen(ADAM) == {ANA, FINN, BEN}


def test_a_clerk_reads_nothing_of_learning_or_wellbeing(district: District) -> None:
    opened("Ana Ruiz")
    for table in (
        "enrollments", "section_progress", "learning_interactions", "assessment_attempts",
        "item_responses", "attendance", "behaviour_events", "mastery", "risk_scores", "flags",
        "interventions", "intervention_notes", "enrollment_state", "protected_attributes",
        "anonymous_history",
    ):  # fmt: skip
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(RITA) as db:
            db.execute(text(f"SELECT district_id FROM chalkline.{table}"))
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(RITA) as db:
        db.execute(text("SELECT accessibility_needs FROM chalkline.learners"))


@pytest.mark.parametrize(
    ("name", "role"),
    [("Tess Moran", "teacher"), ("Carla Weiss", "counselor"), ("Adam Price", "administrator")],
)
def test_nobody_else_searches_or_opens_files(district: District, name: str, role: str) -> None:
    viewer = cast.viewer(name)
    with pytest.raises(NotAllowed, match="records office"):
        files.open_files(viewer, typed="Ana Ruiz", purpose="consent", now=NOW)
    for statement in (
        "SELECT chalkline.records_search(ARRAY[]::bytea[])",
        "SELECT * FROM chalkline.consent_counts()",
        f"SELECT * FROM chalkline.disclosure_log('{ANA}')",
        "SELECT learner_id FROM chalkline.record_openings",
        "SELECT learner_id FROM chalkline.legal_holds",
        "SELECT learner_id FROM chalkline.erasure_requests",
        "SELECT learner_id FROM chalkline.retention_items",
        "SELECT learner_id FROM chalkline.sealed_exports",
    ):
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(viewer) as db:
            db.execute(text(statement))
    with privacy.session(viewer) as db:
        assert db.scalars(text("SELECT chalkline.records_learners()")).all() == []


def test_a_clerk_deletes_nothing_and_opens_files_in_no_other_name(district: District) -> None:
    opened("Ana Ruiz")
    for table in ("learners", "consents", "legal_holds", "erasure_requests", "retention_rules"):
        with pytest.raises(DBAPIError, match="permission denied"), privacy.session(RITA) as db:
            db.execute(text(f"DELETE FROM chalkline.{table}"))
    with pytest.raises(DBAPIError, match="row-level security"), privacy.session(RITA) as db:
        db.execute(
            insert(RecordOpening)
            .inline()
            .values(district_id=1, staff_id=ADAM.staff_id, learner_id=BEN, purpose="hold")
        )


# Consent


def child(**more: object) -> PlainPerson:
    return PlainPerson(uuid4(), "Kim", "Young", birth_date="2014-06-01", **more)


def test_online_data_of_a_child_without_a_parents_consent_is_refused_with_what_is_needed(
    custody: Custody,
) -> None:
    seal = sealer(custody.keystore, today=cast.TODAY)
    with pytest.raises(ConsentError, match="who consented, when, how it was verified") as refusal:
        seal(cast.LAKESIDE, [child(collected="online")])
    assert "Kim" not in str(refusal.value)
    assert "2014" not in str(refusal.value)
    consented = child(collected="online", parent_consented_on=date(2026, 1, 2))
    assert len(seal(cast.LAKESIDE, [consented, child()])) == 2  # and the roster needs none


@pytest.mark.parametrize("born", [None, "unknown", "2013-03-21"])
def test_who_may_be_twelve_is_treated_as_twelve(custody: Custody, born: str | None) -> None:
    seal = sealer(custody.keystore, today=cast.TODAY)
    with pytest.raises(ConsentError):
        seal(1, [replace(child(collected="online"), birth_date=born)])
    assert seal(1, [replace(child(collected="online"), birth_date="2013-03-20")])  # 13 today


def test_the_database_itself_refuses_a_child_online_without_consent(district: District) -> None:
    row = {
        "district_id": 1,
        "school_id": cast.of("Elm Middle School"),
        "academic_level": "middle",
        "age_group": "11-13",
        "collected": "online",
    }
    with pytest.raises(IntegrityError, match="children_online"), district.jobs.begin() as db:
        db.execute(insert(Learner).values(**row, learner_id=uuid4(), consent_state="pending"))
    with district.jobs.begin() as db:
        db.execute(insert(Learner).values(**row, learner_id=uuid4(), consent_state="parental"))


FORM = consents.NewConsent("COPPA", "learning software", "2026-2", "parent", "signed form")


def test_a_consent_says_who_gave_it_how_and_to_which_version(district: District) -> None:
    pending(district, ANA)
    (asked,) = consents.standing(RITA).asked_for
    assert asked.name == "Ana Ruiz"
    consents.give(RITA, learner_id=ANA, consent=FORM, now=NOW + timedelta(hours=1))
    file = opened("Ana Ruiz")
    newest = file.consents[0]
    assert (newest.version, newest.given_by, newest.method, newest.counts) == (
        "2026-2", "parent", "signed form", True,
    )  # fmt: skip
    assert file.consent_state == "parental"


def test_withdrawing_the_last_consent_leaves_a_learner_held_on_none(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(update(Learner).where(Learner.learner_id == ANA).values(consent_state="own"))
    file = opened("Ana Ruiz")
    (given,) = file.consents
    consents.withdraw(RITA, learner_id=ANA, consent_id=given.consent_id, now=NOW)
    file = files.learner_file(RITA, learner_id=ANA)
    assert (file.consent_state, file.consents[0].counts) == ("withdrawn", False)
    with pytest.raises(NotAllowed, match="before"):
        consents.withdraw(RITA, learner_id=ANA, consent_id=given.consent_id, now=NOW)


def test_rights_pass_to_the_learner_at_18(district: District, custody: Custody) -> None:
    born(district, custody, ANA, "2008-03-20")  # 18 today
    file = opened("Ana Ruiz")
    assert file.adult
    assert not file.consents[0].counts  # her parent's, given before
    with pytest.raises(ConsentError, match="her rights are her own"):
        consents.give(RITA, learner_id=ANA, consent=FORM, now=NOW)
    with pytest.raises(ConsentError, match="her rights are her own"):
        ask(ANA, "access")
    requests.register(
        RITA, learner_id=ANA, kind="access", law="FERPA", requested_by="learner",
        received_on=cast.TODAY,
    )  # fmt: skip
    born(district, custody, ANA, "2008-03-21")  # 18 tomorrow
    assert files.learner_file(RITA, learner_id=ANA).consents[0].counts


def test_a_child_can_not_decide_alone(district: District) -> None:
    opened("Ana Ruiz")
    with pytest.raises(ConsentError, match="parent's signature"):
        consents.give(RITA, learner_id=ANA, consent=replace(FORM, given_by="learner"), now=NOW)


def test_no_date_that_tells_a_birthday_is_stored(district: District) -> None:
    opened("Ana Ruiz")
    consents.give(RITA, learner_id=ANA, consent=FORM, now=NOW)
    with district.jobs.begin() as db:
        stored = db.execute(select(Consent).where(Consent.learner_id == ANA)).all()
    assert all("-04-05" not in str(row) for row in stored)  # the cast's birthday


# Requests


def ask(learner: UUID, kind: str, viewer: Viewer = RITA, **more: object) -> requests.Request:
    requests.register(
        viewer, learner_id=learner, kind=kind, law="FERPA", requested_by="parent",
        received_on=cast.TODAY, **more,
    )  # fmt: skip
    return next(r for r in requests.open_requests(viewer) if r.learner_id == learner)


def verified(learner: UUID, kind: str, **more: object) -> requests.Request:
    request = ask(learner, kind, **more)
    requests.verify(RITA, request=request, check=requests.CHECKS[0], now=NOW)
    return next(r for r in requests.open_requests(RITA) if r.learner_id == learner)


@pytest.mark.parametrize(("law", "days"), [("FERPA", 45), ("GDPR", 30), ("COPPA", 30)])
def test_a_request_has_its_laws_deadline(district: District, law: str, days: int) -> None:
    opened("Ana Ruiz")
    due = requests.register(
        RITA, learner_id=ANA, kind="access", law=law, requested_by="parent",
        received_on=cast.TODAY,
    )  # fmt: skip
    assert due == cast.TODAY + timedelta(days=days)


def test_nothing_happens_to_a_request_before_it_is_verified(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    request = ask(ANA, "access")
    assert run_requests(district.jobs, custody, now=NOW) == {}
    with pytest.raises(NotAllowed):
        requests.approve(ADAM, request=replace(request, kind="erasure"))


def test_erasing_takes_a_second_person(district: District, custody: Custody) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "erasure")
    with pytest.raises(NotAllowed, match="second person"):
        requests.approve(RITA, request=request)
    with pytest.raises(IntegrityError, match="a_second_person"), privacy.session(RITA) as db:
        db.execute(update(ErasureRequest).values(approved_by=RITA.staff_id))
    assert run_requests(district.jobs, custody, now=NOW) == {}
    requests.approve(ADAM, request=request)
    assert run_requests(district.jobs, custody, now=NOW) == {"erased": 1}


def test_a_copy_holds_everything_there_is_and_says_what_it_leaves_out(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    assert run_requests(district.jobs, custody, now=NOW) == {"copies": 1}
    (request,) = requests.open_requests(RITA)
    copy = requests.copy_of(RITA, request=request)
    assert copy["about"]["learner_pii"][0]["given_name"] == "Ana"
    assert copy["about"]["learner_pii"][0]["birth_date"] == "2013-04-05"
    with district.jobs.begin() as db:
        filled = {t.name for t in tables_of_learners() if rows_of(db, t, 1, ANA)}
    missing = filled - set(copy["about"]) - set(copy["left_out"])
    assert missing == set()
    assert "counselors" in copy["left_out"]["restricted notes"]
    assert len(copy["about"]["intervention_notes"]) == 1


def test_a_stored_copy_can_not_be_read_without_her_key(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    run_requests(district.jobs, custody, now=NOW)
    with district.jobs.begin() as db:
        content = bytes(db.scalar(select(SealedExport.content)))
    assert all(word not in content for word in (b"Ana", b"Ruiz", b"2013-04-05", b"given_name"))


def test_a_copy_nobody_fetched_is_deleted(district: District, custody: Custody) -> None:
    opened("Ana Ruiz")
    verified(ANA, "access")
    run_requests(district.jobs, custody, now=NOW)
    (request,) = requests.open_requests(RITA)
    done = run_requests(district.jobs, custody, now=NOW + timedelta(days=31))
    assert done["copies deleted"] == 1
    with pytest.raises(NotAllowed, match="deleted after 30 days"):
        requests.copy_of(RITA, request=request)


# What erasing reaches


def approved(name: str = "Ana Ruiz", **more: object) -> None:
    """Her erasure, which waits for the job."""
    opened(name)
    requests.approve(ADAM, request=verified(cast.of(name), "erasure", **more))


def erase(district: District, custody: Custody, name: str = "Ana Ruiz", **more: object) -> None:
    approved(name, **more)
    assert run_requests(district.jobs, custody, now=NOW) == {"erased": 1}


def dump(district: District) -> str:
    """Every row of every table of the database, as text."""
    engine = create_engine(district.super_url)
    with engine.connect() as db:
        tables = db.scalars(
            text(
                "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p')"
                " AND NOT relispartition AND relnamespace::regnamespace::text = 'chalkline'"
            )
        ).all()
        lines = [
            f"{table} {row}"
            for table in tables
            for row in db.scalars(text(f"SELECT t::text FROM {table} t"))
        ]
    engine.dispose()
    return "\n".join(lines)


def test_erasing_leaves_her_in_no_table(district: District, custody: Custody) -> None:
    refresh(district.jobs, now=NOW)
    before = [line for line in dump(district).splitlines() if str(ANA) in line]
    assert len({line.split()[0] for line in before}) > 15  # the control: she is everywhere
    with district.jobs.begin() as db:
        token = db.scalar(select(LearnerPii.name_token).where(LearnerPii.learner_id == ANA))
    erase(district, custody)
    left = dump(district)
    assert {line.split()[0] for line in left.splitlines() if str(ANA) in line} <= {
        f"chalkline.{name}" for name in TOMBSTONES
    }
    assert bytes(token).hex() not in left


def test_erasing_reaches_rollups_of_her_class(district: District, custody: Custody) -> None:
    refresh(district.jobs, now=NOW)

    def marked() -> int:
        with district.jobs.begin() as db:
            return db.scalar(
                text(
                    "SELECT marked FROM chalkline.assessment_state"
                    " WHERE district_id = 1 AND class_id = :c"
                ),
                {"c": cast.class_id("Maths 7A")},
            )

    before = marked()
    erase(district, custody)
    assert marked() == before - 1
    after = state(district)
    refresh(district.jobs, full=True, now=NOW)
    assert state(district) == after  # as if she had never been there


def test_erasing_reaches_future_releases(district: District, custody: Custody) -> None:
    """What stays of each row is that somebody was counted, under a key of its own."""
    refresh(district.jobs, now=NOW)

    def rows(*, erased: bool) -> list[Any]:
        with district.jobs.begin() as db:
            return list(db.execute(select(ReleaseRow).where(ReleaseRow.erased == erased)).all())

    before = rows(erased=False)
    assert not rows(erased=True)
    erase(district, custody)
    after, left = rows(erased=False), rows(erased=True)
    assert len(after) + len(left) == len(before) > len(after)
    assert {row.slice for row in left} >= {"all", "course", "subject"}
    assert all(row.traits == row.figures == {} for row in left)
    assert len({row.row_key for row in left}) == len(left)
    assert not {row.row_key for row in left} & {row.row_key for row in before}


def test_erasing_leaves_a_tombstone_that_names_nobody(district: District, custody: Custody) -> None:
    erase(district, custody)
    with district.jobs.begin() as db:
        (entry,) = db.execute(select(AuditEntry).where(AuditEntry.action == "erased learner")).all()
        request = db.execute(select(ErasureRequest)).one()
    assert entry.subject == cast.of("anonymous Ana Ruiz")
    assert entry.actor == ADAM.staff_id
    assert "learner_pii" in entry.detail["tables"]
    assert (request.learner_id, request.outcome) == (None, "erased")
    assert str(ANA) not in str(entry)


def test_a_hold_or_an_open_request_for_access_keeps_her(
    district: District, custody: Custody
) -> None:
    opened("Ana Ruiz")
    request = verified(ANA, "erasure")
    requests.approve(ADAM, request=request)
    holds.place(RITA, learner_id=None, reason="Court order 26-114", now=NOW)
    assert run_requests(district.jobs, custody, now=NOW) == {}
    (hold,) = holds.holds(RITA)
    holds.lift(RITA, hold=hold, now=NOW)
    ask(ANA, "access")
    assert run_requests(district.jobs, custody, now=NOW) == {}
    asked = next(r for r in requests.open_requests(RITA) if r.kind == "access")
    requests.close(RITA, request=asked, outcome="handed over", now=NOW)
    assert run_requests(district.jobs, custody, now=NOW) == {"erased": 1}


def test_whoever_was_erased_is_erased_again_after_a_restore(
    district: District, custody: Custody
) -> None:
    erase(district, custody)
    assert erased_before(custody.erased) == [(cast.LAKESIDE, ANA)]
    assert replay(district.jobs, custody, now=NOW) == 0
    with district.jobs.begin() as db:  # what a restored backup brings back
        db.execute(
            insert(Learner).values(
                district_id=1, learner_id=ANA, school_id=cast.of("Elm Middle School"),
                academic_level="middle",
            )
        )  # fmt: skip
    assert replay(district.jobs, custody, now=NOW) == 1
    with custody.erased.open("a") as file:
        file.write("2026-03-20 1 cut-sh")
    assert replay(district.jobs, custody, now=NOW) == 0


def test_her_key_is_gone_with_her_and_a_kept_ciphertext_opens_no_more(
    district: District, custody: Custody
) -> None:
    """What a backup holds of her needs the KEK of its day; see docs/operator.md."""
    with district.jobs.begin() as db:
        stored = db.scalar(select(LearnerPii.given_name).where(LearnerPii.learner_id == ANA))
    erase(district, custody)
    with district.jobs.begin() as db:
        assert db.scalars(select(DataKey.learner_id).where(DataKey.learner_id == ANA)).all() == []
    with pytest.raises(fields.FieldError):
        fields.decrypt(
            fields.new_data_key(), stored, table="learner_pii", column="given_name", row=ANA,
            district="1",
        )  # fmt: skip


def state(district: District) -> dict[str, list[str]]:
    """What pages read, without the moment at which it was written."""
    engine = create_engine(district.super_url)
    with engine.connect() as db:
        found = {
            table: sorted(
                db.scalars(
                    text(f"SELECT (to_jsonb(t) - 'updated_at')::text FROM chalkline.{table} t")
                )
            )
            for table in ("enrollment_state", "section_state", "assessment_state", "activity_days")
        }
    engine.dispose()
    return found


# Retention


def rule(
    district: District, trigger: str, action: str = "delete", category: str = "whole record",
    days: int = 30, source: str = "any",
) -> UUID:  # fmt: skip
    made = uuid4()
    with district.jobs.begin() as db:
        db.execute(
            insert(RetentionRule).values(
                district_id=1, rule_id=made, category=category, source=source,
                legal_basis="a test", trigger=trigger, delay_days=days, action=action,
                citation="34 CFR 99",
            )
        )  # fmt: skip
    return made


def gone(district: District, learner: UUID, days: int = 31) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(Learner)
            .where(Learner.learner_id == learner)
            .values(left_on=cast.TODAY - timedelta(days=days))
        )


def pending(district: District, learner: UUID) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(Learner).where(Learner.learner_id == learner).values(consent_state="pending")
        )


def opened_by(viewer: Viewer, name: str) -> Viewer:
    opened(name, viewer)
    return viewer


def born(district: District, custody: Custody, learner: UUID, day: str) -> None:
    with district.jobs.begin() as db:
        key = privacy.datakeys.data_keys(db, custody.keystore, 1, [learner])[learner]
        stored = fields.encrypt(
            key, day, table="learner_pii", column="birth_date", row=learner, district="1"
        )
        db.execute(
            update(LearnerPii).where(LearnerPii.learner_id == learner).values(birth_date=stored)
        )


def due_now(district: District, custody: Custody, **how: object) -> decisions.Batch:
    rule(district, "left", **how)
    with district.jobs.begin() as db:
        retention.prepare(db, custody.keystore, 1, today=cast.TODAY, now=NOW)
    return decisions.batches(RITA)[0]


def decided(district: District, custody: Custody, **how: object) -> decisions.Batch:
    batch = due_now(district, custody, **how)
    decisions.propose(RITA, batch=batch, now=NOW)
    batch = replace(batch, proposed_by=RITA.staff_id)
    decisions.approve(ADAM, batch=batch, now=NOW)
    return batch


def found(district: District, custody: Custody, today: date = cast.TODAY) -> set[UUID]:
    with district.jobs.begin() as db:
        return {
            one.learner_id
            for each in falling_due.rules(db, 1)
            for one in falling_due.due(db, custody.keystore, 1, each, today=today)
        }


def test_a_rule_falls_due_on_its_day_and_not_before(district: District, custody: Custody) -> None:
    rule(district, "left")
    gone(district, ANA, days=30)
    gone(district, BEN, days=29)
    assert found(district, custody) == {ANA}
    assert found(district, custody, cast.TODAY + timedelta(days=1)) == {ANA, BEN}


def test_a_rule_about_inactivity_looks_at_the_last_activity(
    district: District, custody: Custody
) -> None:
    rule(district, "no activity", category="raw activity")
    with district.jobs.begin() as db:
        for learner, days in ((ANA, 31), (BEN, 10)):
            db.execute(
                update(Learner)
                .where(Learner.learner_id == learner)
                .values(last_active_at=NOW - timedelta(days=days))
            )
    assert found(district, custody) == {ANA}


def test_a_withdrawn_consent_makes_its_learner_due(district: District, custody: Custody) -> None:
    rule(district, "consent withdrawn", days=0)
    with district.jobs.begin() as db:
        db.execute(update(Learner).where(Learner.learner_id == ANA).values(consent_state="own"))
    consents.withdraw(
        opened_by(RITA, "Ana Ruiz"), learner_id=ANA, now=NOW,
        consent_id=files.learner_file(RITA, learner_id=ANA).consents[0].consent_id,
    )  # fmt: skip
    assert found(district, custody) == {ANA}


def test_delete_at_13_reaches_only_what_a_child_gave_online_on_a_parents_consent(
    district: District, custody: Custody
) -> None:
    """The cast are 12, born on 5 April 2013."""
    rule(district, "turned 13", source="online")
    with district.jobs.begin() as db:
        for learner, collected, ground in (
            (ANA, "online", "parental"),
            (BEN, "online", "school_official"),
            (FINN, "roster", "parental"),
        ):
            db.execute(
                update(Learner)
                .where(Learner.learner_id == learner)
                .values(collected=collected, consent_state=ground)
            )
    assert found(district, custody, date(2026, 5, 4)) == set()
    assert found(district, custody, date(2026, 5, 5)) == {ANA}


def test_delete_at_13_is_shipped_switched_off_and_says_why() -> None:
    (shipped,) = [r for r in policies.shipped("COPPA") if r["trigger"] == "turned 13"]
    assert (shipped["active"], shipped["source"]) == ("false", "online")
    assert "destroys records that schools must keep" in shipped["why"]


@pytest.mark.parametrize("policy", policies.SETS)
def test_every_shipped_rule_names_its_source_and_reason_and_installs(
    district: District, policy: str
) -> None:
    with district.jobs.begin() as db:
        number = policies.install(db, 1, policy)
        assert number == len(policies.shipped(policy)) > 0
        assert policies.install(db, 1, policy) == 0
        rows = db.execute(select(RetentionRule.citation, RetentionRule.why)).all()
    assert all(len(row.citation) > 8 and len(row.why) > 20 for row in rows)


def test_a_batch_takes_two_persons(district: District, custody: Custody) -> None:
    gone(district, ANA)
    batch = due_now(district, custody)
    assert retention.run_approved(district.jobs, custody, now=NOW) == {}
    decisions.propose(RITA, batch=batch, now=NOW)
    batch = replace(batch, proposed_by=RITA.staff_id)
    with pytest.raises(NotAllowed, match="second person"):
        decisions.approve(RITA, batch=batch, now=NOW)
    with pytest.raises(IntegrityError, match="a_second_person"), privacy.session(RITA) as db:
        db.execute(update(RetentionBatch).values(approved_by=RITA.staff_id, approved_at=NOW))
    with pytest.raises(IntegrityError, match="a_second_person"), privacy.session(ADAM) as db:
        db.execute(update(RetentionBatch).values(proposed_by=None, approved_by=ADAM.staff_id))
    assert retention.run_approved(district.jobs, custody, now=NOW) == {}
    decisions.approve(ADAM, batch=batch, now=NOW)
    assert retention.run_approved(district.jobs, custody, now=NOW) == {"delete": 1}
    assert decisions.batches(RITA) == []


def test_a_hold_keeps_a_learner_out_of_an_approved_batch(
    district: District, custody: Custody
) -> None:
    gone(district, ANA)
    gone(district, BEN)
    decided(district, custody)
    holds.place(RITA, learner_id=ANA, reason="Court order 26-114", now=NOW)
    assert retention.run_approved(district.jobs, custody, now=NOW) == {"delete": 1}
    with district.jobs.begin() as db:
        left = set(db.scalars(select(Learner.learner_id).where(Learner.left_on.is_not(None))))
        states = dict(db.execute(select(RetentionItem.learner_id, RetentionItem.state)).all())
    assert left == {ANA}
    assert states == {ANA: "held", BEN: "done"}


def test_who_came_back_between_batch_and_approval_stays(
    district: District, custody: Custody
) -> None:
    gone(district, ANA)
    gone(district, BEN)
    decided(district, custody)
    with district.jobs.begin() as db:
        db.execute(update(Learner).where(Learner.learner_id == ANA).values(left_on=None))
    assert retention.run_approved(district.jobs, custody, now=NOW) == {"delete": 1}
    with district.jobs.begin() as db:
        states = dict(db.execute(select(RetentionItem.learner_id, RetentionItem.state)).all())
    assert states == {ANA: "kept", BEN: "done"}
    gone(district, ANA)
    assert found(district, custody) == {ANA}  # when she leaves again, she is asked about again


def test_a_rule_switched_off_after_approval_erases_nobody(
    district: District, custody: Custody
) -> None:
    gone(district, ANA)
    decided(district, custody)
    with district.jobs.begin() as db:
        db.execute(update(RetentionRule).values(active=False))
    assert retention.run_approved(district.jobs, custody, now=NOW) == {}
    with district.jobs.begin() as db:
        assert db.scalar(select(LearnerPii.learner_id).where(LearnerPii.learner_id == ANA))


def test_a_hold_that_is_being_placed_is_waited_for(district: District, custody: Custody) -> None:
    """The erasure begins while the clerk's hold is not yet committed."""
    approved()
    with ThreadPoolExecutor(1) as pool:
        with privacy.session(RITA) as db:
            alone(db, Work.ERASING, 1)
            erasing = pool.submit(run_requests, district.jobs, custody, now=NOW)
            with pytest.raises(TimeoutError):
                erasing.result(timeout=1)
            db.execute(
                insert(LegalHold)
                .values(
                    district_id=1, hold_id=UUID(int=7), learner_id=ANA, reason="Court order",
                    placed_by=RITA.staff_id, placed_at=NOW,
                )
                .inline()
            )  # fmt: skip
        assert erasing.result(timeout=30) == {}
    with district.jobs.begin() as db:
        assert db.scalar(select(LearnerPii.learner_id).where(LearnerPii.learner_id == ANA))


def test_a_hold_on_a_record_that_was_erased_meanwhile_is_refused(
    district: District, custody: Custody
) -> None:
    erase(district, custody)
    with pytest.raises(NotAllowed, match="not here"):
        holds.place(RITA, learner_id=ANA, reason="Court order 26-114", now=NOW)


def test_a_damaged_record_keeps_nobody_elses_request_waiting(
    district: District, custody: Custody
) -> None:
    """Ben's data key is gone, so no copy can be made for him; Ana's erasure is approved."""
    opened("Ben Cole")
    verified(BEN, "access")
    approved()
    with district.jobs.begin() as db:
        db.execute(delete(DataKey).where(DataKey.learner_id == BEN))
    with pytest.raises(LookupError):
        run_requests(district.jobs, custody, now=NOW)
    with district.jobs.begin() as db:
        assert not db.scalar(select(LearnerPii.learner_id).where(LearnerPii.learner_id == ANA))


def test_a_refused_batch_is_asked_again_in_a_year_only(
    district: District, custody: Custody
) -> None:
    gone(district, ANA)
    batch = due_now(district, custody)
    decisions.refuse(RITA, batch=batch, now=datetime.now(NOW.tzinfo))
    assert found(district, custody) == set()
    with district.jobs.begin() as db:
        db.execute(
            update(RetentionBatch).values(refused_at=RetentionBatch.refused_at - timedelta(366))
        )
    assert found(district, custody) == {ANA}


def test_deleting_a_category_leaves_the_rest(district: District, custody: Custody) -> None:
    gone(district, ANA)
    decided(district, custody, category="raw activity")
    retention.run_approved(district.jobs, custody, now=NOW)
    with district.jobs.begin() as db:
        left = {t.name: len(rows_of(db, t, 1, ANA)) for t in tables_of_learners()}
    assert (left["learning_interactions"], left["learning_sessions"]) == (0, 0)
    assert left["item_responses"] > 0
    assert found(district, custody) == set()  # nothing is left for this rule


def test_an_archived_record_is_sealed_and_can_be_opened(
    district: District, custody: Custody
) -> None:
    gone(district, ANA)
    decided(district, custody, action="archive")
    retention.run_approved(district.jobs, custody, now=NOW)
    with district.jobs.begin() as db:
        row = db.execute(select(SealedExport)).one()
        copy = privacy.copies.opened(
            db, custody.keystore, 1, ANA, export=row.export_id, content=row.content
        )
        left = {t.name: len(rows_of(db, t, 1, ANA)) for t in tables_of_learners()}
    assert len(copy["about"]["item_responses"]) == 8
    assert (left["item_responses"], left["learner_pii"]) == (0, 1)


# What may be kept without a name


def test_a_single_erased_learner_leaves_no_history(district: District, custody: Custody) -> None:
    """One row would be hers, whatever it said."""
    refresh(district.jobs, now=NOW)
    erase(district, custody, keep_history=True)
    with district.jobs.begin() as db:
        assert db.scalars(select(AnonymousHistory.entry_id)).all() == []


# Files at rest


def test_a_stolen_database_gives_no_name_and_with_the_keys_all_of_them(
    district: District, custody: Custody, tmp_path: Path
) -> None:
    """A dump by PostgreSQL's own program, and the folder of the data files themselves."""
    wanted = {
        word.encode()
        for name in cast.LEARNERS
        for word in (*name.split(), f"{name.split()[0].lower()}@learners.example")
    } | {b"2013-04-05", b"A parent"}
    engine = create_engine(district.super_url)
    with engine.connect() as db:
        folder = Path(str(db.scalar(text("SHOW data_directory"))))
        socket = str(db.scalar(text("SHOW unix_socket_directories")))
        number = db.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
        db.execute(text("CHECKPOINT"))
    engine.dispose()
    assert socket
    stolen = dump(district).encode()
    contents = []
    for path in (folder / "base" / str(number)).iterdir():
        with suppress(FileNotFoundError):  # the server is at work: its caches come and go
            contents.append(path.read_bytes())
    assert len(contents) > 100
    assert [word for word in wanted if found_in(word, stolen)] == []
    long = [word for word in wanted if len(word) >= 4]  # shorter ones stand in bytes by chance
    assert len(long) > len(wanted) / 2
    for content in contents:
        assert [word for word in long if found_in(word, content)] == []
    with district.jobs.begin() as db:
        keys = privacy.datakeys.data_keys(
            db, custody.keystore, 1, [cast.of(n) for n in cast.LEARNERS]
        )
        rows = db.execute(select(LearnerPii).where(LearnerPii.district_id == 1)).all()
    opened_names = {
        fields.decrypt(
            keys[row.learner_id], row.given_name, table="learner_pii", column="given_name",
            row=row.learner_id, district="1",
        )
        for row in rows
    }  # fmt: skip
    assert opened_names == {n.split()[0] for n, (d, _, _) in cast.LEARNERS.items() if d == 1}


def found_in(word: bytes, content: bytes) -> bool:
    """Whether a word stands in bytes by itself; three letters stand in any ciphertext by chance."""

    return (
        re.search(rb"(?<![A-Za-z0-9])" + re.escape(word) + rb"(?![A-Za-z0-9])", content) is not None
    )


def test_the_disclosure_record_says_who_looked_when_in_which_role_and_why(
    district: District,
) -> None:
    refresh(district.jobs, now=NOW)
    learner_record(cast.viewer("Tess Moran"), learner_id=ANA, today=cast.TODAY)
    with district.jobs.begin() as db:
        db.execute(
            text(
                "INSERT INTO chalkline.break_glass (district_id, staff_id, learner_id, reason)"
                " VALUES (1, :s, :l, 'Hurt on the way home, parents not reachable')"
            ),
            {"s": cast.of("Adam Price"), "l": ANA},
        )
    opened("Ana Ruiz")
    told = disclosures.disclosure_record(RITA, learner_id=ANA)
    lines = {(look.who, look.role, look.what, look.why) for look in told.looks}
    assert ("Tess Moran", "teacher", "looked at her record", "teaches one of her classes") in lines
    assert (
        "Adam Price",
        "administrator",
        "looked at her record in an emergency",
        "Hurt on the way home, parents not reachable",
    ) in lines
    assert told.outside[0].to == "a new school"
    with pytest.raises(NotAllowed):
        disclosures.disclosure_record(RITA, learner_id=BEN)
