"""Where workspaces and workers come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.execution import Worker
from domain.project import Workspace
from resolvers.context import Context


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Workspace | None]:
    """Workspaces; only the one of whoever asks is ever answered."""
    found = iter(await context.read.workspaces([context.workspace_id]) if context.workspace_id in ids else [])
    own = next(found, None)
    return [own if id_ == context.workspace_id else None for id_ in ids]


async def workers_by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Worker | None]:
    """Workers, the ones that have gone as ``None``."""
    return await context.read.workers_by_id(ids)
