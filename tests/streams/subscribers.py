"""Subscribers that can be cut: over WebSocket they resume with ``after``, over SSE with ``Last-Event-ID``."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from typing import Any, Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from server.client.graphql_client import GraphQLErrors
from server.security.local_token import LocalToken
from tests.faults.platform_processes import PlatformProcess

Update = dict[str, Any]
Variables = Mapping[str, Any]

EXECUTION = """subscription ($id: ID!, $after: Cursor) { executionEvents(executionId: $id, after: $after) {
  cursor event { __typename sequence at } execution { status } } }"""
WORKSPACE = """subscription ($after: Cursor) { workspaceEvents(after: $after) {
  cursor event { __typename at actor task { key } } } }"""
TASKS = """subscription ($filter: TaskEventFilterInput, $after: Cursor) {
  taskEvents(filter: $filter, after: $after) { cursor event { __typename at actor } task { key } } }"""


class Cut(Exception):
    """The stream ended without being completed: one resumes behind the last cursor."""


GONE = (Cut, OSError, httpx.HTTPError, WebSocketException, TimeoutError)
"""What a client sees of a server that is not there, or not any more: it resumes elsewhere, or a moment later."""


class Subscriber(Protocol):
    """A transport. The stream ends when the server completes the subscription, and raises ``Cut`` when it breaks.

    Leaving the context early closes the socket brutally, without a word to the server.
    """

    def __call__(
        self, process: PlatformProcess, document: str, variables: Variables, after: str | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[Update]]: ...


@asynccontextmanager
async def over_websocket(
    process: PlatformProcess, document: str, variables: Variables, after: str | None = None
) -> AsyncGenerator[AsyncIterator[Update], None]:
    async with socket_to(process) as connection:
        payload = {"query": document, "variables": {**variables, "after": after}}
        await connection.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        async with aclosing(_messages(connection)) as updates:
            yield updates
        connection.transport.abort()


@asynccontextmanager
async def socket_to(process: PlatformProcess) -> AsyncGenerator[ClientConnection, None]:
    """A socket of which the server knows who we are."""
    address = process.address.replace("http://", "ws://") + "/graphql"
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None, max_size=None) as connection:  # type: ignore[list-item]
        token = LocalToken.read(process.data_dir).value
        await connection.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}))
        assert json.loads(await connection.recv())["type"] == "connection_ack"
        yield connection


async def _messages(connection: ClientConnection) -> AsyncGenerator[Update, None]:
    while True:
        try:
            message = json.loads(await connection.recv())
        except ConnectionClosed:
            raise Cut from None
        match message["type"]:
            case "next":
                yield _update(message["payload"])
            case "error":
                raise GraphQLErrors(message["payload"])
            case "complete":
                return


@asynccontextmanager
async def over_sse(
    process: PlatformProcess, document: str, variables: Variables, after: str | None = None
) -> AsyncGenerator[AsyncIterator[Update], None]:
    token = LocalToken.read(process.data_dir).value
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {token}"}
    if after is not None:
        headers["last-event-id"] = after
    body = {"query": document, "variables": dict(variables)}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=30) as http,
        http.stream("POST", f"{process.address}/graphql", json=body, headers=headers) as response,
    ):
        assert response.headers["content-type"].startswith("text/event-stream"), await response.aread()
        async with aclosing(_events(response)) as updates:
            yield updates
        # Without lingering the close is a reset, as of a client whose machine is gone.
        raw = response.extensions["network_stream"].get_extra_info("socket")
        if raw.fileno() >= 0:  # the server may have closed it already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _events(response: httpx.Response) -> AsyncGenerator[Update, None]:
    name = cursor = data = ""
    try:
        async for line in response.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "id":
                cursor = value
            elif field == "data":
                data = value
            elif not line and name:
                if name == "complete":
                    return
                update = _update(json.loads(data))
                assert update["cursor"] == cursor
                yield update
                name = cursor = data = ""
    except httpx.HTTPError:
        raise Cut from None
    raise Cut


def _update(payload: dict[str, Any]) -> Update:
    if payload.get("errors"):
        raise GraphQLErrors(payload["errors"])
    (update,) = payload["data"].values()
    found: Update = update
    return found


async def take(
    subscriber: Subscriber,
    process: PlatformProcess,
    document: str,
    variables: Variables,
    count: int,
    after: str | None = None,
) -> list[Update]:
    """So many updates, then cut; fewer when the subscription completes before."""
    updates: list[Update] = []
    async with subscriber(process, document, variables, after) as stream:
        async for update in stream:
            updates.append(update)
            if len(updates) == count:
                break
    return updates
