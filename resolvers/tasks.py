"""Where tasks come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.pages import Page
from domain.reads import TaskFilter, TaskOrder
from domain.task import Task
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Task | None]:
    """Tasks, or ``None`` for what is not there for whoever asks."""
    return await context.read.tasks_by_id(context.workspace_id, ids)


async def by_key(context: Context, keys: Sequence[str], _args: tuple[Any, ...]) -> list[Task | None]:
    """Tasks by key, such as ``WR-12``."""
    return await context.read.tasks_by_key(context.workspace_id, keys)


async def children_of(context: Context, parents: Sequence[Task], args: tuple[Any, ...]) -> list[Page[Task]]:
    """The tasks that are parts of each task, the oldest first. ``args``: page."""
    (page,) = args
    return await context.read.children_of(context.workspace_id, [parent.id for parent in parents], page)


async def listed(context: Context, filter_by: TaskFilter, order: TaskOrder, window: Window) -> Connection[Task]:
    """Tasks of the workspace."""
    return await connect_root(
        "tasks", lambda page: context.read.tasks(context.workspace_id, filter_by, order, page), window, filter_by, order
    )
