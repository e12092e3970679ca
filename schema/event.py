"""Events: every change as a typed fact, the same in history and in subscriptions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, TypeVar

import strawberry
from strawberry.types.base import get_object_definition

from resolvers import executions, projects, tasks
from schema.node import resolved_by
from schema.together import loaded

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


_task = loaded(tasks.by_id, attrgetter("subject.task_id"))
_execution = loaded(executions.by_id, attrgetter("subject.execution_id"))
_project = loaded(projects.by_id, attrgetter("subject.project_id"))


@resolved_by(lambda record: type(record.event).__name__)
@strawberry.interface(description="A change: who did what to which thing, and when. New kinds may be added.")
class Event:
    """What all events have."""

    at: datetime = strawberry.field(description="When it happened.")
    actor: str = strawberry.field(description="Who did it, for example user:local-owner or worker:<id>.")
    sequence: int | None = strawberry.field(
        description="Its number among the events of its execution, from 1 without gaps unless some were removed "
        "because of their age; null when it belongs to none."
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
