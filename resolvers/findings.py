"""Where findings come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.execution import Execution
from domain.finding import Finding
from domain.pages import Page
from domain.project import Project
from domain.reads import FindingFilter, FindingSighting
from domain.task import Task
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context
from resolvers.executions import latest_of_tasks


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Finding | None]:
    """Findings, or ``None`` for what is not there for whoever asks."""
    return await context.read.findings_by_id(context.workspace_id, ids)


async def listed(context: Context, filter_by: FindingFilter, window: Window) -> Connection[Finding]:
    """Findings of the workspace, the worst first."""
    return await connect_root(
        "findings", lambda page: context.read.findings(context.workspace_id, filter_by, page), window, filter_by
    )


async def of_projects(context: Context, projects: Sequence[Project], args: tuple[Any, ...]) -> list[Page[Finding]]:
    """Findings of each project, the worst first. ``args``: filter, page."""
    filter_by, page = args
    ids = [project.id for project in projects]
    return await context.read.findings_of_projects(context.workspace_id, ids, filter_by, page)


async def seen_by(
    context: Context, executions: Sequence[Execution], args: tuple[Any, ...]
) -> list[Page[FindingSighting]]:
    """What each execution saw, the worst first. ``args``: page."""
    (page,) = args
    ids = [execution.id for execution in executions]
    return await context.read.sightings_of(context.workspace_id, ids, page)


async def of_tasks(context: Context, tasks: Sequence[Task], args: tuple[Any, ...]) -> list[Page[FindingSighting]]:
    """What the latest execution of each task saw; nothing for a task without one. ``args``: page."""
    latest = await latest_of_tasks(context, tasks, ())
    seen = await seen_by(context, [execution for execution in latest if execution is not None], args)
    pages = iter(seen)
    return [Page() if execution is None else next(pages) for execution in latest]
