"""Casework's chores: digests that name nobody, caseloads by rule, effects that pages show."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError

import privacy
from db import assigning, digests
from db import tables as t
from db.effects import measure_due, measure_effects
from privacy import NotAllowed
from privacy.initials import initials
from queries.district import support, templating
from queries.district.support import NotSo
from queries.effects import effects_by_type
from queries.message_words import MessageTemplate
from queries.plan_words import PlanTemplate
from queries.students.helped import picture_of
from queries.students.templates import plan_templates
from tests import cast
from tests.conftest import District
from tests.test_casework import CARLA, TESS, now, stored
from tests.test_messages import Postbox, certificate, postbox  # noqa: F401 - fixtures
from tests.test_pages import said, show, token

MONDAY = datetime(2026, 3, 16, 14, tzinfo=UTC)


@pytest.fixture
def real_time(district: District) -> District:
    """The cast in a district whose clock runs, with addresses of its staff."""
    with district.jobs.begin() as db:
        db.execute(update(t.Institution).values(clock_on=None))
        for name in ("Tess Moran", "Carla Weiss"):
            db.execute(
                update(t.Staff)
                .where(t.Staff.staff_id == cast.of(name))
                .values(email=f"{name.split()[0].lower()}@school.example")
            )
        db.execute(update(t.Class).values(ends_on=date(2100, 1, 1)))
    return district


def test_a_digest_names_nobody_and_goes_out_once_a_week(
    real_time: District,
    postbox: Postbox,  # noqa: F811
) -> None:
    report = digests.send_due(real_time.jobs, postbox.server, "https://c.example", now=now())
    again = digests.send_due(real_time.jobs, postbox.server, "https://c.example", now=now())
    monday_before_six = datetime.now(UTC).weekday() == 0 and datetime.now(UTC).hour < 6
    assert (report.sent, again.sent) == ((0, 0) if monday_before_six else (2, 0))
    mails = {mail.rcpt_tos[0]: mail.content.decode() for mail in postbox.mails}
    assert "waits for you: 3" in mails["carla@school.example"]
    names = [part for name in cast.LEARNERS for part in name.split()]
    secrets = ["tired", "concern", "Maths", "tutoring", *names]
    assert not [word for word in secrets for mail in mails.values() if word in mail]


def test_who_turned_the_digest_off_gets_none(real_time: District, postbox: Postbox) -> None:  # noqa: F811
    with real_time.jobs.begin() as db:
        for name in ("Tess Moran", "Carla Weiss"):
            db.execute(
                insert(t.StaffSetting).values(
                    district_id=1, staff_id=cast.of(name), weekly_digest=False, updated_at=now()
                )
            )
    digests.send_due(real_time.jobs, postbox.server, None, now=now())
    assert postbox.mails == []


def rule(district: District, who: str, **conditions: Any) -> None:
    with district.jobs.begin() as db:
        db.execute(
            insert(t.CaseloadRule).values(
                district_id=1,
                rule_id=cast.of(f"rule {who} {conditions}"),
                staff_id=cast.of(who),
                school_id=cast.of("Elm Middle School"),
                made_by=cast.of("Adam Price"),
                made_at=now(),
                **conditions,
            )
        )


def test_rules_give_learners_by_name_grade_and_programme_and_take_none_away(
    district: District,
) -> None:
    with district.jobs.begin() as db:
        db.execute(
            update(t.Learner)
            .where(t.Learner.learner_id == cast.of("Hana Ito"))
            .values(programmes=["english_learner"])
        )
    rule(district, "Noor Aziz", programme="english_learner")
    rule(district, "Carla Weiss", grade_from=7, grade_to=7, name_from="A", name_to="L")
    keystore = district.door.keystore

    def letters(db: Any, number: int, learners: Any) -> Any:
        return initials(db, keystore, number, learners)

    assert assigning.assign(district.jobs, letters, now=now()) == 2  # Eve Lind and Hana Ito
    assert assigning.assign(district.jobs, letters, now=now()) == 0
    eve = stored(district, t.Caseload, learner_id=cast.of("Eve Lind"))
    hana = stored(district, t.Caseload, learner_id=cast.of("Hana Ito"))
    ana = stored(district, t.Caseload, learner_id=cast.of("Ana Ruiz"))
    assert (eve.staff_id, eve.rule) == (CARLA.staff_id, "grade 7, A to L")
    assert (hana.staff_id, hana.rule) == (cast.of("Noor Aziz"), "english learner")
    assert (ana.staff_id, ana.starts_on) == (CARLA.staff_id, cast.STARTED)


# -- Did it help? -------------------------------------------------------------------------------


def test_with_too_few_learners_alike_nothing_is_compared_and_it_is_said(
    district: District,
) -> None:
    ana = cast.of("Ana Ruiz")
    plan = cast.of(f"plan {ana}")
    with district.jobs.begin() as db:
        db.execute(delete(t.PlanEffect))
        db.execute(
            update(t.Intervention).values(
                measure="attendance", starts_on=cast.TODAY - timedelta(weeks=8)
            )
        )
        school_days = [cast.TODAY - timedelta(days=days) for days in range(5, 120)]
        db.execute(delete(t.Attendance))
        db.execute(
            insert(t.Attendance),
            [
                {
                    "district_id": 1,
                    "learner_id": ana,
                    "on_date": day,
                    "school_id": cast.of("Elm Middle School"),
                    "status": "absent" if day.weekday() == 0 else "present",
                }
                for day in school_days
                if day.weekday() < 5
            ],
        )
    measure_effects(district.jobs, now=now())
    found = picture_of(TESS, plan=plan)
    assert found is not None
    assert (found.verdict, found.estimate) == ("cannot tell", None)
    assert found.weeks["alike"].isna().all()
    words = said(show("pages.students.plan", TESS, {"plan": token(TESS, plan, kind="plan")}))
    assert "Cannot tell" in words
    assert "ewer learners alike" in words
    assert effects_by_type(TESS) == []
    assert picture_of(cast.viewer("Omar Haddad"), plan=plan) is None


def test_a_plan_is_measured_once_a_day_after_the_state_was_made(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(delete(t.PlanEffect))
        db.execute(update(t.Intervention).values(measure="activity"))
    assert measure_due(district.jobs, now=now()) == []  # no state yet
    with district.jobs.begin() as db:
        db.execute(
            insert(t.Watermark).values(
                district_id=1, name="state", seen_xid=0, as_of=cast.TODAY, updated_at=now()
            )
        )
    assert [one.district_id for one in measure_due(district.jobs, now=now())] == [1]
    assert measure_due(district.jobs, now=now()) == []
    with district.jobs.begin() as db:
        assert set(db.scalars(select(t.PlanEffect.verdict))) == {"cannot tell"}


# -- Support: what an administrator sets --------------------------------------------------------

ADAM = cast.viewer("Adam Price")


def test_the_support_page_keeps_what_an_administrator_sets_and_shows_no_learner(
    district: District,
) -> None:
    noor, elm = cast.of("Noor Aziz"), cast.of("Elm Middle School")
    support.set_limits(ADAM, teachers=5, counselors=9)
    support.add_rule(
        ADAM,
        counselor=noor,
        school=elm,
        grades=(6, 7),
        letters=("A", "K"),
        programme=None,
        now=now(),
    )
    mine = PlanTemplate("Small-group tutoring", "tutoring", 3, "Ours", None, "", "", 14)
    templating.add_plan_template(ADAM, place=elm, template=mine, now=now())
    words = said(show("pages.district.support", ADAM)).replace("\\", "")
    assert "Elm Middle School, grades 6 to 7, family names A to K: Noor Aziz" in words
    assert not [name for name in cast.LEARNERS if name.split()[0] in words]
    offered = plan_templates(TESS, learner=cast.of("Ana Ruiz"))
    assert [one.goal for one in offered if one.name == mine.name] == ["Ours"]
    elsewhere = plan_templates(cast.viewer("Ines Duarte"), learner=cast.of("Finn Gray"))
    assert "Ours" not in [one.goal for one in elsewhere]
    (rule,) = support.rules(ADAM)
    support.end_rule(ADAM, rule=rule.rule_id, now=now())
    assert support.rules(ADAM) == []


def test_what_can_not_be_kept_is_refused_in_words(district: District) -> None:
    elm = cast.of("Elm Middle School")
    wrong = MessageTemplate("x", "home", "en", "About {learner}", "Dear family")
    with pytest.raises(NotSo, match="There is no field"):  # a subject names nobody
        templating.add_message_template(ADAM, place=elm, template=wrong, now=now())
    with pytest.raises(NotAllowed, match="Only an administrator"):
        support.set_limits(CARLA, teachers=1, counselors=1)
    with pytest.raises(NotSo, match="Somebody else covers"):
        support.arrange_cover(
            ADAM,
            absent=CARLA.staff_id,
            covering=CARLA.staff_id,
            starts_on=cast.TODAY,
            ends_on=cast.TODAY,
            now=now(),
        )
    taken = (
        "INSERT INTO chalkline.caseload_rules (district_id, rule_id, staff_id, school_id, made_by,"
        " made_at) VALUES (1, gen_random_uuid(), :s, :p, :s, now())"
    )
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(CARLA) as db:
        db.execute(text(taken), {"s": CARLA.staff_id, "p": elm})


def test_an_administrator_arranges_cover_for_who_can_not_do_it_herself(
    district: District,
) -> None:
    noor = cast.viewer("Noor Aziz")
    with privacy.session(noor) as db:
        before = set(db.scalars(select(t.Learner.learner_id)))
    support.arrange_cover(
        ADAM,
        absent=CARLA.staff_id,
        covering=noor.staff_id,
        starts_on=cast.TODAY,
        ends_on=cast.TODAY,
        now=now(),
    )
    with privacy.session(noor) as db:
        seen = set(db.scalars(select(t.Learner.learner_id))) - before
    assert seen == {cast.of(name) for name in cast.CASELOADS["Carla Weiss"]}
    with privacy.session(ADAM) as db:  # who arranges it sees nobody for that
        assert db.scalars(select(t.Learner.learner_id)).all() == []
