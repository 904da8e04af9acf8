"""Each rule at, below and above its thresholds, and its words beside it."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import rules
from analytics.rules import Activity, Struggle, Work

TODAY = date(2026, 3, 20)
SINCE = date(2026, 3, 9)
ACTIVE = Activity(
    days=10,
    days_before=10,
    clicks=100,
    clicks_before=100,
    last_on=TODAY,
    enrolled_on=date(2025, 9, 1),
    class_change=1.0,
    class_days=6,
)
RATIOS = Struggle(UUID(int=1), "6.RP.A.3", 0.35, 0.2, 0.52, 9, date(2026, 3, 16))


def _work(due: int, missing: int) -> Work:
    return Work(due, missing, SINCE if missing else None, due)


@pytest.mark.parametrize(
    ("due", "missing", "flagged"),
    [
        (0, 0, False),
        (1, 1, False),  # a single piece says too little
        (2, 0, False),
        (2, 1, True),  # half of at least two
        (3, 1, False),
        (3, 2, True),
        (10, 2, True),  # two, and a fifth
        (11, 2, False),
        (11, 3, True),
        (8, 8, True),
    ],
)
def test_missing_work_is_two_and_a_fifth_or_half_of_two(
    due: int, missing: int, flagged: bool
) -> None:
    assert (rules.missing_work(_work(due, missing)) is not None) is flagged


@given(st.integers(2, 40), st.data())
def test_handing_in_what_it_takes_clears_missing_work_and_no_less_does(
    due: int, data: st.DataObject
) -> None:
    missing = data.draw(st.integers(0, due))
    found = rules.missing_work(_work(due, missing))
    if found:
        enough = found.evidence["to_clear"]
        assert rules.missing_work(_work(due, missing - enough)) is None
        assert rules.missing_work(_work(due, missing - enough + 1)) is not None


@given(st.integers(2, 40), st.data())
def test_more_missing_work_is_never_less_severe(due: int, data: st.DataObject) -> None:
    missing = data.draw(st.integers(0, due - 1))
    less, more = (
        rules.missing_work(_work(due, missing)),
        rules.missing_work(_work(due, missing + 1)),
    )
    assert (less.severity if less else 0) <= (more.severity if more else 0) <= 1


@pytest.mark.parametrize(
    ("evidence", "reason", "clears"),
    [
        (
            {"missing": 2, "due": 3, "since": "2026-03-09", "to_clear": 1},
            "Missed 2 of 3 pieces of work due since 9 March.",
            "Clears when 1 of the 2 is handed in.",
        ),
        (
            {"missing": 4, "due": 4, "since": "2025-12-01", "to_clear": 3},
            "Missed all 4 pieces of work due since 1 December 2025.",
            "Clears when 3 of the 4 are handed in.",
        ),
        (
            {"missing": 1, "due": 1, "since": "2026-03-09", "to_clear": 1},
            "Missed the piece of work due on 9 March.",
            "Clears when it is handed in.",
        ),
        (
            {"missing": 2, "due": 5, "since": "2026-03-09", "to_clear": 2},
            "Missed 2 of 5 pieces of work due since 9 March.",
            "Clears when all 2 are handed in.",
        ),
    ],
)
def test_missing_work_in_words(evidence: rules.Evidence, reason: str, clears: str) -> None:
    assert rules.reason(rules.MISSING_WORK, evidence, today=TODAY) == reason
    assert rules.clears(rules.MISSING_WORK, evidence) == clears


def test_low_mastery_names_the_lowest_first_and_weighs_several() -> None:
    other = replace(RATIOS, competency_id=UUID(int=2), code="6.NS.C.5", share=0.3)
    one, two = rules.low_mastery([RATIOS]), rules.low_mastery([RATIOS, other])
    assert one
    assert two
    assert two.severity > one.severity
    assert [c["code"] for c in two.evidence["competencies"]] == ["6.NS.C.5", "6.RP.A.3"]
    assert rules.low_mastery([]) is None


def test_low_mastery_in_words() -> None:
    codes = ("6.RP.A.1", "6.RP.A.2", "6.NS.A.1", "6.EE.A.1")
    found = rules.low_mastery([RATIOS, *(replace(RATIOS, code=c, share=0.5) for c in codes)])
    assert found
    assert rules.reason(found.rule, found.evidence, today=TODAY) == (
        "Struggling with 6.RP.A.3: about 35 % right, 9 answers (between 20 and 52 %); "
        "also 6.EE.A.1 and 6.NS.A.1 and 2 more."
    )
    assert rules.clears(found.rule, found.evidence) == (
        "Clears when right answers on all 5 of them bring the range up to 60 %."
    )


@pytest.mark.parametrize(
    ("clicks", "days", "flagged"), [(49, 4, True), (50, 4, False), (49, 5, False), (0, 0, True)]
)
def test_activity_has_fallen_below_half_by_days_and_by_clicks(
    clicks: int, days: int, flagged: bool
) -> None:
    found = rules.falling_activity(replace(ACTIVE, clicks=clicks, days=days), today=TODAY)
    assert (found is not None) is flagged


@pytest.mark.parametrize(("change", "flagged"), [(1.4, True), (1.0, True), (0.7, False)])
def test_what_the_class_lost_too_is_not_held_against_a_learner(
    change: float, flagged: bool
) -> None:
    learner = replace(ACTIVE, clicks=40, days=4, class_change=change)
    assert (rules.falling_activity(learner, today=TODAY) is not None) is flagged


@pytest.mark.parametrize(("before", "flagged"), [(3, False), (4, True)])
def test_too_little_past_activity_is_nothing_to_fall_from(before: int, flagged: bool) -> None:
    learner = replace(ACTIVE, clicks=1, days=1, days_before=before)
    assert (rules.falling_activity(learner, today=TODAY) is not None) is flagged


@pytest.mark.parametrize(
    ("ago", "class_days", "flagged"),
    [(13, 6, False), (14, 6, True), (14, 2, True), (14, 1, False), (40, 0, False)],
)
def test_silence_counts_from_two_weeks_and_only_while_the_class_is_active(
    ago: int, class_days: float, flagged: bool
) -> None:
    learner = replace(ACTIVE, last_on=TODAY - timedelta(days=ago), class_days=class_days)
    assert (rules.falling_activity(learner, today=TODAY) is not None) is flagged


def test_a_learner_who_has_just_joined_is_not_silent() -> None:
    new = replace(
        ACTIVE, days=0, days_before=0, clicks=0, clicks_before=0, last_on=None,
        enrolled_on=TODAY - timedelta(days=13),
    )  # fmt: skip
    assert rules.falling_activity(new, today=TODAY) is None
    found = rules.falling_activity(new, today=TODAY + timedelta(days=1))
    assert found
    assert rules.reason(found.rule, found.evidence, today=TODAY) == (
        "No activity since joining on 7 March."
    )


def test_falling_activity_in_words() -> None:
    silent = rules.falling_activity(replace(ACTIVE, last_on=date(2026, 3, 4)), today=TODAY)
    fell = rules.falling_activity(replace(ACTIVE, clicks=10, days=1), today=TODAY)
    assert silent
    assert fell
    assert [rules.reason(f.rule, f.evidence, today=TODAY) for f in (silent, fell)] == [
        "Last active 16 days ago, on 4 March; the class is active.",
        "Active on 1 day in the last four weeks, 10 in the four before; "
        "the class did not slow down so much.",
    ]
    assert [rules.clears(f.rule, f.evidence) for f in (silent, fell)] == [
        "Clears with the first new activity.",
        "Clears when there are 5 active days in four weeks.",
    ]


def _school(statuses: str) -> list[tuple[date, str]]:
    words = {"p": "present", "a": "absent", "e": "excused", "l": "late"}
    first = TODAY - timedelta(days=len(statuses))
    return [(first + timedelta(days=n), words[s]) for n, s in enumerate(statuses)]


@pytest.mark.parametrize(
    ("statuses", "flagged"),
    [
        ("p" * 25 + "aa" + "p", False),
        ("p" * 25 + "aaa", True),
        ("p" * 25 + "aee", True),  # excused days count
        ("p" * 25 + "lll", False),  # late is present
        ("aaa" + "p" * 28, False),  # older than the last 28 school days
        ("aaa", True),
        ("aa", False),
        ("", False),
    ],
)
def test_absence_is_a_tenth_of_the_last_school_days_and_at_least_three(
    statuses: str, flagged: bool
) -> None:
    assert (rules.attendance(_school(statuses)) is not None) is flagged


@given(st.text("pael", max_size=60))
def test_attending_as_long_as_it_says_clears_absence_and_no_less_does(statuses: str) -> None:
    found = rules.attendance(_school(statuses))
    if found:
        enough = found.evidence["to_clear"]
        assert rules.attendance(_school(statuses + "p" * enough)) is None
        assert rules.attendance(_school(statuses + "p" * (enough - 1))) is not None
        assert 0 <= found.severity <= 1


def test_attendance_in_words() -> None:
    found = rules.attendance(_school("p" * 24 + "aaep"))
    assert found
    assert rules.reason(found.rule, found.evidence, today=TODAY) == (
        "Absent on 3 of the last 28 school days (1 excused); last on 18 March."
    )
    assert rules.clears(found.rule, found.evidence) == (
        "Clears after 25 school days without absence."
    )


@pytest.mark.parametrize(
    ("struggling", "learners", "noticed"),
    [(1, 6, False), (2, 6, True), (9, 29, False), (10, 30, True), (9, 30, False), (5, 5, False)],
)
def test_a_third_of_a_class_of_six_makes_a_notice(
    struggling: int, learners: int, noticed: bool
) -> None:
    found = rules.class_notices([UUID(int=1)] * struggling, learners=learners)
    assert bool(found) is noticed


def test_a_dismissed_rule_keeps_quiet_for_four_weeks_unless_it_got_much_worse() -> None:
    def again(days: int, severity: float) -> bool:
        return rules.may_be_raised_again(
            dismissed_on=TODAY - timedelta(days=days),
            severity_then=0.4,
            severity=severity,
            today=TODAY,
        )

    assert [again(27, 0.5), again(28, 0.5), again(1, 0.59), again(1, 0.6)] == [
        False,
        True,
        False,
        True,
    ]


def test_an_unknown_rule_has_no_words() -> None:
    with pytest.raises(ValueError, match="There is no rule called 'luck'"):
        rules.reason("luck", {}, today=TODAY)
    with pytest.raises(ValueError, match="There is no rule called 'luck'"):
        rules.clears("luck", {})
