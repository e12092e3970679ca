from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
import structlog
import uvicorn
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from server.transport.app import GraphQLApp, graphql_app
from server.transport.limits import SocketOptions, TransportLimits
from tests.transport.board import SCHEMA, Board, BoardContext
from tests.transport.clients import TOKEN, Client, HttpClient, SocketClient, StreamClient

LIMITS = TransportLimits(
    deadline=timedelta(seconds=1),
    connection_init=timedelta(seconds=1),
    operations_per_socket=3,
    slow_reader=timedelta(seconds=1),
    stream_ping=timedelta(milliseconds=200),
)


@dataclass
class Served:
    base: str
    board: Board
    app: GraphQLApp[str]
    server: uvicorn.Server


async def authenticate(connection: HTTPConnection, init: Mapping[str, object] | None) -> str | None:
    offered = connection.headers.get("authorization") or (init or {}).get("authorization")
    return "tester" if offered == f"Bearer {TOKEN}" else None


@asynccontextmanager
async def uvicorn_on_free_port(
    app: ASGIApp, limits: TransportLimits, listener: socket.socket | None = None
) -> AsyncGenerator[tuple[str, uvicorn.Server], None]:
    listener = listener or socket.create_server(("127.0.0.1", 0))
    # Pings as rare as in production: a client that stops reading must be found by other means first.
    options: SocketOptions = {**limits.socket_options, "ws_ping_interval": 15.0, "ws_ping_timeout": 15.0}
    config = uvicorn.Config(app, lifespan="off", log_level="warning", timeout_graceful_shutdown=5, **options)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve([listener]))
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def served() -> AsyncGenerator[Served, None]:
    board = Board()
    app = graphql_app(
        SCHEMA, context_factory=lambda scope: BoardContext(board, scope), authenticate=authenticate, limits=LIMITS
    )
    async with uvicorn_on_free_port(app, LIMITS) as (base, server):
        yield Served(base, board, app, server)
        app.close()


@pytest.fixture(params=[HttpClient, StreamClient, SocketClient], ids=["http", "sse", "websocket"])
async def client(request: pytest.FixtureRequest, served: Served) -> AsyncGenerator[Client, None]:
    kind: type[HttpClient] | type[SocketClient] = request.param
    async with kind(served.base) as client:
        yield client


@pytest.fixture
async def http(served: Served) -> AsyncGenerator[HttpClient, None]:
    async with HttpClient(served.base) as client:
        yield client


@pytest.fixture
def logged() -> Generator[list[structlog.typing.EventDict], None, None]:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as entries:
        yield entries
