"""Events: every change as a typed fact, the same in history and in subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import strawberry
from strawberry import Parent
from strawberry.types.base import get_object_definition

import domain.events as domain
from domain.execution import Execution as DomainExecution
from domain.project import Project as DomainProject
from domain.task import Task as DomainTask
from resolvers import executions, projects, tasks
from schema.node import Info, resolved_by

if TYPE_CHECKING:
    from schema.execution import Execution
    from schema.project import Project
    from schema.task import Task

LazyTask = Annotated["Task", strawberry.lazy("schema.task")]
LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]
LazyProject = Annotated["Project", strawberry.lazy("schema.project")]

Shown = TypeVar("Shown", bound=type)

EVENT_TYPES: dict[type, type] = {}
"""The GraphQL type of each kind of event of the domain."""


async def _task(root: Parent[domain.EventRecord], info: Info) -> DomainTask | None:
    return None if root.subject.task_id is None else await info.context.load(tasks.by_id, root.subject.task_id)


async def _execution(root: Parent[domain.EventRecord], info: Info) -> DomainExecution | None:
    execution_id = root.subject.execution_id
    return None if execution_id is None else await info.context.load(executions.by_id, execution_id)


async def _project(root: Parent[domain.EventRecord], info: Info) -> DomainProject | None:
    project_id = root.subject.project_id
    return None if project_id is None else await info.context.load(projects.by_id, project_id)


@resolved_by(lambda record: type(record.event).__name__)
@strawberry.interface(description="A change: who did what to which thing, and when. New kinds may be added.")
class Event:
    """What all events have."""

    at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who did it, for example user:owner or worker:<id>.")
    sequence: int | None = strawberry.field(
        description="Its number among the events of its execution, from 1 without gaps; null when it belongs to none."
    )
    project = strawberry.field(_project, graphql_type=LazyProject | None, description="The project, as it is now.")
    task = strawberry.field(
        _task, graphql_type=LazyTask | None, description="The task, as it is now; null when deleted."
    )
    execution = strawberry.field(
        _execution, graphql_type=LazyExecution | None, description="The execution, as it is now; null when deleted."
    )


def tells(event: type) -> Callable[[Shown], Shown]:
    """Show events of this kind as the decorated type, which has the same name."""

    def decorate(shown: Shown) -> Shown:
        definition = get_object_definition(shown, strict=True)
        definition.is_type_of = lambda value, _info: type(value.event) is event
        EVENT_TYPES[event] = shown
        return shown

    return decorate


def read_attribute(source: Any, name: str) -> Any:
    """The default resolver. An event is one object to the client: what the log recorded, and the fact itself."""
    if isinstance(source, domain.EventRecord) and not hasattr(source, name):
        return getattr(source.event, name)
    return getattr(source, name)
