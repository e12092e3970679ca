"""The rules of the graph against their definitions: cycles by brute force, verdicts one dependency at a time."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import example, given
from hypothesis import strategies as st

from domain.dag import Verdict, find_cycle, verdict
from domain.states import ENDED_TASK, TaskStatus
from domain.task import OnFailure

NODES = range(6)
graphs = st.dictionaries(st.sampled_from(NODES), st.lists(st.sampled_from(NODES), max_size=4), max_size=6)
dependency_lists = st.lists(st.tuples(st.sampled_from(TaskStatus), st.sampled_from(OnFailure)), max_size=6)


def reaches_itself(graph: dict[int, list[int]], node: int) -> bool:
    """Whether some walk of at most ``len(NODES)`` edges leads from the node back to it."""
    here = {node}
    for _ in NODES:
        here = {target for source in here for target in graph.get(source, [])}
        if node in here:
            return True
    return False


@given(graphs)
@example({0: [0]})
@example({0: [1], 1: [0]})
@example({0: [1, 2], 1: [3], 2: [3]})
@example({4: [0], 0: [1], 1: [2], 2: [0]})
def test_a_cycle_is_found_exactly_when_there_is_one(graph: dict[int, list[int]]) -> None:
    cycle = find_cycle(graph)
    assert (cycle is not None) == any(reaches_itself(graph, node) for node in NODES)


@given(graphs)
def test_the_cycle_is_a_closed_walk_along_edges_without_repetition(graph: dict[int, list[int]]) -> None:
    cycle = find_cycle(graph)
    if cycle is None:
        return
    assert cycle[0] == cycle[-1]
    assert len(cycle) >= 2
    assert all(after in graph[before] for before, after in pairwise(cycle))
    assert len(set(cycle)) == len(cycle) - 1


def test_a_long_chain_needs_no_stack() -> None:
    chain = {number: [number + 1] for number in range(20_000)}
    assert find_cycle(chain) is None
    assert find_cycle({**chain, 20_000: [0]}) == [*range(20_001), 0]


def one_verdict(status: TaskStatus, on_failure: OnFailure) -> Verdict:
    """What one dependency alone means."""
    if status is TaskStatus.COMPLETED:
        return Verdict.READY
    if status not in ENDED_TASK:
        return Verdict.WAIT
    return {OnFailure.BLOCK: Verdict.WAIT, OnFailure.SKIP: Verdict.SKIP, OnFailure.CONTINUE: Verdict.READY}[on_failure]


@given(dependency_lists)
def test_a_verdict_is_the_strongest_of_its_dependencies(dependencies: list[tuple[TaskStatus, OnFailure]]) -> None:
    alone = {one_verdict(*dependency) for dependency in dependencies}
    expected = Verdict.SKIP if Verdict.SKIP in alone else Verdict.WAIT if Verdict.WAIT in alone else Verdict.READY
    assert verdict(dependencies) is expected


@given(dependency_lists, st.randoms(use_true_random=False))
def test_the_order_of_dependencies_does_not_matter(
    dependencies: list[tuple[TaskStatus, OnFailure]], luck: object
) -> None:
    shuffled = list(dependencies)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    assert verdict(shuffled) is verdict(dependencies)


def test_without_dependencies_a_task_is_ready() -> None:
    assert verdict(()) is Verdict.READY


def test_every_single_dependency_has_its_verdict() -> None:
    for status, on_failure in product(TaskStatus, OnFailure):
        assert verdict([(status, on_failure)]) is one_verdict(status, on_failure)
