"""Inputs about dispatching, retrying and cancelling."""

from __future__ import annotations

import strawberry
from strawberry import ID, UNSET

from domain import commands
from schema.absence import given
from schema.node_ids import decode_as
from schema.task_inputs import IDEMPOTENCY_KEY

REASON = "Why, for those who will read it."


@strawberry.input(description="What dispatchTask is given.")
class DispatchTaskInput:
    """A task to dispatch."""

    task_id: ID = strawberry.field(description="The task.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.DispatchTasks:
        """The same in terms of the domain."""
        return commands.DispatchTasks(task_ids=(decode_as("Task", self.task_id, path=("input", "taskId")),))


@strawberry.input(description="What dispatchTasks is given.")
class DispatchTasksInput:
    """Tasks to dispatch."""

    task_ids: list[ID] = strawberry.field(description="1 to 500 tasks, dispatched all or none.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.DispatchTasks:
        """The same in terms of the domain."""
        path = ("input", "taskIds")
        return commands.DispatchTasks(task_ids=tuple(decode_as("Task", one, path=path) for one in self.task_ids))


@strawberry.input(description="What retryTask is given.")
class RetryTaskInput:
    """A task to retry."""

    task_id: ID = strawberry.field(description="The task: FAILED, CANCELLED or SKIPPED.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.RetryTask:
        """The same in terms of the domain."""
        return commands.RetryTask(task_id=decode_as("Task", self.task_id, path=("input", "taskId")))


@strawberry.input(description="What cancelTask is given.")
class CancelTaskInput:
    """A task to cancel."""

    task_id: ID = strawberry.field(description="The task.")
    reason: str | None = strawberry.field(default=UNSET, description=REASON)

    def command(self) -> commands.CancelTask:
        """The same in terms of the domain."""
        task_id = decode_as("Task", self.task_id, path=("input", "taskId"))
        return commands.CancelTask(task_id=task_id, reason=given(self.reason))


@strawberry.input(description="What cancelExecution is given.")
class CancelExecutionInput:
    """An execution to cancel."""

    execution_id: ID = strawberry.field(description="The execution.")
    reason: str | None = strawberry.field(default=UNSET, description=REASON)

    def command(self) -> commands.CancelExecution:
        """The same in terms of the domain."""
        execution_id = decode_as("Execution", self.execution_id, path=("input", "executionId"))
        return commands.CancelExecution(execution_id=execution_id, reason=given(self.reason))
