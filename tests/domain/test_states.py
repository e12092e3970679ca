"""The state machines: every move of the tables and no other, along random walks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import IllegalTransition
from domain.states import (
    ACTIVE_TASK,
    ENDED_EXECUTION,
    ENDED_TASK,
    EXECUTION_TRANSITIONS,
    RETRYABLE_TASK,
    STEP_TRANSITIONS,
    TASK_AFTER,
    TASK_TRANSITIONS,
    ExecutionStatus,
    StepStatus,
    TaskStatus,
    check_execution,
    check_step,
    check_task,
)

MACHINES: list[tuple[list[Any], Mapping[Any, frozenset[Any]], Callable[[Any, Any], None]]] = [
    (list(TaskStatus), TASK_TRANSITIONS, check_task),
    (list(ExecutionStatus), EXECUTION_TRANSITIONS, check_execution),
    (list(StepStatus), STEP_TRANSITIONS, check_step),
]
each_machine = pytest.mark.parametrize(("states", "table", "check"), MACHINES, ids=["task", "execution", "step"])


@each_machine
def test_the_table_names_every_state(states: list[Any], table: Any, check: Any) -> None:
    assert set(table) == set(states)
    assert all(onward <= set(states) for onward in table.values())


@each_machine
def test_no_state_is_left_for_itself(states: list[Any], table: Any, check: Any) -> None:
    assert all(state not in onward for state, onward in table.items())


@each_machine
def test_every_state_can_be_reached_from_the_first(states: list[Any], table: Any, check: Any) -> None:
    reached, pending = set(), [next(iter(states))]
    while pending:
        state = pending.pop()
        if state not in reached:
            reached.add(state)
            pending.extend(table[state])
    assert reached == set(states)


@each_machine
def test_an_illegal_move_names_both_states(states: list[Any], table: Any, check: Any) -> None:
    for current in states:
        for target in states:
            if target in table[current]:
                check(current, target)
                continue
            with pytest.raises(IllegalTransition) as refused:
                check(current, target)
            assert (refused.value.current, refused.value.target) == (current.value, target.value)
            assert current.value in refused.value.message
            assert target.value in refused.value.message


@given(st.lists(st.sampled_from(ExecutionStatus), max_size=30))
def test_a_random_walk_of_an_execution_never_leaves_its_end(targets: list[ExecutionStatus]) -> None:
    state, ended_as = ExecutionStatus.QUEUED, None
    for target in targets:
        try:
            check_execution(state, target)
        except IllegalTransition:
            assert target not in EXECUTION_TRANSITIONS[state]
            continue
        state = target
        assert ended_as is None, f"left {ended_as} for {target}"
        ended_as = state if state in ENDED_EXECUTION else None


@given(st.lists(st.sampled_from(TaskStatus), max_size=40))
def test_a_random_walk_of_a_task_runs_only_after_it_was_queued(targets: list[TaskStatus]) -> None:
    state, before = TaskStatus.PENDING, TaskStatus.PENDING
    for target in targets:
        try:
            check_task(state, target)
        except IllegalTransition:
            continue
        before, state = state, target
        if state is TaskStatus.IN_PROGRESS:
            assert before is TaskStatus.QUEUED
        if state is TaskStatus.COMPLETED:
            assert before is TaskStatus.IN_PROGRESS
        assert state is not TaskStatus.PENDING, "a dispatched task was never dispatched"


def test_the_states_of_a_task_fall_into_groups() -> None:
    waiting = {TaskStatus.PENDING, TaskStatus.BLOCKED}
    assert ENDED_TASK | ACTIVE_TASK | waiting == set(TaskStatus)
    assert not ENDED_TASK & ACTIVE_TASK
    assert ENDED_TASK - {TaskStatus.COMPLETED} == RETRYABLE_TASK
    assert all(TaskStatus.QUEUED in TASK_TRANSITIONS[state] for state in RETRYABLE_TASK)


def test_a_task_can_follow_every_move_of_its_execution() -> None:
    assert set(TASK_AFTER) == set(ExecutionStatus)
    for current, onward in EXECUTION_TRANSITIONS.items():
        for target in onward:
            check_task(TASK_AFTER[current], TASK_AFTER[target])
