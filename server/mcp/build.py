"""The MCP server as an object; how it is connected is a matter of the endpoint."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.mcpserver import MCPServer
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings

from server import __version__
from server.mcp import prompts, resources, tools
from server.mcp.api import ApiOf

INSTRUCTIONS = (
    "WrenchAI runs software-engineering agents on tasks. Work with it in this order: list_agents; list_projects or "
    "create_project; create_task; dispatch_task; watch_task. When a task has approvals, show the person what is "
    "asked, then approve or reject with the digest, and watch_task again."
)


def build_server(api_of: ApiOf) -> MCPServer[Any]:
    """A server whose tools use the API that ``api_of`` gives for a request."""

    @asynccontextmanager
    async def with_api(_: object) -> AsyncIterator[ApiOf]:
        yield api_of

    server: MCPServer[Any] = MCPServer(
        name="wrenchai",
        title="WrenchAI",
        instructions=INSTRUCTIONS,
        version=__version__,
        lifespan=with_api,
        subscriptions=False,
        log_level="WARNING",
    )
    tools.register(server)
    resources.register(server)
    prompts.register(server)
    return server


def session_manager(api_of: ApiOf, body_bytes: int) -> StreamableHTTPSessionManager:
    """What answers the requests of streamable HTTP, without sessions.

    Host and origin are checked by the edge guard in front of the whole server.
    """
    server = build_server(api_of)
    server.streamable_http_app(
        stateless_http=True,
        max_request_body_size=body_bytes,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return server.session_manager
