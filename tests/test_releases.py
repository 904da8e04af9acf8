"""Averaging, racing, killing, restoring: a released figure has one value and is paid for once."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from statistics import fmean
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

import privacy
from db.refresh.releases import VERSIONS_KEPT
from privacy import Viewer, metrics, releases
from privacy.releases import FEW, OVERVIEW, VAGUE, Refused, Release, ledger, measuring
from privacy.releases.accounting import COUNT_RHO, LEARNERS_RHO
from privacy.releases.book import BookError
from privacy.releases.measuring import Rows, measure
from privacy.releases.noise import Noisy, noisy
from privacy.releases.question import question_of
from tests import cast
from tests.conftest import District
from tests.crowd import WEEK, cap, crowd, remove, spent

ELM = str(cast.of("Elm Middle School"))


@pytest.fixture
def school(district: District) -> District:
    """Two schools of 500 in Lakeside."""
    crowd(district, 500)
    return district


def adam() -> Viewer:
    return cast.viewer("Adam Price")


def others() -> list[Viewer]:
    """Several administrators, as the database would find them."""
    return [cast.viewer(name, role="administrator") for name in ("Tess Moran", "Carla Weiss")]


def told(found: Release) -> list[float | None]:
    """What a person is shown."""
    return [figure.value for figure in found.figures]


def reopened(district: District) -> None:
    """The process is started again."""
    privacy.open_door(district.settings, app_url=district.app_url)


# Averaging.


def test_a_thousand_repeats_are_one_value_and_one_charge(school: District) -> None:
    first = releases.release(adam(), "pass", "school")
    paid = spent(school)
    seen = {tuple(told(releases.release(adam(), "pass", "school"))) for _ in range(1_000)}
    assert seen == {tuple(told(first))}
    assert spent(school) == paid == LEARNERS_RHO + first.cost.rho


def test_without_the_store_a_thousand_repeats_average_to_the_exact_count(school: District) -> None:
    """The negative control: the mechanism alone, asked again and again."""
    enrolment = question_of(metrics.metric("enrolment"))
    rows = Rows([[1.0] * 473], None)
    asked = [measure(enrolment, rows).count.values[0] for _ in range(4_000)]  # type: ignore[union-attr]
    assert len(set(asked)) > 10
    assert round(fmean(asked)) == 473


def test_people_refreshes_restarts_and_sessions_at_once_see_one_value(school: District) -> None:
    def ask(viewer: Viewer) -> tuple[float | None, ...]:
        return tuple(told(releases.release(viewer, "attendance", "school")))

    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(ask, [adam(), *others()] * 8))
    reopened(school)
    seen |= {ask(viewer) for viewer in others()}
    crowd(school, 40, first=500)  # data that changes within the week changes nothing
    seen.add(ask(adam()))
    assert len(seen) == 1


def test_coarser_figures_are_sums_of_finer_ones_and_cost_nothing(school: District) -> None:
    by_school = releases.release(adam(), "pass", "school")
    paid = spent(school)
    district = releases.release(adam(), "pass", "district")
    assert spent(school) == paid
    assert district.figures[0] == by_school.total
    assert district.cost.rho == 0
    together = releases.release(adam(), "enrolment", "school")
    assert together.total is not None
    assert together.total.value == sum(figure.value or 0 for figure in together.figures)


def test_school_by_grade_adds_up_to_the_schools_that_are_published(school: District) -> None:
    for name in ("enrolment", "pass"):
        whole = releases.release(adam(), name, "school")
        parts = releases.release(adam(), name, "school_grade")
        for at, group in enumerate(whole.groups):
            mine = [n for n, part in enumerate(parts.groups) if part.keys[0] == group.keys[0]]
            assert sum(parts.numbers.total[n] for n in mine) == pytest.approx(
                whole.numbers.total[at]
            )
            assert sum(parts.numbers.learners[n] for n in mine) == pytest.approx(
                whole.numbers.learners[at]
            )


# Budget.


def counts() -> list[tuple[str, str]]:
    """Thirty-two different questions."""
    pairs = [
        (name, grain)
        for name, one in metrics.METRICS.items()
        if "district" in one.regime and one.kind in ("mean", "rate")
        for grain in one.grains
        if grain in ("school", "school_grade", "accommodation", "language", "programme")
    ]
    return pairs[:32]


def test_thirty_two_requests_at_once_over_a_cap_of_ten_grant_exactly_ten(
    school: District, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each costs the same here, so that the cap is worth exactly ten of them."""
    each = Decimal("0.0116")
    monkeypatch.setattr("privacy.releases.prices.denominated", lambda asked, by: False)
    monkeypatch.setattr("privacy.releases.measuring.SUM_RHO", each - LEARNERS_RHO / 10)
    monkeypatch.setattr("privacy.releases.measuring.LEARNERS_RHO", LEARNERS_RHO / 10)
    cap(school, year=10 * each)
    questions = counts()
    assert len(set(questions)) == 32

    def ask(question: tuple[str, str]) -> str:
        try:
            releases.release(adam(), *question)
        except Refused as why:
            return str(why)
        return "granted"

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(ask, questions))
    assert said.count("granted") == 10
    assert sum("is left of the privacy budget" in one for one in said) == 22
    assert spent(school) == 10 * each


def test_sixty_four_equal_requests_charge_once(school: District) -> None:
    with ThreadPoolExecutor(12) as pool:
        found = list(pool.map(lambda _: releases.release(adam(), "enrolment", "school"), range(64)))
    assert len({one.release_id for one in found}) == 1
    assert spent(school) == COUNT_RHO


def test_a_release_above_the_cap_of_one_is_refused_in_words(school: District) -> None:
    cap(school, year=Decimal(1), each=Decimal("0.01"))
    with pytest.raises(Refused, match=r"one release may cost 0\.01 at most"):
        releases.release(adam(), "enrolment", "school")
    assert spent(school) == 0


def test_a_refused_figure_charges_nothing_and_stored_ones_stay_free(school: District) -> None:
    cap(school, year=Decimal("0.03"))
    known = releases.release(adam(), "enrolment", "school")
    with pytest.raises(Refused, match="Wait for the next school year"):
        releases.release(adam(), "pass", "school")
    assert spent(school) == COUNT_RHO
    assert told(releases.release(adam(), "enrolment", "school")) == told(known)
    with school.jobs.begin() as db:
        noted = db.scalars(text("SELECT action FROM chalkline.audit_log ORDER BY at")).all()
    assert "release made" in noted
    assert noted[-1] == "release refused"


def test_the_cap_holds_across_weeks_of_a_year(school: District) -> None:
    crowd(school, 500, week=WEEK + timedelta(days=7))
    cap(school, year=Decimal("0.03"))
    releases.release(adam(), "enrolment", "school", version=WEEK)
    with pytest.raises(Refused, match="is left of the privacy budget"):
        releases.release(adam(), "enrolment", "school")


KILLED = """
import os, signal, sys
import privacy
from db.settings import Settings
from privacy import releases
from privacy.releases import making
from tests import cast

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(making, sys.argv[2], die) if sys.argv[2] != "add" else None
privacy.open_door(Settings.load(), app_url=sys.argv[1])
if sys.argv[2] == "add":
    from privacy.releases.book import Book
    Book.add = die
releases.release(cast.viewer("Adam Price"), "enrolment", "school")
"""


def killed(district: District, where: str) -> None:
    """A process that is killed with -9 at this step of a release."""
    settings = district.settings
    done = subprocess.run(
        [sys.executable, "-c", KILLED, district.app_url, where],
        env={
            **os.environ,
            "CHALKLINE_HOME": str(settings.home),
            "CHALKLINE_KEY_FILE": str(settings.key_file),
            "CHALKLINE_CONTEXT_SECRET_FILE": str(settings.context_secret_file),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("where", ["measure", "to_answer"])
def test_kill_9_between_charge_and_store_leaves_neither(school: District, where: str) -> None:
    """Before the noise, and between noise and store; the charge is made before both."""
    killed(school, where)
    assert spent(school) == 0
    with school.jobs.begin() as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.releases")) == 0
    assert ledger.book().lines() == ()
    releases.release(adam(), "enrolment", "school")
    assert spent(school) == COUNT_RHO


def test_kill_9_between_commit_and_book_loses_nothing(school: District) -> None:
    killed(school, "add")
    assert spent(school) == COUNT_RHO
    assert ledger.book().lines() == ()
    found = releases.release(adam(), "enrolment", "school")
    assert spent(school) == COUNT_RHO
    assert [line.metric for line in ledger.book().lines()] == [found.metric.name]


def forget(district: District) -> None:
    """The database as a backup knew it that was made before any release."""
    engine = create_engine(district.super_url)
    with engine.begin() as db:
        db.execute(text("TRUNCATE chalkline.releases, chalkline.release_budgets"))
    engine.dispose()
    reopened(district)


def test_a_restored_backup_never_puts_new_noise_on_a_released_answer(school: District) -> None:
    releases.release(adam(), "enrolment", "school")
    forget(school)
    with pytest.raises(Refused, match="restored from a backup"):
        releases.release(adam(), "enrolment", "school")


def test_without_the_book_a_restored_backup_would_answer_anew(school: District) -> None:
    """The negative control."""
    seen = set()
    for _ in range(6):
        seen.add(tuple(told(releases.release(adam(), "enrolment", "school"))))
        privacy.door().book_file.unlink()
        forget(school)
    assert len(seen) > 1


def test_a_restore_refunds_nothing(school: District) -> None:
    cap(school, year=Decimal("0.03"))
    releases.release(adam(), "enrolment", "school")
    forget(school)
    cap(school, year=Decimal("0.03"))
    crowd(school, 500, week=WEEK + timedelta(days=7))
    with pytest.raises(Refused, match=r"and 0\.01 is left"):
        releases.release(adam(), "enrolment", "school")


def test_a_clock_turned_back_or_on_refunds_nothing(school: District) -> None:
    releases.release(adam(), "enrolment", "school")
    for day in ("2025-10-01", "2026-06-01", "2026-03-20"):
        with school.jobs.begin() as db:
            db.execute(
                text("UPDATE chalkline.institutions SET clock_on = :day WHERE kind = 'district'"),
                {"day": day},
            )
        assert told(releases.release(adam(), "enrolment", "school"))
        assert spent(school) == COUNT_RHO


def test_a_changed_book_stops_all_releases(school: District) -> None:
    releases.release(adam(), "enrolment", "school")
    path = privacy.door().book_file
    path.write_bytes(path.read_bytes().replace(b'"rho": "0.02"', b'"rho": "0.00"'))
    with pytest.raises(BookError, match=r"Line 1 .* was changed"):
        releases.release(adam(), "pass", "school")


def test_nobody_changes_or_deletes_what_was_released(school: District) -> None:
    releases.release(adam(), "enrolment", "school")
    for statement in (
        "UPDATE chalkline.releases SET rho = 0",
        "DELETE FROM chalkline.releases",
        "DELETE FROM chalkline.release_budgets",
    ):
        for open_as in (
            lambda: privacy.session(adam()),
            lambda: metrics.releaser_session(adam()),
            lambda: school.jobs.begin(),
        ):
            with pytest.raises(DBAPIError, match="permission denied"), open_as() as db:
                db.execute(text(statement))
    with pytest.raises(DBAPIError, match="permission denied"), privacy.session(adam()) as db:
        db.execute(text("UPDATE chalkline.release_budgets SET rho_spent = 0"))


def test_a_week_whose_rows_are_gone_is_refused_and_not_answered_from_nothing(
    school: District,
) -> None:
    for week in range(1, VERSIONS_KEPT + 1):
        crowd(school, 1, week=WEEK + timedelta(days=7 * week))
    with pytest.raises(Refused, match="no longer kept"):
        releases.release(adam(), "enrolment", "school", version=WEEK)
    assert spent(school) == 0


# Who may ask for what.


def test_only_an_administrator_asks_and_only_for_what_is_declared(school: District) -> None:
    with pytest.raises(privacy.NotAllowed):
        releases.release(cast.viewer("Tess Moran"), "pass", "school")
    with pytest.raises(KeyError):
        releases.release(adam(), "shoe_size", "school")
    with pytest.raises(KeyError, match="not told by 'gender'"):
        releases.release(adam(), "active", "gender")
    assert spent(school) == 0


def test_another_district_reads_none_of_it(school: District) -> None:
    releases.release(adam(), "enrolment", "school")
    vera = cast.viewer("Vera Lund")
    with pytest.raises(Refused, match="no data to release"):
        releases.release(vera, "enrolment", "school")
    with privacy.session(vera) as db:
        assert db.scalar(text("SELECT count(*) FROM chalkline.releases")) == 0


# Groups of every size.


@pytest.mark.parametrize("learners", [0, 1, 9, 10])
def test_a_school_of_fewer_than_its_noise_is_not_shown(district: District, learners: int) -> None:
    crowd(district, learners)
    found = releases.release(adam(), "pass", "school")
    assert {figure.hidden for figure in found.figures} <= {FEW, VAGUE}
    assert told(found) == [None, None]
    assert all(
        figure.learners is None for figure in found.figures if figure.hidden == "too few learners"
    )


def test_a_learner_who_left_moves_no_figure_of_her_week(school: District) -> None:
    """Differencing over time: the week is answered; the next week has noise of its own."""
    before = releases.release(adam(), "pass", "school")
    remove(school, "Elm Middle School", 3)
    assert told(releases.release(adam(), "pass", "school")) == told(before)


# Post-processing.


def _answers(week: date) -> dict[tuple[str, str], object]:
    """All that is told of a week by school, and by school and grade; without what names a row."""
    found: dict[tuple[str, str], object] = {}
    for name, one in metrics.METRICS.items():
        for grain in ("school", "school_grade"):
            if one.regime.get("district") == "private" and grain in one.grains:
                made = releases.release(adam(), name, grain, version=week)
                rest = {k: v for k, v in made.parameters.items() if "release" not in k}
                found[name, grain] = (made.groups, made.figures, made.total, str(rest))
    return found


@pytest.mark.parametrize("leaks", [False, True])
def test_what_is_told_is_made_of_noisy_numbers_alone(
    school: District, monkeypatch: pytest.MonkeyPatch, leaks: bool
) -> None:
    """Two weeks of quite other learners, and the same numbers out of the mechanism: one answer,
    with all hiding, sums made to agree, and margins. Control: a hundredth of the truth is let out.
    """
    later = WEEK + timedelta(weeks=1)
    crowd(school, 40, week=later, first=700)
    cap(school, year=Decimal(100))

    def same(values: Sequence[int], **terms: Any) -> Noisy:
        made = noisy(values, **terms)
        told = [
            (37 * at) % 211 + (int(one) // 100 if leaks else 0) for at, one in enumerate(values)
        ]
        return replace(made, values=tuple(told))

    monkeypatch.setattr(measuring, "noisy", same)
    first, second = _answers(WEEK), _answers(later)
    assert len(first) > 30
    assert (first == second) is not leaks


# The weekly overview.


def test_the_weekly_overview_is_made_once_and_read_in_one_question(school: District) -> None:
    viewer = adam()
    made_of_nothing = releases.planned(viewer, OVERVIEW, "school").rho
    made = releases.overview(viewer)
    assert (made.releases, made.refused) == (2 * len(OVERVIEW), ())
    paid = spent(school)
    assert releases.overview(viewer).releases == 0
    found = releases.stored(viewer, OVERVIEW, "school", weeks=3)
    assert {name: len(some) for name, some in found.items()} == dict.fromkeys(OVERVIEW, 1)
    assert spent(school) == paid == made_of_nothing
    assert releases.planned(viewer, OVERVIEW, "school").rho == 0
    assert releases.planned(viewer, OVERVIEW, "school", weeks=2).rho == paid


def test_the_worker_releases_in_nobodys_name(school: District) -> None:
    made = releases.weekly_overview(now=cast.NOW)
    assert [one.releases for one in made] == [2 * len(OVERVIEW)]
    assert releases.release(adam(), "pass", "school").asked_by is None


def test_no_overview_is_made_in_the_holidays(school: District) -> None:
    with school.jobs.begin() as db:
        db.execute(text("UPDATE chalkline.academic_terms SET ends_on = '2026-03-01'"))
    assert releases.weekly_overview(now=cast.NOW) == []
    assert spent(school) == 0
    assert releases.release(adam(), "enrolment", "school").figures  # who asks is answered


def test_a_budget_that_is_spent_stops_the_overview_in_words(school: District) -> None:
    cap(school, year=Decimal("0.03"))
    made = releases.overview(adam())
    assert made.releases == 4  # enrolment and one metric, by school and for the district
    assert all("is left of the privacy budget" in why for why in made.refused)
