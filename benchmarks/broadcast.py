"""One event to many subscribers, against a bare broadcast of the same bytes by Starlette."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.measure import Row
from domain.events import ProjectCreated, Subject
from server.platform.wiring import DEFAULT_WORKSPACE
from server.process import Running
from server.security.local_token import LocalToken

EVENTS = 5
SUBSCRIBERS = (1, 100, 1000)
WATCH = "subscription ($after: Cursor) { workspaceEvents(after: $after) { cursor event { __typename at } } }"


async def run(here: Running) -> list[Row]:
    """Deliveries per second of 5 events to 1, 100 and 1,000 sockets."""
    rows = []
    for subscribers in SUBSCRIBERS:
        ours = await _ours(here, subscribers)
        bare = await _bare(subscribers)
        what = f"{EVENTS} events to {subscribers} sockets"
        against = f"a bare broadcast by Starlette: {bare:.0f} deliveries/s"
        rows.append(Row(what, f"{ours:.0f} deliveries/s", against, f"{ours / bare:.2f}"))
    return rows


async def _ours(here: Running, subscribers: int) -> float:
    address = (here.address or "").replace("http", "ws", 1) + "/graphql"
    headers = {"authorization": f"Bearer {LocalToken.read(here.platform.settings.data_dir).value}"}
    async with AsyncExitStack() as stack:
        sockets = []
        for _ in range(subscribers):
            client = connect(
                address, subprotocols=[Subprotocol("graphql-transport-ws")], additional_headers=headers, proxy=None
            )
            sockets.append(await stack.enter_async_context(client))
        cursor = await _position(here, sockets[0])
        await asyncio.gather(*(_subscribe(one, cursor) for one in sockets[1:]))
        await _emit(here)
        await asyncio.gather(*(_receive(one, 1) for one in sockets))  # every subscription is live by now
        began = time.perf_counter()
        for _ in range(EVENTS):
            await _emit(here)
        await asyncio.gather(*(_receive(one, EVENTS) for one in sockets))
        return subscribers * EVENTS / (time.perf_counter() - began)


async def _subscribe(client: ClientConnection, after: str | None) -> None:
    await client.send('{"type": "connection_init"}')
    await client.recv()
    payload = {"query": WATCH, "variables": {"after": after}}
    await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


async def _position(here: Running, pilot: ClientConnection) -> str:
    """Subscribe from now on, and answer the cursor of the first event that comes."""
    await _subscribe(pilot, None)
    while True:
        await _emit(here)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                message = json.loads(await pilot.recv())
                cursor: str = message["payload"]["data"]["workspaceEvents"]["cursor"]
                return cursor


async def _receive(client: ClientConnection, count: int) -> None:
    while count:
        if '"next"' in str(await client.recv()):
            count -= 1


async def _emit(here: Running) -> None:
    subject = Subject(workspace_id=DEFAULT_WORKSPACE)
    event = ProjectCreated(project_id=str(DEFAULT_WORKSPACE), name="broadcast")
    await here.platform.transactor.run(lambda uow: uow.events.append(subject, [event], actor="bench"))


async def _bare(subscribers: int) -> float:
    message = json.dumps({"id": "1", "type": "next", "payload": {"data": {"workspaceEvents": {"cursor": "x" * 60}}}})
    async with _broadcaster() as (address, broadcast), AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(connect(address, proxy=None)) for _ in range(subscribers)]
        began = time.perf_counter()
        for _ in range(EVENTS):
            await broadcast(message)
        await asyncio.gather(*(_receive(one, EVENTS) for one in sockets))
        return subscribers * EVENTS / (time.perf_counter() - began)


@asynccontextmanager
async def _broadcaster() -> AsyncIterator[tuple[str, _Broadcast]]:
    broadcast = _Broadcast()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        app = Starlette(routes=[WebSocketRoute("/", broadcast.accept)])
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/", broadcast
        server.should_exit = True
        await serving


class _Broadcast:
    """Sends a text to every open socket."""

    def __init__(self) -> None:
        self._open: set[WebSocket] = set()

    async def __call__(self, message: str) -> None:
        await asyncio.gather(*(one.send_text(message) for one in self._open))

    async def accept(self, client: WebSocket) -> None:
        """Keep a socket until its client goes."""
        await client.accept()
        self._open.add(client)
        try:
            async for _ in client.iter_text():
                pass
        finally:
            self._open.discard(client)
