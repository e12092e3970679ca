"""A connection to one server, from its start to its end, in a task of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from mcp import Client, MCPError
from mcp_types import CONNECTION_CLOSED, Implementation

from agents.contract import McpAnswer, ToolFailure
from agents.contract.egress import Egress
from agents.mcp.http import NOT_TAKEN, check_url, http_client, http_transport
from agents.mcp.stdio import Complaints, stdio_transport
from agents.processes import ProcessNotStarted
from agents.recovery import classify
from domain.mcp_server import MOST_TOOLS, McpServer, McpTransport, ToolDefinition
from domain.recovery import ErrorClass

MOST_PAGES = 20
"""Pages of a list of tools that are read: a server whose list never ends must not hold us."""
MOST_SAID = 4 * 2**20
"""Characters of the definitions of all tools of one server."""
CLOSING = 10.0
"""Seconds after which a connection that is closed is cut."""
OURSELVES = Implementation(name="wrenchai", version="1")


log = structlog.get_logger(__name__)


class AnswerLost(Exception):
    """The server answered something that is not taken: nobody knows what it did."""

    error_class = ErrorClass.TOOL_FAILED


class Connection:
    """A server that answers. ``tools`` are those it had when it was connected, by name."""

    def __init__(self, client: Client, tools: Mapping[str, ToolDefinition], version: str | None) -> None:
        self.tools = tools
        self.version = version
        self._client = client
        self._stop = asyncio.Event()
        self._gone: asyncio.Task[None] | None = None

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> McpAnswer:
        """What the server answers; when the caller is cancelled, the server is told so.

        Raises:
            ToolFailure: it says that it did not do it, or takes no such call.
            ConnectionResetError: it has gone, and nobody knows what it did.
            AnswerLost: it did something, and its answer is not taken.
        """
        try:
            result = await self._client.call_tool(tool, dict(arguments))
        except MCPError as error:
            _, ours, why = error.error.message.partition(NOT_TAKEN)
            if ours:
                raise AnswerLost(NOT_TAKEN + why[:2_000]) from None
            if error.error.code == CONNECTION_CLOSED:
                raise ConnectionResetError("the connection to the server broke") from None
            raise ToolFailure(f"{tool} failed: {error.error.message[:2_000]}") from None
        content = [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in result.content]
        answer = McpAnswer(content=content, structured=result.structured_content)
        if result.is_error:
            raise ToolFailure(f"{tool} failed: {answer.text[:2_000] or 'it did not say why'}")
        return answer

    async def close(self) -> None:
        """End the connection; when this returns, nothing of a program is there any more.

        A server that does not let go in time is left without a word.
        """
        self._stop.set()
        if self._gone is not None:
            await asyncio.shield(_over(self._gone))
            if not self._gone.cancelled() and (error := self._gone.exception()) is not None:
                log.warning("mcp_server_left_badly", error=str(_innermost(error)))

    @classmethod
    async def open(cls, server: McpServer, settings: Mapping[str, str], *, cwd: Path, egress: Egress) -> Connection:
        """Start the server, or connect to it, and read which tools it has.

        ``settings`` are the values of its variables or headers. The connection is kept by a task of its own, since the
        SDK wants it to be left where it was entered.

        Raises:
            ToolFailure: it cannot be started, does not answer in time, or does not speak the protocol.
        """
        opened: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()
        complaints = Complaints()

        async def keep() -> None:
            async with _client(server, settings, cwd, egress, complaints) as client:
                tools = await _tools(client)
                about = client.server_info
                connection = cls(client, tools, None if about is None else about.version)
                opened.set_result(connection)
                await connection._stop.wait()

        keeping = asyncio.create_task(keep(), name=f"mcp-{server.name}")
        either: set[asyncio.Future[Any]] = {keeping, opened}
        try:
            async with asyncio.timeout(server.start_timeout.total_seconds()):
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not opened.done():
                keeping.result()
            connection = opened.result()
        except BaseException as error:
            keeping.cancel()
            await asyncio.shield(asyncio.wait({keeping}))
            if isinstance(error, Exception):
                raise _not_opened(server, error, complaints) from error
            raise
        connection._gone = keeping
        return connection


@asynccontextmanager
async def _client(
    server: McpServer, settings: Mapping[str, str], cwd: Path, egress: Egress, complaints: Complaints
) -> AsyncIterator[Client]:
    seconds = server.timeout.total_seconds()
    if server.transport is McpTransport.STDIO:
        program = stdio_transport(server.command or "", server.arguments, cwd=cwd, env=settings, complaints=complaints)
        async with Client(program, client_info=OURSELVES, cache=None) as client:
            yield client
        return
    await check_url(egress, server.url or "")
    async with (
        http_client(egress, settings, timedelta(seconds=seconds)) as http,
        Client(http_transport(server.url or "", http), client_info=OURSELVES, cache=None) as client,
    ):
        yield client


async def _tools(client: Client) -> dict[str, ToolDefinition]:
    found: dict[str, ToolDefinition] = {}
    cursor: str | None = None
    size = 0
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools[: MOST_TOOLS - len(found)]:
            described = tool.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"icons", "meta"})
            size += len(json.dumps(described))
            if size > MOST_SAID:
                raise ToolFailure(f"it says more than {MOST_SAID:,} characters of its tools")
            found[tool.name] = ToolDefinition.of(described)
        cursor = page.next_cursor
        if cursor is None:
            break
    return found


async def _over(keeping: asyncio.Task[None]) -> None:
    """Wait for the end of what keeps a connection; after ``CLOSING`` it is cut, and the process is waited for."""
    await asyncio.wait({keeping}, timeout=CLOSING)
    keeping.cancel()
    await asyncio.wait({keeping})


def _not_opened(server: McpServer, error: Exception, complaints: Complaints) -> ToolFailure:
    said = f" It wrote: {complaints}" if str(complaints) else ""
    found = _innermost(error)
    if isinstance(found, TimeoutError):
        seconds = server.start_timeout.total_seconds()
        return ToolFailure(
            f"The MCP server {server.name} did not answer within {seconds:g} seconds.{said}",
            error_class=classify(found),
        )
    if isinstance(found, ProcessNotStarted | ToolFailure):
        return ToolFailure(f"The MCP server {server.name} cannot be used: {found}")
    _, ours, why = str(found).partition(NOT_TAKEN)
    if ours:
        return ToolFailure(f"The MCP server {server.name} cannot be used: {NOT_TAKEN}{why}")
    kind = classify(found)
    return ToolFailure(
        f"The MCP server {server.name} cannot be used: {type(found).__name__}: {found}.{said}",
        error_class=None if kind is ErrorClass.BUG else kind,  # of theirs, not of ours
    )


def _innermost(error: BaseException) -> BaseException:
    """What went wrong, out of the groups that task groups put around it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
