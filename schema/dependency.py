"""Dependencies: the edges of the DAG."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry

import domain.task as domain
from domain.task import OnFailure
from resolvers import tasks
from schema.node import Node, represents
from schema.together import loaded

if TYPE_CHECKING:
    from schema.task import Task

LazyTask = Annotated["Task", strawberry.lazy("schema.task")]


_task = loaded(tasks.by_id, attrgetter("task_id"))
_depends_on = loaded(tasks.by_id, attrgetter("depends_on_id"))


@represents(domain.Dependency)
@strawberry.type(description="One task waits for another.")
class Dependency(Node):
    """An edge of the DAG."""

    on_failure: OnFailure = strawberry.field(
        description="What the waiting task does when the other ends without completing."
    )
    created_at: datetime = strawberry.field(description="When it was added.")
    task = strawberry.field(_task, graphql_type=LazyTask | None, description="The task that waits; null when deleted.")
    depends_on = strawberry.field(
        _depends_on, graphql_type=LazyTask | None, description="The task it waits for; null when deleted."
    )
