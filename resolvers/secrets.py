"""Where the names of secrets come from; their values come from nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.secret import Secret
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def listed(context: Context, window: Window) -> Connection[Secret]:
    """All secrets of the workspace, by name."""
    return await connect_root("secrets", lambda page: context.read.secrets(context.workspace_id, page), window)


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[Secret | None]:
    """Secrets, the ones that are not there as ``None``."""
    return await context.read.secrets_by_id(context.workspace_id, ids)
