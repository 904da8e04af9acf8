"""What is proposed to a learner, and whom a class's groups hold: hand-worked cases and bounds."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.mastery import DEVELOPING, LABELS, MASTERED, NOT_ENOUGH, STRUGGLING
from analytics.recommending import (
    GROUP_MOST,
    PRACTICE_BAND,
    Activity,
    Known,
    Worked,
    best,
    groups,
    next_step,
    tables,
    to_work_on,
    unmet,
)

A, B, C, D = (UUID(int=n) for n in range(1, 5))
NEEDS = {B: [A], C: [B]}


def known(**said: tuple[str, float]) -> dict[UUID, Known]:
    """Of A, B, C, D by name: label and expected share right."""
    return {globals()[name]: Known(label, share, 6) for name, (label, share) in said.items()}


def section(
    number: int, *, form: str = "text", fits: tuple[str, ...] = (), worked: Worked | None = None
) -> Activity:
    return Activity(UUID(int=100 + number), A, form, frozenset(fits), worked)


def test_the_deepest_weak_prerequisite_comes_first() -> None:
    mine = known(A=(STRUGGLING, 0.4), B=(STRUGGLING, 0.5), C=(STRUGGLING, 0.2))
    step = next_step([C], mine, NEEDS, {})
    assert step is not None
    assert (step.kind, step.competency_id, step.holds_up) == ("reteach", A, C)


def test_what_lies_before_something_mastered_does_not_hold_it_up() -> None:
    mine = known(A=(STRUGGLING, 0.4), B=(MASTERED, 0.9), C=(STRUGGLING, 0.3))
    step = next_step([C], mine, NEEDS, {})
    assert step is not None
    assert (step.competency_id, step.holds_up) == (C, None)


@pytest.mark.parametrize(
    ("share", "kind"), [(0.3, "reteach"), (0.5, "practise"), (0.84, "practise"), (0.9, None)]
)
def test_how_hard_it_is_decides_how(share: float, kind: str | None) -> None:
    step = next_step([A], known(A=(DEVELOPING, share)), {}, {})
    assert (step.kind if step else None) == kind


def test_nothing_is_proposed_twice_within_a_week() -> None:
    mine = known(A=(STRUGGLING, 0.3), D=(DEVELOPING, 0.6))
    step = next_step([A, D], mine, {}, {}, lately=[A])
    assert step is not None
    assert step.competency_id == D
    assert next_step([A, D], mine, {}, {}, lately=[A, D]) is None


def test_who_has_mastered_all_is_shown_what_comes_next_and_is_ready_for_it() -> None:
    mine = known(A=(MASTERED, 0.9), B=(MASTERED, 0.9))
    step = next_step([A, B], mine, NEEDS, {}, ahead=[C, D])
    assert step is not None
    assert (step.kind, step.competency_id) == ("enrich", C)
    lacking = mine | known(C=(DEVELOPING, 0.9))
    later = next_step([A, B], lacking, {**NEEDS, D: [C]}, {}, ahead=[D, C])
    assert later is not None
    assert later.competency_id == C


def test_one_answer_is_no_reason_to_go_ahead() -> None:
    assert next_step([A], known(A=(MASTERED, 0.95)), {}, {}, ahead=[D]) is None


def test_a_section_fits_the_learner_before_it_worked_for_others() -> None:
    film = section(1, form="video", worked=Worked(90, 0.9))
    shown = section(2, form="video", fits=("captions",), worked=Worked(90, 0.6))
    assert best([film, shown]) == film
    assert best([film, shown], ["captions"]) == shown
    assert best([film], ["captions"]) == film
    assert unmet(film, ["captions", "extra_time"]) == ("captions",)
    step = next_step([A], known(A=(STRUGGLING, 0.3)), {}, {A: [film]}, accommodations=["captions"])
    assert step is not None
    assert step.unmet == ("captions",)


def test_of_sections_that_fit_the_one_that_surely_helped_goes_before_a_good_result() -> None:
    good, helped, unknown = (
        section(1, worked=Worked(90, 0.9)),
        section(2, worked=Worked(40, 0.7, gained=True)),
        section(3),
    )
    assert best([unknown, good, helped]) == helped
    assert best([unknown, good]) == good
    assert best([]) is None


def test_learners_who_lack_the_same_are_one_group_and_each_is_in_one() -> None:
    people = {
        UUID(int=10): known(A=(STRUGGLING, 0.3), D=(STRUGGLING, 0.4)),
        UUID(int=11): known(A=(STRUGGLING, 0.2), B=(STRUGGLING, 0.3)),
        UUID(int=12): known(A=(DEVELOPING, 0.5), D=(STRUGGLING, 0.4)),
        UUID(int=13): known(B=(STRUGGLING, 0.3), A=(MASTERED, 0.9)),
        UUID(int=14): known(A=(MASTERED, 0.9), D=(MASTERED, 0.9)),
        UUID(int=15): known(A=(MASTERED, 0.9), D=(MASTERED, 0.9)),
    }
    found = groups([A, B, D], people, NEEDS, notices=[A])
    assert [(g.kind, g.competency_id, [one.int for one in g.learners]) for g in found] == [
        ("reteach", A, [10, 11]),
        ("enrich", UUID(int=0), [14, 15]),
    ]
    assert found[0].whole_class
    assert found[0].holds_up == (B,)


said = st.fixed_dictionaries(
    {},
    optional={
        one: st.builds(Known, st.sampled_from(LABELS), st.floats(0, 1), st.integers(1, 30))
        for one in (A, B, C, D)
    },
)


@given(said, st.sets(st.sampled_from([A, B, C, D])), st.sets(st.sampled_from([A, B, C, D])))
def test_a_step_is_never_about_what_is_mastered_or_was_just_proposed(
    mine: dict[UUID, Known], current: set[UUID], lately: set[UUID]
) -> None:
    step = next_step(current, mine, NEEDS, {}, ahead=[D], lately=lately)
    if step is None:
        return
    assert step.competency_id not in lately
    if step.kind == "enrich":
        assert all(mine[one].label == MASTERED for one in current if one in mine)
        return
    now = mine[step.competency_id]
    assert now.label != MASTERED
    assert now.next_right < PRACTICE_BAND[1]
    assert (step.kind == "reteach") == (now.next_right < PRACTICE_BAND[0])
    assert step.competency_id in current or step.holds_up in current


@given(st.dictionaries(st.uuids(), said, max_size=12))
def test_nobody_is_in_two_groups_and_only_strugglers_are_taught_again(
    people: dict[UUID, dict[UUID, Known]],
) -> None:
    found = groups([A, B, C], people, NEEDS)
    listed = [one for group in found for one in group.learners]
    assert len(listed) == len(set(listed))
    for group in found:
        assert len(group.learners) >= 2
        if group.kind == "reteach":
            labels = {people[one][group.competency_id].label for one in group.learners}
            assert labels == {STRUGGLING}


@given(st.lists(st.integers(), max_size=60))
def test_tables_hold_everybody_once_and_few_each(people: list[int]) -> None:
    parts = tables(people)
    assert [one for part in parts for one in part] == people
    assert all(0 < len(part) <= GROUP_MOST for part in parts)
    assert max(map(len, parts), default=0) - min(map(len, parts), default=0) <= 1


def test_too_little_evidence_is_practised_after_what_is_sure() -> None:
    mine = known(A=(NOT_ENOUGH, 0.2), D=(STRUGGLING, 0.4))
    assert [one for one, _ in to_work_on([A, D], mine, {})] == [D, A]
