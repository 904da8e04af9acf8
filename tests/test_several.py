"""Several learners at once: all or nobody, one line of the trail each, and truly taken back."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from streamlit.testing.v1 import AppTest

from db import tables as t
from privacy import NotAllowed
from queries.students import acting, handing, undoing
from queries.students.acting import NotPossible
from tests import cast
from tests.conftest import District
from tests.test_pages import press, ran, said, show

TESS, CARLA, NOOR = (cast.viewer(name) for name in ("Tess Moran", "Carla Weiss", "Noor Aziz"))
ANA, BEN, DEV, EVE, FINN = (
    cast.of(name) for name in ("Ana Ruiz", "Ben Cole", "Dev Patel", "Eve Lind", "Finn Gray")
)
FLAGS = [cast.of(f"flag {learner}") for learner in (ANA, BEN, DEV)]


def now() -> datetime:
    return datetime.now(UTC)


def stands(district: District) -> list[Any]:
    """Everything about the flags that an undo has to bring back."""
    f = t.Flag
    with district.jobs.begin() as db:
        return list(
            db.execute(
                select(f.flag_id, f.state, f.snoozed_until, f.referred_to, f.closed_on, f.outcome)
                .where(f.flag_id.in_(FLAGS))
                .order_by(f.flag_id)
            ).all()
        )


def history(district: District) -> list[str]:
    with district.jobs.begin() as db:
        return list(
            db.scalars(
                select(t.FlagEvent.action)
                .where(t.FlagEvent.flag_id.in_(FLAGS))
                .order_by(t.FlagEvent.at, t.FlagEvent.flag_id)
            )
        )


def trail(district: District, action: str) -> int:
    with district.jobs.begin() as db:
        return len(db.scalars(select(t.AuditEntry).where(t.AuditEntry.action == action)).all())


def choose(page: AppTest, names: Sequence[str]) -> AppTest:
    next(one for one in page.toggle if one.label == "Choose several").set_value(True)
    ran(page)
    for box in page.checkbox:
        if any(name in box.label for name in names):
            box.set_value(True)
    return ran(page)


def test_three_are_acknowledged_in_one_go_and_taken_back_whole(district: District) -> None:
    before = stands(district)
    page = choose(show("pages.students.today", TESS), ["Ana Ruiz", "Ben Cole", "Dev Patel"])
    assert "3 of 3 chosen" in said(page)
    press(page, "Acknowledge")
    assert "3 learners acknowledged." in said(page)
    assert {row.state for row in stands(district)} == {"acknowledged"}
    assert trail(district, "flag acknowledged") == 3
    press(page, "Undo")
    assert stands(district) == before
    assert history(district) == ["raised"] * 3 + ["acknowledged"] * 3 + ["undone"] * 3
    assert trail(district, "flag undone") == 3


def test_some_are_snoozed_or_referred_together(district: District) -> None:
    until = TESS.today + timedelta(days=10)
    when = now()
    acting.snooze(TESS, flags=FLAGS[:2], until=until, today=TESS.today, now=when, seen=when)
    acting.refer(TESS, flags=FLAGS[2:], now=when, seen=when)
    found = {row.flag_id: (row.state, row.snoozed_until) for row in stands(district)}
    assert [found[flag] for flag in FLAGS] == [("snoozed", until)] * 2 + [("referred", None)]
    undoing.undo(TESS, flags=FLAGS, now=now())
    assert {row.state for row in stands(district)} == {"open"}


def test_one_that_is_not_hers_or_is_closed_keeps_all_as_they_were(district: District) -> None:
    before = stands(district)
    with pytest.raises(NotAllowed):
        acting.acknowledge(TESS, flags=[*FLAGS, cast.of(f"flag {EVE}")], now=now())
    assert stands(district) == before
    acting.dismiss(TESS, flag=FLAGS[0], reason="not so", today=TESS.today, now=now())
    with pytest.raises(NotPossible, match="closed in the meantime"):
        acting.acknowledge(TESS, flags=FLAGS, now=now())
    assert [row.state for row in stands(district)].count("open") == 2


def test_what_changed_since_it_was_seen_is_not_acted_on(district: District) -> None:
    """The control: what was seen afterwards is."""
    seen = now()
    acting.acknowledge(CARLA, flags=FLAGS[:1], now=now())  # takes it on; the state stays
    with pytest.raises(NotPossible, match="nothing was done to any"):
        acting.acknowledge(TESS, flags=FLAGS, now=now(), seen=seen)
    assert {row.state for row in stands(district)} == {"open"}
    acting.acknowledge(TESS, flags=FLAGS, now=now(), seen=now())
    assert {row.state for row in stands(district)} == {"acknowledged"}


def test_a_learner_who_left_the_list_after_she_was_chosen_stops_all(district: District) -> None:
    page = choose(show("pages.students.today", TESS), ["Ana Ruiz", "Ben Cole"])
    acting.refer(CARLA, flags=FLAGS[:1], now=now())
    press(page, "Acknowledge")
    assert [one.value for one in page.error] == [acting.CHANGED]
    assert "acknowledged" not in {row.state for row in stands(district)}
    ran(page)
    assert "1 of 2 chosen" in said(page)


def test_an_undo_that_one_colleague_overtook_changes_nobody(district: District) -> None:
    acting.acknowledge(TESS, flags=FLAGS, now=now())
    acting.refer(CARLA, flags=FLAGS[:1], now=now())
    before = stands(district)
    with pytest.raises(NotPossible, match="nothing of yours to undo"):
        undoing.undo(TESS, flags=FLAGS, now=now())
    assert stands(district) == before
    page = show("pages.students.today", TESS)
    assert "2 learners acknowledged." in said(page)  # and says so before it is clicked


def test_flags_in_a_plan_are_left_to_the_plan(district: District) -> None:
    with district.jobs.begin() as db:
        db.execute(
            text("UPDATE chalkline.flags SET state = 'in_plan' WHERE flag_id = :f"), {"f": FLAGS[0]}
        )
    page = choose(show("pages.students.caseload", CARLA), ["Ana Ruiz", "Ben Cole", "Dev Patel"])
    assert "2 of 2 chosen" in said(page)
    page.button(key="acknowledge-several").click()
    ran(page)
    with district.jobs.begin() as db:
        taken = db.execute(
            select(t.Flag.flag_id).where(t.Flag.referred_to == CARLA.staff_id)
        ).scalars()
        assert set(taken) == set(FLAGS[1:])
    assert "0 of 2 chosen" in said(page)


def test_cases_are_handed_over_all_or_none(district: District) -> None:
    over = {"to": NOOR.staff_id, "reason": "workload", "today": CARLA.today, "now": now()}

    def held() -> set[Any]:
        return {one for one, _ in handing.my_learners(CARLA)}

    with pytest.raises(NotAllowed, match="case of your own"):
        handing.hand_over(CARLA, learners=[ANA, BEN, FINN], **over)
    assert held() == {ANA, BEN, DEV}
    handing.hand_over(CARLA, learners=[ANA, BEN], **over)
    assert held() == {DEV}
    assert trail(district, "handed over case") == 2


def test_a_day_that_was_chosen_once_does_not_act_on_whoever_is_chosen_next(
    district: District,
) -> None:
    page = choose(show("pages.students.today", TESS), ["Ana Ruiz"])
    page.date_input(key="until-several-0-other").set_value(TESS.today + timedelta(days=9))
    next(one for one in page.button if one.label == "Snooze until then").click()
    ran(page)
    assert [row.state for row in stands(district)].count("snoozed") == 1
    for box in page.checkbox:
        box.set_value(True)
    ran(page)
    assert "2 of 2 chosen" in said(page)
    assert [row.state for row in stands(district)].count("snoozed") == 1
