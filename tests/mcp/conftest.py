"""Clients of the official SDK, connected to the session's platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from server.client.local_server import token_of
from server.process import Running
from server.settings import Settings

Connect = Callable[..., AbstractAsyncContextManager[Client]]


@pytest.fixture
def connect(live: Running, settings: Settings) -> Connect:
    """Connect to ``/mcp``; a client lives in the test that opens it, as its SDK wants."""

    @asynccontextmanager
    async def connected(mode: str = "auto") -> AsyncIterator[Client]:
        headers = {"authorization": f"Bearer {token_of(settings)}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(f"{live.address}/mcp", http_client=http), mode=mode) as client,
        ):
            yield client

    return connected


async def answer(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """What a tool answers that must not fail."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return dict(result.structured_content or {})


async def refusal(client: Client, tool: str, /, **arguments: Any) -> dict[str, Any]:
    """The only error of a tool that must fail."""
    result: CallToolResult = await client.call_tool(tool, arguments)
    assert result.is_error
    (error,) = (result.structured_content or {})["errors"]
    return dict(error)
