"""The view in an emergency: one learner, a reason, 15 minutes, and a row in the trail."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import privacy
from db.audit.work import chain_all
from privacy import NotAllowed
from queries.security import alerts
from queries.students.emergency import card, open_card
from tests import cast
from tests.conftest import District

ADAM, SAM = cast.viewer("Adam Price"), cast.viewer("Sam Shah")
REASON = "Fell in the yard, her parents must be called"


def now_in(district: District) -> object:
    """The database's own clock, by which a view closes."""
    with district.jobs.begin() as db:
        return db.scalar(text("SELECT clock_timestamp()"))


def seen(table: str) -> set[object]:
    """Whose rows of a table the administrator sees."""
    with privacy.session(ADAM) as db:
        return set(db.scalars(text(f"SELECT learner_id FROM chalkline.{table}")))


def test_an_opened_learner_is_shown_with_whom_to_call(district: District) -> None:
    learner = open_card(ADAM, typed="ana ruiz", reason=REASON)
    shown, _ = card(ADAM, learner_id=learner, now=now_in(district))
    assert (learner, shown.name, shown.birth_date) == (
        cast.of("Ana Ruiz"),
        "Ana Ruiz",
        "2013-04-05",
    )
    assert shown.contacts == ("A parent",)
    assert shown.classes == (("Maths 7A", "Tess Moran"), ("Maths 7B", "Tess Moran"))
    assert len(shown.attendance) == 3


def test_nobody_else_and_nothing_else_opens(district: District) -> None:
    tables = ("learners", "learner_pii", "data_keys", "enrollments", "attendance")
    assert [seen(table) for table in tables] == [set()] * 5  # the control
    open_card(ADAM, typed="Ana Ruiz", reason=REASON)
    assert [seen(table) for table in tables] == [{cast.of("Ana Ruiz")}] * 5
    for table in ("mastery", "flags", "intervention_notes", "item_responses", "risk_scores"):
        with pytest.raises(DBAPIError, match="permission denied"):
            seen(table)


def test_it_closes_after_fifteen_minutes(district: District) -> None:
    learner = open_card(ADAM, typed="Ana Ruiz", reason=REASON)
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.break_glass SET opened_at = opened_at - interval '15 minutes',"
                " expires_at = expires_at - interval '15 minutes'"
            )
        )
    assert seen("learner_pii") == set()
    with pytest.raises(NotAllowed, match="has closed"):
        card(ADAM, learner_id=learner, now=now_in(district))


@pytest.mark.parametrize("change", ["expires_at", "opened_at, expires_at"])
def test_nobody_gives_herself_longer(district: District, change: str) -> None:
    columns = f"district_id, staff_id, learner_id, reason, {change}"
    values = ", ".join("now() + interval '1 day'" for _ in change.split(","))
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(ADAM) as db:
        db.execute(
            text(f"INSERT INTO chalkline.break_glass ({columns}) VALUES (1, :s, :l, :r, {values})"),
            {"s": ADAM.staff_id, "l": cast.of("Ana Ruiz"), "r": REASON},
        )


@pytest.mark.parametrize(
    ("typed", "reason", "why"),
    [
        ("Ana Ruiz", "", "Type why"),
        ("Ana Ruiz", "because", "Type why"),
        ("Ana Ruiz", "Ana fell in the yard", "name out of the reason"),
        ("Ana", REASON, "exactly that full name"),
        ("Nobody Atall", REASON, "exactly that full name"),
        ("Yan Zhou", REASON, "exactly that full name"),
    ],
)
def test_without_a_reason_or_the_full_name_nothing_opens(
    district: District, typed: str, reason: str, why: str
) -> None:
    with pytest.raises(NotAllowed, match=why):
        open_card(ADAM, typed=typed, reason=reason)
    assert seen("learner_pii") == set()


def test_an_administrator_of_one_school_opens_nobody_of_another(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text("UPDATE chalkline.staff_roles SET school_id = :elm WHERE staff_id = :adam"),
            {"elm": cast.of("Elm Middle School"), "adam": ADAM.staff_id},
        )
    with pytest.raises(NotAllowed, match="exactly that full name"):
        open_card(ADAM, typed="Finn Gray", reason=REASON)
    assert open_card(ADAM, typed="Ana Ruiz", reason=REASON) == cast.of("Ana Ruiz")


def test_of_two_learners_of_one_name_the_school_says_which(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text(
                "UPDATE chalkline.learner_pii SET name_token = (SELECT name_token FROM"
                " chalkline.learner_pii WHERE learner_id = :ana) WHERE learner_id = :finn"
            ),
            {"ana": cast.of("Ana Ruiz"), "finn": cast.of("Finn Gray")},
        )
    with pytest.raises(NotAllowed, match="Say which school"):
        open_card(ADAM, typed="Ana Ruiz", reason=REASON)
    elm = cast.of("Elm Middle School")
    assert open_card(ADAM, typed="Ana Ruiz", reason=REASON, school_id=elm) == cast.of("Ana Ruiz")
    assert seen("learner_pii") == {cast.of("Ana Ruiz")}


@pytest.mark.parametrize("name", ["Tess Moran", "Carla Weiss", "Rita Sol", "Sam Shah"])
def test_only_administrators_can_look_a_name_up_across_a_district(
    district: District, name: str
) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        open_card(cast.viewer(name), typed="Ana Ruiz", reason=REASON)


def test_opening_viewing_and_refusal_are_in_the_trail_and_told(district: District) -> None:
    learner = open_card(ADAM, typed="Ana Ruiz", reason=REASON)
    card(ADAM, learner_id=learner, now=now_in(district))
    with pytest.raises(NotAllowed):
        open_card(ADAM, typed="Nobody Atall", reason=REASON)
    with district.jobs.begin() as db:
        rows = db.execute(
            text("SELECT action, subject, detail::text FROM chalkline.audit_log ORDER BY at")
        ).all()
    anonymous = cast.of("anonymous Ana Ruiz")
    assert [(row.action, row.subject) for row in rows] == [
        ("opened in an emergency", anonymous),
        ("viewed learner", anonymous),
        ("refused", None),
    ]
    assert "Nobody" not in str(rows)
    chain_all(district.jobs, now=cast.NOW)
    emergency = [one for one in alerts(SAM, now=cast.NOW) if one.kind == "emergency"]
    assert [(one.name, one.reason) for one in emergency] == [("Adam Price", REASON)]
