"""Where projects and sources come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.pages import Page
from domain.project import Project, Source
from domain.task import Task
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Project | None]:
    """Projects, or ``None`` for what is not there for whoever asks."""
    return await context.read.projects_by_id(context.workspace_id, ids)


async def by_key(context: Context, keys: Sequence[str], _args: tuple[Any, ...]) -> list[Project | None]:
    """Projects by key, such as ``WR``."""
    return await context.read.projects_by_key(context.workspace_id, keys)


async def sources_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Source | None]:
    """Sources, or ``None`` for what is not there for whoever asks."""
    return await context.read.sources_by_id(context.workspace_id, ids)


async def listed(context: Context, window: Window) -> Connection[Project]:
    """All projects of the workspace, the newest first."""
    return await connect_root("projects", lambda page: context.read.projects(context.workspace_id, page), window)


async def tasks_of(context: Context, projects: Sequence[Project], args: tuple[Any, ...]) -> list[Page[Task]]:
    """Tasks of each project. ``args``: order, page."""
    order, page = args
    return await context.read.tasks_of_projects(context.workspace_id, [project.id for project in projects], order, page)
