"""Where MCP servers come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from domain.mcp_server import McpServer
from resolvers.connections import Connection, Window, connect_root
from resolvers.context import Context


async def listed(context: Context, window: Window) -> Connection[McpServer]:
    """All servers of the workspace, by name."""
    return await connect_root("mcp-servers", lambda page: context.read.mcp_servers(context.workspace_id, page), window)


async def by_id(context: Context, ids: Sequence[UUID], _args: tuple[Any, ...]) -> list[McpServer | None]:
    """Servers, the ones that are not there as ``None``."""
    return await context.read.mcp_servers_by_id(context.workspace_id, ids)
