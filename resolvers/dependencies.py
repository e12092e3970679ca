"""Where dependencies come from: both ends of the edges of the DAG."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.pages import Page
from domain.task import Dependency, Task
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Dependency | None]:
    """Dependencies, or ``None`` for what is not there for whoever asks."""
    return await context.read.dependencies_by_id(context.workspace_id, ids)


async def of_tasks(context: Context, tasks: Sequence[Task], args: tuple[Any, ...]) -> list[Page[Dependency]]:
    """Edges to what each task depends on. ``args``: page."""
    (page,) = args
    return await context.read.dependencies_of(context.workspace_id, [task.id for task in tasks], page)


async def on_tasks(context: Context, tasks: Sequence[Task], args: tuple[Any, ...]) -> list[Page[Dependency]]:
    """Edges from what depends on each task. ``args``: page."""
    (page,) = args
    return await context.read.dependents_of(context.workspace_id, [task.id for task in tasks], page)
