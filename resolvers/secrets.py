"""Where the names of secrets come from; their values come from nowhere."""

from __future__ import annotations

from domain.secret import Secret
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def listed(context: Context, window: Window) -> Connection[Secret]:
    """All secrets of the workspace, by name."""
    return await connect_root("secrets", lambda page: context.read.secrets(context.workspace_id, page), window)
