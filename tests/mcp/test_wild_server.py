"""A server over HTTP that answers without measure, compressed, or not at all when we leave."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agents.contract import ToolFailure
from agents.egress import EgressPolicy
from agents.mcp import connection as connections
from agents.mcp import http
from agents.mcp.connection import AnswerLost, Connection
from agents.recovery import classify
from domain.mcp_server import McpServer, McpTransport
from domain.recovery import ErrorClass

BEYOND = http.MOST_BODY + 1
JSON = {"content-type": "application/json"}
STREAM = {"content-type": "text/event-stream"}


class Wild:
    """Speaks just enough HTTP and MCP; ``seen`` are the headers of all requests, by method of HTTP."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.left = asyncio.Event()
        self.listed: dict[str, Any] = {}
        self._server: asyncio.Server

    async def __aenter__(self) -> Wild:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def place(self) -> str:
        """Host and port."""
        return "{}:{}".format(*self._server.sockets[0].getsockname())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                headers = {}
                while (header := (await reader.readline()).decode().strip()) != "":
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                verb = line.decode().split()[0]
                self.seen.append((verb, headers))
                if verb == "DELETE":
                    self.left.set()
                    await reader.read()  # it never answers that
                    break
                status, more, answer = self._answer(verb, json.loads(body) if body else {})
                head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
                writer.write(f"HTTP/1.1 {status} x\r\ncontent-length: {len(answer)}\r\n{head}\r\n".encode() + answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # whoever asked has had enough
        finally:
            writer.close()

    def _answer(self, verb: str, asked: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        method = asked.get("method", "")
        if verb != "POST" or method.startswith("notifications/"):
            return 202 if verb == "POST" else 405, {}, b""
        result: dict[str, Any] = {}
        if method == "initialize":
            about = {"name": "wild", "version": "1"}
            version = asked["params"]["protocolVersion"]
            result = {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": about}
        elif method == "tools/list":
            names = ("large", "endless", "gzipped", "modest")
            result = {"tools": [{"name": name, "inputSchema": {"type": "object"}} for name in names], **self.listed}
        elif method == "tools/call":
            return self._called(asked["params"]["name"], asked["id"])
        else:
            error = {"code": -32601, "message": "no such method"}
            return 404, JSON, json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
        answer = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode()
        return 200, {**JSON, "mcp-session-id": "one"}, answer

    def _called(self, tool: str, number: int) -> tuple[int, dict[str, str], bytes]:
        result = {"content": [{"type": "text", "text": "x" * 2_000_000}]}
        said = json.dumps({"jsonrpc": "2.0", "id": number, "result": result})
        match tool:
            case "large":
                return 200, JSON, b" " * BEYOND + said.encode()
            case "endless":
                return 200, STREAM, b"data: " + b"x" * BEYOND
            case "gzipped":
                return 200, {**JSON, "content-encoding": "gzip"}, gzip.compress(said.encode())
            case _:
                return 200, STREAM, f"data: {said}\n\n".encode()


@pytest.fixture
async def wild() -> AsyncIterator[Wild]:
    async with Wild() as server:
        yield server


async def opened(wild: Wild, folder: Path) -> Connection:
    now = datetime.now(UTC)
    server = McpServer(
        id=uuid4(),
        workspace_id=uuid4(),
        name="wild",
        transport=McpTransport.HTTP,
        url=f"http://{wild.place}/mcp",
        updated_by="t",
        created_at=now,
        updated_at=now,
    )
    settings = {"Accept-Encoding": "gzip"}
    return await Connection.open(server, settings, cwd=folder, egress=EgressPolicy([wild.place]))


async def closed(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for a server that will not hear of it."""
    monkeypatch.setattr(connections, "CLOSING", 0.1)
    await connection.close()


async def test_an_answer_without_measure_is_not_taken(
    wild: Wild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = await opened(wild, tmp_path)
    try:
        for tool, why in (
            ("large", "it has more than 16,777,216 bytes"),
            ("endless", "it has more than 16,777,216 bytes"),
            ("gzipped", "it is encoded \\(gzip\\)"),
        ):
            with pytest.raises(AnswerLost, match=f"^its answer is not taken: {why}") as lost:
                await connection.call(tool, {})
            assert classify(lost.value) is ErrorClass.TOOL_FAILED
        # The connection goes on, and one event may have as much as one answer.
        assert len((await connection.call("modest", {})).text) == 2_000_000
    finally:
        await closed(connection, monkeypatch)
    assert {headers["accept-encoding"] for _, headers in wild.seen} == {"identity"}


async def test_a_list_of_tools_without_measure_is_not_taken(
    wild: Wild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MOST_BODY", 1_000)
    monkeypatch.setattr(http, "LEAVING", http.LEAVING / 50)
    wild.listed = {"_meta": {"more": "x" * 2_000}}
    with pytest.raises(ToolFailure, match="wild cannot be used: its answer is not taken: it has more than 1,000 bytes"):
        await opened(wild, tmp_path)


@pytest.mark.timeout(60)
async def test_a_server_that_does_not_hear_that_we_leave_is_left(
    wild: Wild, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LEAVING", http.LEAVING / 50)
    connection = await opened(wild, tmp_path)
    await connection.close()
    assert wild.left.is_set(), "it was told"

    monkeypatch.undo()
    monkeypatch.setattr(connections, "CLOSING", 0.1)
    connection = await opened(wild, tmp_path)
    await connection.close()
