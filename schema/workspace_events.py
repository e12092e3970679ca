"""Events of projects, tasks, dependencies and findings."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.events as domain
from domain.finding import Finding as DomainFinding
from domain.finding import FindingState
from domain.states import TaskStatus
from domain.task import OnFailure
from domain.task import Task as DomainTask
from resolvers import findings, tasks
from schema.event import Event, tells
from schema.finding import Finding
from schema.node import Info
from schema.task import Task


@tells(domain.ProjectCreated)
@strawberry.type(description="A project was created.")
class ProjectCreated(Event):
    """See the description."""

    name: str = strawberry.field(description="The name it was given.")


@tells(domain.TaskCreated)
@strawberry.type(description="A task was created.")
class TaskCreated(Event):
    """See the description."""

    key: str = strawberry.field(description="Its key.")
    title: str = strawberry.field(description="The title it was given.")


@tells(domain.TaskUpdated)
@strawberry.type(description="Fields of a task were changed.")
class TaskUpdated(Event):
    """See the description."""

    fields: list[str] = strawberry.field(description="Names of the fields.")
    version: int = strawberry.field(description="Its version since then.")


@tells(domain.TaskDeleted)
@strawberry.type(description="A task was deleted, with its executions.")
class TaskDeleted(Event):
    """See the description."""

    key: str = strawberry.field(description="The key it had.")


@tells(domain.TaskStatusChanged)
@strawberry.type(description="A task went from one state to another.")
class TaskStatusChanged(Event):
    """See the description."""

    previous: TaskStatus = strawberry.field(name="previousStatus", description="The state it left.")
    status: TaskStatus = strawberry.field(description="The state it went to.")
    reason: str | None = strawberry.field(name="statusReason", description="Why, where that needs to be said.")


async def _depends_on(root: Parent[domain.EventRecord], info: Info) -> DomainTask | None:
    event = cast("domain.DependencyAdded | domain.DependencyRemoved", root.event)
    return await info.context.load(tasks.by_id, UUID(event.depends_on_id))


@tells(domain.DependencyAdded)
@strawberry.type(description="A task now waits for another one.")
class DependencyAdded(Event):
    """See the description."""

    on_failure: OnFailure = strawberry.field(description="What it does when that one ends without completing.")
    depends_on = strawberry.field(
        _depends_on, graphql_type=Task | None, description="The task it waits for; null when deleted."
    )


@tells(domain.DependencyRemoved)
@strawberry.type(description="A task no longer waits for another one.")
class DependencyRemoved(Event):
    """See the description."""

    depends_on = strawberry.field(
        _depends_on, graphql_type=Task | None, description="The task it waited for; null when deleted."
    )


async def _finding(root: Parent[domain.EventRecord], info: Info) -> DomainFinding | None:
    event = cast("domain.FindingStateChanged", root.event)
    return await info.context.load(findings.by_id, UUID(event.finding_id))


@tells(domain.FindingStateChanged)
@strawberry.type(description="A person changed the state of a finding.")
class FindingStateChanged(Event):
    """See the description."""

    previous: FindingState = strawberry.field(name="previousState", description="The state it left.")
    state: FindingState = strawberry.field(description="The state it went to.")
    finding = strawberry.field(_finding, graphql_type=Finding | None, description="The finding, as it is now.")
