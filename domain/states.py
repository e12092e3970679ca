"""The life of tasks and executions: every state, and the one table of legal transitions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from domain.errors import IllegalTransition


class TaskStatus(StrEnum):
    """Where a task is in its life."""

    PENDING = "PENDING"
    BLOCKED = "BLOCKED"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    AWAITING_CHILDREN = "AWAITING_CHILDREN"
    AWAITING_MESSAGE = "AWAITING_MESSAGE"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    SKIPPED = "SKIPPED"


class ExecutionStatus(StrEnum):
    """Where one attempt of an agent at a task is in its life."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    AWAITING_CHILDREN = "AWAITING_CHILDREN"
    AWAITING_MESSAGE = "AWAITING_MESSAGE"
    SUCCEEDED = "SUCCEEDED"
    CLAIMED_UNVERIFIED = "CLAIMED_UNVERIFIED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"


class StepStatus(StrEnum):
    """Where one checkpointed unit of an execution is in its life."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class ToolCallState(StrEnum):
    """Where one call of a tool is in its life."""

    STARTED = "STARTED"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    INTERRUPTED = "INTERRUPTED"
    UNCERTAIN = "UNCERTAIN"


LEFT_OPEN = frozenset({ToolCallState.STARTED, ToolCallState.UNCERTAIN})
"""Calls whose end nobody saw."""

State = TypeVar("State", TaskStatus, ExecutionStatus, StepStatus)

T, E, S = TaskStatus, ExecutionStatus, StepStatus

TASK_TRANSITIONS: Mapping[TaskStatus, frozenset[TaskStatus]] = {
    T.PENDING: frozenset({T.BLOCKED, T.QUEUED, T.SKIPPED, T.CANCELLED}),
    T.BLOCKED: frozenset({T.QUEUED, T.SKIPPED, T.CANCELLED}),
    T.QUEUED: frozenset({T.IN_PROGRESS, T.FAILED, T.CANCELLED}),
    T.IN_PROGRESS: frozenset(
        {
            *(T.QUEUED, T.AWAITING_APPROVAL, T.AWAITING_CHILDREN, T.AWAITING_MESSAGE),
            *(T.COMPLETED, T.FAILED, T.CANCELLED),
        }
    ),
    T.AWAITING_APPROVAL: frozenset({T.QUEUED, T.CANCELLED}),
    T.AWAITING_CHILDREN: frozenset({T.QUEUED, T.CANCELLED}),
    T.AWAITING_MESSAGE: frozenset({T.QUEUED, T.CANCELLED}),
    T.COMPLETED: frozenset(),
    T.FAILED: frozenset({T.QUEUED, T.BLOCKED}),
    T.CANCELLED: frozenset({T.QUEUED, T.BLOCKED}),
    T.SKIPPED: frozenset({T.QUEUED, T.BLOCKED}),
}

EXECUTION_TRANSITIONS: Mapping[ExecutionStatus, frozenset[ExecutionStatus]] = {
    E.QUEUED: frozenset({E.RUNNING, E.CANCELLED, E.FAILED}),
    E.RUNNING: frozenset(
        {
            *(E.QUEUED, E.AWAITING_APPROVAL, E.AWAITING_CHILDREN, E.AWAITING_MESSAGE),
            *(E.SUCCEEDED, E.CLAIMED_UNVERIFIED, E.FAILED, E.CANCELLED, E.TIMED_OUT),
        }
    ),
    E.AWAITING_APPROVAL: frozenset({E.QUEUED, E.CANCELLED}),
    E.AWAITING_CHILDREN: frozenset({E.QUEUED, E.CANCELLED}),
    E.AWAITING_MESSAGE: frozenset({E.QUEUED, E.CANCELLED}),
    E.SUCCEEDED: frozenset(),
    E.CLAIMED_UNVERIFIED: frozenset(),
    E.FAILED: frozenset(),
    E.CANCELLED: frozenset(),
    E.TIMED_OUT: frozenset(),
}

STEP_TRANSITIONS: Mapping[StepStatus, frozenset[StepStatus]] = {
    S.RUNNING: frozenset({S.SUCCEEDED, S.FAILED, S.CANCELLED}),
    S.SUCCEEDED: frozenset(),
    S.FAILED: frozenset({S.RUNNING}),
    S.CANCELLED: frozenset({S.RUNNING}),
}

ENDED_TASK = frozenset({T.COMPLETED, T.FAILED, T.CANCELLED, T.SKIPPED})
"""States in which a task stays until somebody retries it."""

WAITING_TASK = frozenset({T.AWAITING_APPROVAL, T.AWAITING_CHILDREN, T.AWAITING_MESSAGE})
"""States in which a task's execution waits for others, and holds no worker."""

ACTIVE_TASK = frozenset({T.QUEUED, T.IN_PROGRESS}) | WAITING_TASK
"""States in which a task has a live execution."""

RETRYABLE_TASK = frozenset({T.FAILED, T.CANCELLED, T.SKIPPED})
"""States from which ``retryTask`` starts a new attempt."""

WAITING_EXECUTION = frozenset({E.AWAITING_APPROVAL, E.AWAITING_CHILDREN, E.AWAITING_MESSAGE})
"""States in which no worker has an execution, and something else sends it on its way."""

ENDED_EXECUTION = frozenset(state for state, onward in EXECUTION_TRANSITIONS.items() if not onward)
"""States an execution never leaves."""

TASK_AFTER: Mapping[ExecutionStatus, TaskStatus] = {
    E.QUEUED: T.QUEUED,
    E.RUNNING: T.IN_PROGRESS,
    E.AWAITING_APPROVAL: T.AWAITING_APPROVAL,
    E.AWAITING_CHILDREN: T.AWAITING_CHILDREN,
    E.AWAITING_MESSAGE: T.AWAITING_MESSAGE,
    E.SUCCEEDED: T.COMPLETED,
    E.CLAIMED_UNVERIFIED: T.FAILED,
    E.FAILED: T.FAILED,
    E.CANCELLED: T.CANCELLED,
    E.TIMED_OUT: T.FAILED,
}
"""The state of a task whose latest execution is in the given state."""


def check_task(current: TaskStatus, target: TaskStatus) -> None:
    """Refuse an illegal move of a task.

    Raises:
        IllegalTransition: names both states.
    """
    _check("task", TASK_TRANSITIONS, current, target)


def check_execution(current: ExecutionStatus, target: ExecutionStatus) -> None:
    """Refuse an illegal move of an execution.

    Raises:
        IllegalTransition: names both states.
    """
    _check("execution", EXECUTION_TRANSITIONS, current, target)


def check_step(current: StepStatus, target: StepStatus) -> None:
    """Refuse an illegal move of a step.

    Raises:
        IllegalTransition: names both states.
    """
    _check("step", STEP_TRANSITIONS, current, target)


def _check(noun: str, table: Mapping[State, frozenset[State]], current: State, target: State) -> None:
    if target not in table[current]:
        raise IllegalTransition(noun=noun, current=current.value, target=target.value)
