"""Where MCP servers are registered."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from domain.mcp_server import McpServer


class McpServerStore(Protocol):
    """Servers, by workspace and name."""

    async def get(self, workspace_id: UUID, name: str) -> McpServer | None:
        """The server, or ``None``."""

    async def lock(self, workspace_id: UUID, name: str) -> McpServer | None:
        """The server, locked until the transaction ends, or ``None``."""

    async def insert(self, server: McpServer) -> None:
        """Write a new one."""

    async def update(self, server: McpServer) -> None:
        """Write one that is there."""

    async def delete(self, server_id: UUID) -> None:
        """Forget one."""
