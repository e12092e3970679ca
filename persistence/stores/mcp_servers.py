"""Writing MCP servers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mcp_server import McpServer
from persistence.mappers import from_mcp_server, to_mcp_server
from persistence.tables import mcp_servers


class McpServerTable:
    """See :class:`domain.ports.McpServerStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID, name: str) -> McpServer | None:
        """The server, or ``None``."""
        return await self._first(_named(workspace_id, name))

    async def lock(self, workspace_id: UUID, name: str) -> McpServer | None:
        """The server, locked until the transaction ends, or ``None``."""
        return await self._first(_named(workspace_id, name).with_for_update())

    async def insert(self, server: McpServer) -> None:
        """Write a new one."""
        await self._connection.execute(insert(mcp_servers).values(from_mcp_server(server)))

    async def update(self, server: McpServer) -> None:
        """Write one that is there."""
        written = update(mcp_servers).where(mcp_servers.c.id == server.id).values(from_mcp_server(server))
        await self._connection.execute(written)

    async def delete(self, server_id: UUID) -> None:
        """Forget one."""
        await self._connection.execute(delete(mcp_servers).where(mcp_servers.c.id == server_id))

    async def _first(self, query: Select[Any]) -> McpServer | None:
        row = (await self._connection.execute(query)).mappings().first()
        return None if row is None else to_mcp_server(row)


def _named(workspace_id: UUID, name: str) -> Select[Any]:
    return select(mcp_servers).where(mcp_servers.c.workspace_id == workspace_id, mcp_servers.c.name == name)
