"""Where executions, their steps, tool calls, artifacts and usage come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.execution import Artifact, Execution, Step, ToolCall
from domain.pages import Page
from domain.reads import ExecutionFilter
from domain.task import Task
from domain.usage import Usage
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Execution | None]:
    """Executions, or ``None`` for what is not there for whoever asks."""
    return await context.read.executions_by_id(context.workspace_id, ids)


async def listed(context: Context, filter_by: ExecutionFilter, window: Window) -> Connection[Execution]:
    """Executions of the workspace, the newest first."""
    return await connect_root(
        "executions", lambda page: context.read.executions(context.workspace_id, filter_by, page), window, filter_by
    )


async def of_tasks(context: Context, tasks: Sequence[Task], args: tuple[Any, ...]) -> list[Page[Execution]]:
    """Attempts at each task, the newest first. ``args``: page."""
    (page,) = args
    return await context.read.executions_of_tasks(context.workspace_id, _ids(tasks), page)


async def latest_of_tasks(context: Context, tasks: Sequence[Task], _args: tuple[Any, ...]) -> list[Execution | None]:
    """The newest attempt at each task, or ``None``."""
    return await context.read.latest_executions(context.workspace_id, _ids(tasks))


async def steps_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Step | None]:
    """Steps, or ``None`` for what is not there for whoever asks."""
    return await context.read.steps_by_id(context.workspace_id, ids)


async def steps_of(context: Context, executions: Sequence[Execution], args: tuple[Any, ...]) -> list[Page[Step]]:
    """Steps of each execution in the order they began. ``args``: page."""
    (page,) = args
    return await context.read.steps_of(context.workspace_id, _ids(executions), page)


async def tool_calls_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[ToolCall | None]:
    """Tool calls, or ``None`` for what is not there for whoever asks."""
    return await context.read.tool_calls_by_id(context.workspace_id, ids)


async def tool_calls_of(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[ToolCall]]:
    """Tool calls of each execution, the oldest first. ``args``: page."""
    (page,) = args
    return await context.read.tool_calls_of(context.workspace_id, _ids(executions), page)


async def artifacts_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Artifact | None]:
    """Artifacts, or ``None`` for what is not there for whoever asks."""
    return await context.read.artifacts_by_id(context.workspace_id, ids)


async def artifacts_of(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[Artifact]]:
    """Artifacts of each execution by name. ``args``: page."""
    (page,) = args
    return await context.read.artifacts_of(context.workspace_id, _ids(executions), page)


async def usage_of(context: Context, executions: Sequence[Execution], _args: tuple[Any, ...]) -> list[Usage]:
    """What each execution consumed."""
    return await context.read.usage_of(context.workspace_id, _ids(executions))


def _ids(parents: Sequence[Task] | Sequence[Execution]) -> list[UUID]:
    return [parent.id for parent in parents]
