"""One event to many subscribers, against a bare broadcast of the same bytes by Starlette."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack, suppress

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.measure import Row, Target
from benchmarks.processes import Ground, fixed_body
from domain.events import ProjectCreated, Subject
from server.platform.wiring import DEFAULT_WORKSPACE

TARGETS = {1000: Target(0.3)}
WATCH = "subscription ($after: Cursor) { workspaceEvents(after: $after) { cursor event { __typename at } } }"


async def run(here: Ground) -> list[Row]:
    """Deliveries per second of a few events to 1, 100 and 1,000 sockets."""
    rows = []
    for subscribers in here.scale.subscribers:
        ours = await _ours(here, subscribers)
        bare = await _bare(here, subscribers)
        what = f"{here.scale.events} events to {subscribers} socket{'s' if subscribers > 1 else ''}"
        against = f"a bare broadcast by Starlette: {bare:.0f} deliveries/s"
        row = Row(what, f"{ours:.0f} deliveries/s", against, f"{ours / bare:.2f}")
        rows.append(row.aiming(TARGETS.get(subscribers), ours / bare))
    return rows


async def _ours(here: Ground, subscribers: int) -> float:
    address = here.address.replace("http", "ws", 1) + "/graphql"
    async with AsyncExitStack() as stack:
        sockets = []
        for _ in range(subscribers):
            protocol = Subprotocol("graphql-transport-ws")
            client = connect(address, subprotocols=[protocol], additional_headers=here.headers, proxy=None)
            sockets.append(await stack.enter_async_context(client))
        cursor = await _position(here, sockets[0])
        await asyncio.gather(*(_subscribe(one, cursor) for one in sockets[1:]))
        await _emit(here)
        await asyncio.gather(*(_receive(one, 1) for one in sockets))  # every subscription is live by now
        began = time.perf_counter()
        for _ in range(here.scale.events):
            await _emit(here)
        await asyncio.gather(*(_receive(one, here.scale.events) for one in sockets))
        return subscribers * here.scale.events / (time.perf_counter() - began)


async def _subscribe(client: ClientConnection, after: str | None) -> None:
    await client.send('{"type": "connection_init"}')
    await client.recv()
    payload = {"query": WATCH, "variables": {"after": after}}
    await client.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))


async def _position(here: Ground, pilot: ClientConnection) -> str:
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


async def _emit(here: Ground) -> None:
    subject = Subject(workspace_id=DEFAULT_WORKSPACE)
    event = ProjectCreated(project_id=str(DEFAULT_WORKSPACE), name="broadcast")
    await here.platform.transactor.run(lambda uow: uow.events.append(subject, [event], actor="bench"))


async def _bare(here: Ground, subscribers: int) -> float:
    message = json.dumps({"id": "1", "type": "next", "payload": {"data": {"workspaceEvents": {"cursor": "x" * 60}}}})
    async with (
        fixed_body(here.folder) as address,
        httpx.AsyncClient(trust_env=False) as http,
        AsyncExitStack() as stack,
    ):
        socket_address = address.replace("http", "ws", 1)
        sockets = [await stack.enter_async_context(connect(socket_address, proxy=None)) for _ in range(subscribers)]
        began = time.perf_counter()
        for _ in range(here.scale.events):
            await http.post(address, content=message)
        await asyncio.gather(*(_receive(one, here.scale.events) for one in sockets))
        return subscribers * here.scale.events / (time.perf_counter() - began)
