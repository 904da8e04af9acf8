"""Puts competencies in the order in which they are learned, and finds what blocks whom."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import TypeVar

from analytics.mastery import MASTERED, STRUGGLING

C = TypeVar("C", bound=Hashable)


def learning_order(competencies: Sequence[C], edges: Iterable[tuple[C, C]]) -> list[C]:
    """Prerequisites before what needs them; otherwise as taught, which is the order given.

    >>> learning_order(["c", "a", "b"], [("a", "b"), ("b", "c"), ("x", "a")])
    ['a', 'b', 'c']
    >>> learning_order(["b", "a"], [])
    ['b', 'a']
    """
    place = {competency: i for i, competency in enumerate(competencies)}
    before: dict[C, list[C]] = {competency: [] for competency in competencies}
    for first, then in edges:
        if first in place and then in place:
            before[then].append(first)
    sorter = TopologicalSorter(before)
    sorter.prepare()
    order: list[C] = []
    ready = set(sorter.get_ready())
    while ready:
        following = min(ready, key=place.__getitem__)
        ready.remove(following)
        order.append(following)
        sorter.done(following)
        ready.update(sorter.get_ready())
    return order


def blocker(competency: C, before: Mapping[C, Sequence[C]], labels: Mapping[C, str]) -> C | None:
    """The deepest prerequisite on the way to a competency that a learner struggles with.

    None when she has none such: then the competency itself is what to work on. What lies before
    something mastered can not be what blocks.

    >>> before = {"c": ["b"], "b": ["a"]}
    >>> blocker("c", before, {"a": "struggling", "b": "struggling", "c": "struggling"})
    'a'
    >>> blocker("c", before, {"a": "mastered", "b": "struggling"}), blocker("c", before, {})
    ('b', None)
    """
    for earlier in before.get(competency, ()):
        if labels.get(earlier) == MASTERED:
            continue
        deeper = blocker(earlier, before, labels)
        if deeper is not None:
            return deeper
        if labels.get(earlier) == STRUGGLING:
            return earlier
    return None
