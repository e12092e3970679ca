"""Reading which MCP servers there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.mcp_server import McpServer
from domain.pages import Page, PageRequest
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_mcp_server
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.tables import mcp_servers

BY_NAME = Ordering((mcp_servers.c.name,))
MCP_SERVERS_BY_ID = Lookup(select(mcp_servers), mcp_servers.c.id, to_mcp_server, mcp_servers.c.workspace_id)


class McpServerReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about MCP servers."""

    async def mcp_servers(self, workspace_id: UUID, page: PageRequest) -> Page[McpServer]:
        """All servers, by name."""
        base = select(mcp_servers).where(mcp_servers.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, BY_NAME, page, to_mcp_server)

    async def mcp_servers_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[McpServer | None]:
        """By id."""
        return await MCP_SERVERS_BY_ID.find(self, ids, workspace_id)
