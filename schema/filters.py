"""Filters and orders of lists: few, named, each with an index behind it."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from uuid import UUID

import strawberry
from strawberry import ID, UNSET

from domain.errors import Invalid
from domain.finding import FindingState
from domain.pages import Direction
from domain.reads import ExecutionFilter, FeedFilter, FindingFilter, TaskFilter, TaskOrder, TaskOrderField
from domain.severity import Severity
from domain.states import ExecutionStatus, TaskStatus
from schema.absence import given
from schema.node_ids import decode_as


@strawberry.input(description="Which tasks. What is left out does not limit; conditions are joined by and.")
class TaskFilterInput:
    """Conditions on tasks."""

    project_id: ID | None = strawberry.field(default=UNSET, description="Only of this project.")
    status: list[TaskStatus] | None = strawberry.field(default=UNSET, description="Only in one of these states.")
    agent: str | None = strawberry.field(default=UNSET, description="Only for the agent of this kind.")
    label: str | None = strawberry.field(default=UNSET, description="Only with this label.")


@strawberry.input(description="Order of tasks.")
class TaskOrderInput:
    """An order of tasks."""

    field: TaskOrderField = strawberry.field(default=TaskOrderField.CREATED_AT, description="What to order by.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which way.")


@strawberry.input(description="Which executions. What is left out does not limit; conditions are joined by and.")
class ExecutionFilterInput:
    """Conditions on executions."""

    status: list[ExecutionStatus] | None = strawberry.field(default=UNSET, description="Only in one of these states.")
    agent: str | None = strawberry.field(default=UNSET, description="Only of the agent of this kind.")


@strawberry.input(
    description="Which findings. What is left out does not limit; without states, all but the fixed ones."
)
class FindingFilterInput:
    """Conditions on findings."""

    project_id: ID | None = strawberry.field(default=UNSET, description="Only of this project.")
    state: list[FindingState] | None = strawberry.field(
        default=UNSET, description="Only in one of these states; without it, all but FIXED."
    )
    severity: list[Severity] | None = strawberry.field(default=UNSET, description="Only of one of these severities.")
    rule: str | None = strawberry.field(default=UNSET, description="Only of this rule.")


@strawberry.input(description="Which events of tasks. What is left out does not limit.")
class TaskEventFilterInput:
    """Conditions on events of tasks."""

    project_id: ID | None = strawberry.field(default=UNSET, description="Only of tasks of this project.")
    task_ids: list[ID] | None = strawberry.field(default=UNSET, description="Only of these tasks, at most 100.")


OrderBy: TypeAlias = Annotated[
    TaskOrderInput | None, strawberry.argument(description="In which order; the newest first when it is left out.")
]
TasksWhere: TypeAlias = Annotated[TaskFilterInput | None, strawberry.argument(description="Which tasks.")]
ExecutionsWhere: TypeAlias = Annotated[
    ExecutionFilterInput | None, strawberry.argument(description="Which executions.")
]
FindingsWhere: TypeAlias = Annotated[FindingFilterInput | None, strawberry.argument(description="Which findings.")]
EventsWhere: TypeAlias = Annotated[TaskEventFilterInput | None, strawberry.argument(description="Which events.")]


def task_filter(where: TaskFilterInput | None) -> TaskFilter:
    """The filter in terms of the domain.

    Raises:
        InvalidId: the project's id is malformed or another thing's.
    """
    if not where:
        return TaskFilter()
    return TaskFilter(
        project_id=_project(where.project_id),
        statuses=tuple(where.status or ()),
        agent=given(where.agent),
        label=given(where.label),
    )


def task_order(where: TaskOrderInput | None) -> TaskOrder:
    """The order in terms of the domain."""
    return TaskOrder(field=where.field, direction=where.direction) if where else TaskOrder()


def execution_filter(where: ExecutionFilterInput | None) -> ExecutionFilter:
    """The filter in terms of the domain."""
    if not where:
        return ExecutionFilter()
    return ExecutionFilter(statuses=tuple(where.status or ()), agent=given(where.agent))


def finding_filter(where: FindingFilterInput | None) -> FindingFilter:
    """The filter in terms of the domain.

    Raises:
        InvalidId: the project's id is malformed or another thing's.
    """
    if not where:
        return FindingFilter()
    return FindingFilter(
        project_id=_project(where.project_id),
        states=tuple(where.state or ()),
        severities=tuple(where.severity or ()),
        rule=given(where.rule),
    )


def task_event_filter(where: TaskEventFilterInput | None) -> FeedFilter:
    """The filter in terms of the domain.

    Raises:
        InvalidId: an id is malformed or another thing's.
        Invalid: there are more than 100 tasks.
    """
    if not where:
        return FeedFilter(task_events_only=True)
    if len(where.task_ids or ()) > 100:
        raise Invalid("Give at most 100 taskIds; without any, events of all tasks come.", path=("filter", "taskIds"))
    return FeedFilter(
        project_id=_project(where.project_id),
        task_ids=tuple(decode_as("Task", one, path=("filter", "taskIds")) for one in where.task_ids or ()),
        task_events_only=True,
    )


def _project(global_id: ID | None) -> UUID | None:
    found = given(global_id)
    return None if found is None else decode_as("Project", found, path=("filter", "projectId"))
