"""Inputs about tasks and dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar, cast

import strawberry
from strawberry import ID, UNSET, Maybe, Some
from strawberry.utils.str_converters import to_camel_case

from domain import commands
from domain.errors import Invalid, below
from domain.task import OnFailure, Priority, RetryPolicy
from schema.absence import given
from schema.acceptance_inputs import AcceptanceCheckInput, parsed_checks
from schema.node_ids import decode_as
from schema.scalars import JSON

Value = TypeVar("Value")

IDEMPOTENCY_KEY = "Makes the request safe to send again: the same key does it once."


@strawberry.input(description="How many executions a task gets, and the pause between them.")
class RetryPolicyInput:
    """A retry policy."""

    max_attempts: int = strawberry.field(default=1, description="How many executions it gets: 1 to 20.")
    backoff: timedelta = strawberry.field(
        default=timedelta(seconds=5), description="Pause before the second attempt, doubled for each further one."
    )

    def parsed(self) -> RetryPolicy:
        """The same in terms of the domain."""
        return RetryPolicy(max_attempts=self.max_attempts, backoff=self.backoff)


@strawberry.input(one_of=True, description="A task of the same request, or one that exists.")
class DraftReference:
    """One of the same request, or one that exists."""

    client_key: str | None = strawberry.field(default=UNSET, description="The clientKey of a task of the same request.")
    task_id: ID | None = strawberry.field(default=UNSET, description="A task that exists already.")


@strawberry.input(description="A dependency to be.")
class DependencyDraftInput:
    """An edge to be."""

    on: DraftReference = strawberry.field(description="What is waited for.")
    on_failure: OnFailure = strawberry.field(
        default=OnFailure.BLOCK, description="What happens when that one ends without completing."
    )


@strawberry.input(description="A task to be.")
class TaskDraftInput:
    """A task to be."""

    title: str = strawberry.field(description="What is to be done, in a few words.")
    agent: str = strawberry.field(description="Kind of the agent that shall do it.")
    client_key: str | None = strawberry.field(default=UNSET, description="A name for it within this request.")
    description: str = strawberry.field(default="", description="What is to be done, in full.")
    priority: Priority = strawberry.field(default=Priority.NORMAL, description="How urgent it is.")
    inputs: JSON | None = strawberry.field(
        default=UNSET, description="What the agent is given: an object in the shape of its inputSchema."
    )
    requirements: list[str] | None = strawberry.field(default=UNSET, description="What the result must fulfil.")
    constraints: list[str] | None = strawberry.field(default=UNSET, description="What must not be done.")
    labels: list[str] | None = strawberry.field(default=UNSET, description="Words to find it by.")
    metadata: JSON | None = strawberry.field(default=UNSET, description="An object to keep with it.")
    timeout: timedelta | None = strawberry.field(
        default=UNSET, description="How long an execution may take; as the agent says if left out."
    )
    retry_policy: RetryPolicyInput | None = strawberry.field(
        default=UNSET, description="How often it is tried by itself; once if left out."
    )
    acceptance_checks: list[AcceptanceCheckInput] | None = strawberry.field(
        default=UNSET, description="What must hold for it to be COMPLETED."
    )
    depends_on: list[DependencyDraftInput] | None = strawberry.field(default=UNSET, description="What it waits for.")
    parent: DraftReference | None = strawberry.field(
        default=UNSET,
        description="The task of the same project that it is a part of, for good: what it spends counts there, too.",
    )

    def parsed(self) -> commands.TaskDraft:
        """The same in terms of the domain.

        Raises:
            InvalidId: an id is malformed or another thing's.
            Invalid: inputs or metadata is not an object, or an acceptance check is not one of the four kinds.
        """
        return commands.TaskDraft(
            title=self.title,
            agent=self.agent,
            client_key=given(self.client_key),
            description=self.description,
            priority=self.priority,
            inputs=_document(self.inputs, "inputs"),
            requirements=tuple(self.requirements or ()),
            constraints=tuple(self.constraints or ()),
            labels=tuple(self.labels or ()),
            metadata=_document(self.metadata, "metadata"),
            timeout=given(self.timeout),
            retry=self.retry_policy.parsed() if self.retry_policy else RetryPolicy(),
            acceptance_checks=parsed_checks(self.acceptance_checks or ()),
            depends_on=tuple(_dependency(one) for one in self.depends_on or ()),
            parent=_parent(self.parent) if self.parent else None,
        )


@strawberry.input(description="What createTask is given.")
class CreateTaskInput:
    """One task."""

    project_id: ID = strawberry.field(description="The project it shall belong to.")
    task: TaskDraftInput = strawberry.field(description="The task.")
    dispatch: bool = strawberry.field(default=False, description="Whether to dispatch it at once.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.CreateTasks:
        """The same in terms of the domain."""
        return _create(self.project_id, [self.task], self.dispatch)


@strawberry.input(description="What createTasks is given: a whole DAG, created in one transaction.")
class CreateTasksInput:
    """Many tasks."""

    project_id: ID = strawberry.field(description="The project they shall belong to.")
    tasks: list[TaskDraftInput] = strawberry.field(
        description="1 to 500 tasks, in any order. They refer to each other by their client keys."
    )
    dispatch: bool = strawberry.field(default=False, description="Whether to dispatch them at once.")
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.CreateTasks:
        """The same in terms of the domain."""
        return _create(self.project_id, self.tasks, self.dispatch)


@strawberry.input(description="What updateTask is given. A field that is left out stays as it is.")
class UpdateTaskInput:
    """Changes of a task."""

    task_id: ID = strawberry.field(description="The task.")
    expected_version: int = strawberry.field(description="The version you read.")
    title: Maybe[str | None] = strawberry.field(description="What is to be done, in a few words.")
    description: Maybe[str | None] = strawberry.field(description="What is to be done, in full.")
    priority: Maybe[Priority | None] = strawberry.field(description="How urgent it is.")
    agent: Maybe[str | None] = strawberry.field(description="Kind of the agent that shall do it.")
    inputs: Maybe[JSON | None] = strawberry.field(description="What the agent is given, as a whole.")
    requirements: Maybe[list[str] | None] = strawberry.field(description="What the result must fulfil.")
    constraints: Maybe[list[str] | None] = strawberry.field(description="What must not be done.")
    labels: Maybe[list[str] | None] = strawberry.field(description="Words to find it by.")
    metadata: Maybe[JSON | None] = strawberry.field(description="An object to keep with it, as a whole.")
    timeout: Maybe[timedelta | None] = strawberry.field(
        description="How long an execution may take; null: as the agent says."
    )
    retry_policy: Maybe[RetryPolicyInput | None] = strawberry.field(description="How often it is tried by itself.")
    acceptance_checks: Maybe[list[AcceptanceCheckInput] | None] = strawberry.field(
        description="What must hold for it to be COMPLETED."
    )

    def command(self) -> commands.UpdateTask:
        """The same in terms of the domain.

        Raises:
            InvalidId: the id is malformed or another thing's.
            Invalid: a field is null that cannot be, or inputs or metadata is not an object.
        """
        changes: dict[str, Any] = {}
        if self.timeout:
            changes["timeout"] = self.timeout.value
        for name in ("title", "description", "priority", "agent"):
            if change := getattr(self, name):
                changes[name] = _present(change, name)
        for name in ("requirements", "constraints", "labels"):
            if change := getattr(self, name):
                changes[name] = tuple(_present(change, name))
        for name in ("inputs", "metadata"):
            if change := getattr(self, name):
                changes[name] = _document(_present(change, name), name)
        if self.retry_policy:
            changes["retry"] = _present(self.retry_policy, "retry_policy").parsed()
        if self.acceptance_checks:
            checks = _present(self.acceptance_checks, "acceptance_checks")
            changes["acceptance_checks"] = parsed_checks(checks)
        return commands.UpdateTask(
            task_id=_task_id(self.task_id), expected_version=self.expected_version, changes=changes
        )


@strawberry.input(description="What deleteTask is given.")
class DeleteTaskInput:
    """A task to delete."""

    task_id: ID = strawberry.field(description="The task.")
    expected_version: int = strawberry.field(description="The version you read.")
    including_history: bool = strawberry.field(
        default=False, description="Needed when it has executions, which are deleted with it."
    )

    def command(self) -> commands.DeleteTask:
        """The same in terms of the domain."""
        return commands.DeleteTask(
            task_id=_task_id(self.task_id),
            expected_version=self.expected_version,
            including_history=self.including_history,
        )


@strawberry.input(description="What addDependency is given.")
class AddDependencyInput:
    """An edge to add."""

    task_id: ID = strawberry.field(description="The task that shall wait.")
    depends_on_id: ID = strawberry.field(description="The task it shall wait for.")
    on_failure: OnFailure = strawberry.field(
        default=OnFailure.BLOCK, description="What happens when that one ends without completing."
    )
    idempotency_key: str | None = strawberry.field(default=UNSET, description=IDEMPOTENCY_KEY)

    def command(self) -> commands.AddDependency:
        """The same in terms of the domain."""
        return commands.AddDependency(
            task_id=_task_id(self.task_id),
            depends_on_id=_task_id(self.depends_on_id, "dependsOnId"),
            on_failure=self.on_failure,
        )


@strawberry.input(description="What removeDependency is given.")
class RemoveDependencyInput:
    """An edge to remove."""

    task_id: ID = strawberry.field(description="The task that waits.")
    depends_on_id: ID = strawberry.field(description="The task it waits for.")

    def command(self) -> commands.RemoveDependency:
        """The same in terms of the domain."""
        return commands.RemoveDependency(
            task_id=_task_id(self.task_id), depends_on_id=_task_id(self.depends_on_id, "dependsOnId")
        )


def _present(change: Some[Value | None], field: str) -> Value:
    if change.value is None:
        name = to_camel_case(field)
        raise Invalid(f"{name} cannot be null: leave it out to keep it as it is.", path=("input", name))
    return change.value


def _task_id(global_id: str, field: str = "taskId") -> Any:
    return decode_as("Task", global_id, path=("input", field))


def _create(project_id: str, drafts: Iterable[TaskDraftInput], dispatch: bool) -> commands.CreateTasks:
    return commands.CreateTasks(
        project_id=decode_as("Project", project_id, path=("input", "projectId")),
        tasks=tuple(_draft(draft, position) for position, draft in enumerate(drafts)),
        dispatch=dispatch,
    )


def _draft(draft: TaskDraftInput, position: int) -> commands.TaskDraft:
    with below("input", "tasks", str(position)):
        return draft.parsed()


def _dependency(draft: DependencyDraftInput) -> commands.DependencyDraft:
    task_id = given(draft.on.task_id)
    return commands.DependencyDraft(
        client_key=given(draft.on.client_key),
        task_id=None if task_id is None else _task_id(task_id, "dependsOn"),
        on_failure=draft.on_failure,
    )


def _parent(reference: DraftReference) -> commands.ParentDraft:
    task_id = given(reference.task_id)
    return commands.ParentDraft(
        client_key=given(reference.client_key), task_id=None if task_id is None else _task_id(task_id, "parent")
    )


def _document(value: object, name: str) -> Mapping[str, Any]:
    if value is UNSET or value is None:
        return {}
    if not isinstance(value, Mapping):
        raise Invalid(f"{name} must be an object, like {{}}.", path=("input", name))
    return cast("Mapping[str, Any]", value)
