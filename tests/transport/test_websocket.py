"""What is particular to graphql-transport-ws."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from tests.transport.clients import TOKEN, SocketClient, open_socket
from tests.transport.conftest import LIMITS, Served

INIT = {"type": "connection_init", "payload": {"authorization": f"Bearer {TOKEN}"}}
CHANGES = 'subscription { changes(key: "A") { cursor } }'


@pytest.fixture
async def raw(served: Served) -> AsyncGenerator[ClientConnection, None]:
    socket = await open_socket(served.base)
    yield socket
    await socket.close()


@pytest.fixture
async def socket(served: Served) -> AsyncGenerator[SocketClient, None]:
    async with SocketClient(served.base) as client:
        yield client


async def closed(socket: ClientConnection) -> tuple[int, str]:
    """Read until the server closes; its code and reason."""
    async with asyncio.timeout(10):
        with suppress(ConnectionClosed):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


def subscribe(name: str, query: str = "{ hello }", **parameters: Any) -> dict[str, Any]:
    return {"id": name, "type": "subscribe", "payload": {"query": query, **parameters}}


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["nonsense"], None])
async def test_any_other_subprotocol_is_closed(served: Served, protocols: list[str] | None) -> None:
    socket = await open_socket(served.base, subprotocols=protocols)
    assert socket.subprotocol is None
    assert (await closed(socket))[0] == 4406


async def test_silence_is_closed(raw: ClientConnection) -> None:
    assert await closed(raw) == (4408, "Connection initialisation timeout")


async def test_a_greeted_socket_stays_open(socket: SocketClient, served: Served) -> None:
    # The deadline of a query is as long as the patience with silence, and starts after it.
    await socket.execute("{ endless }")
    assert await socket.execute("{ hello }") == {"data": {"hello": "world"}}


@pytest.mark.parametrize("payload", [None, {}, {"authorization": "Bearer wrong"}, {"authorization": 7}])
async def test_a_stranger_is_forbidden(raw: ClientConnection, payload: object, served: Served) -> None:
    await raw.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert (await closed(raw))[0] == 4403
    assert served.board.contexts == []


async def test_the_header_of_the_handshake_is_enough(served: Served) -> None:
    socket = await open_socket(served.base, additional_headers={"authorization": f"Bearer {TOKEN}"})
    await socket.send('{"type": "connection_init"}')
    assert json.loads(await socket.recv()) == {"type": "connection_ack"}
    await socket.close()


async def test_subscribing_before_init_is_unauthorized(raw: ClientConnection) -> None:
    await raw.send(json.dumps(subscribe("1")))
    assert (await closed(raw))[0] == 4401


async def test_init_twice_is_too_many(socket: SocketClient) -> None:
    await socket.send(INIT)
    assert await closed(socket.socket) == (4429, "Too many initialisation requests")


async def test_an_id_in_use_is_refused(socket: SocketClient, served: Served) -> None:
    await socket.send(subscribe("1", CHANGES))
    await socket.receive()
    await socket.send(subscribe("1"))
    assert await closed(socket.socket) == (4409, "Subscriber for 1 already exists")
    await served.board.until_ended("changes")
    await served.board.until_closed()


async def test_an_id_is_free_again_after_complete(socket: SocketClient, served: Served) -> None:
    for _ in range(3):
        await socket.send(subscribe("1"))
        assert (await socket.receive())["type"] == "next"
        assert await socket.receive() == {"id": "1", "type": "complete"}
    await socket.send(subscribe("1", CHANGES))
    assert (await socket.receive())["type"] == "next"
    await socket.send({"id": "1", "type": "complete"})
    await socket.send(subscribe("1"))
    assert (await socket.receive())["payload"] == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "not json",
        "{",
        "[]",
        "null",
        "{}",
        '{"type": 1}',
        '{"type": "start"}',
        '{"type": "connection_terminate"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1", "payload": []}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "complete"}',
        '{"type": "ping", "payload": 1}',
        "[" * 100_000,
        b"\x00\x01",
        b'{"type": "ping"}',
    ],
)
async def test_an_invalid_message_closes_the_socket(socket: SocketClient, frame: str | bytes) -> None:
    await socket.socket.send(frame)
    code, reason = await closed(socket.socket)
    assert code == 4400
    assert reason


async def test_a_huge_frame_closes_the_socket(socket: SocketClient) -> None:
    await socket.socket.send(json.dumps(subscribe("1", " " * LIMITS.body_bytes + "{ hello }")))
    assert (await closed(socket.socket))[0] == 1009


async def test_completing_what_does_not_run_is_harmless(socket: SocketClient) -> None:
    await socket.send({"id": "nothing", "type": "complete"})
    assert await socket.execute("{ hello }") == {"data": {"hello": "world"}}


async def test_pings_are_answered_and_pongs_accepted(socket: SocketClient) -> None:
    await socket.send({"type": "ping"})
    assert await socket.receive() == {"type": "pong"}
    await socket.send({"type": "ping", "payload": {"n": 1}})
    assert await socket.receive() == {"type": "pong", "payload": {"n": 1}}
    await socket.send({"type": "pong"})
    assert await socket.execute("{ hello }") == {"data": {"hello": "world"}}


async def test_pings_are_answered_before_init(raw: ClientConnection) -> None:
    await raw.send('{"type": "ping"}')
    assert json.loads(await raw.recv()) == {"type": "pong"}


async def test_operations_of_one_socket_are_limited(socket: SocketClient, served: Served) -> None:
    for name in "abc":
        await socket.send(subscribe(name, CHANGES))
        assert (await socket.receive())["id"] == name
    await socket.send(subscribe("d"))
    refused = await socket.receive()
    assert (refused["id"], refused["type"]) == ("d", "error")
    extensions = refused["payload"][0]["extensions"]
    assert (extensions["code"], extensions["retryable"]) == ("TOO_MANY_OPERATIONS", True)
    await socket.send({"id": "a", "type": "complete"})
    await served.board.until_ended("changes")
    await socket.send(subscribe("d"))
    assert (await socket.receive())["payload"] == {"data": {"hello": "world"}}


async def test_a_client_that_does_not_read_is_told_to_resume(served: Served) -> None:
    socket = await open_socket(served.base, max_queue=1, compression=None)
    await socket.send(json.dumps(INIT))
    await socket.recv()
    await socket.send(json.dumps(subscribe("1", "subscription { flood(size: 100000) }")))
    await served.board.until_ended("flood")
    code, reason = await closed(socket)
    assert (code, reason) == (4010, "You read too slowly: reconnect and resume from your last cursor.")
    await served.board.until_closed()


async def test_a_closing_server_asks_clients_to_come_back(socket: SocketClient, served: Served) -> None:
    await socket.send(subscribe("1", CHANGES))
    await socket.receive()
    served.app.close()
    assert (await closed(socket.socket))[0] == 1012
    await served.board.until_ended("changes")
    await served.board.until_closed()


async def test_operations_of_one_socket_have_request_ids_of_their_own(served: Served) -> None:
    headers = {"authorization": f"Bearer {TOKEN}", "x-request-id": "page-7"}
    client = SocketClient(served.base)
    client.socket = await open_socket(served.base, additional_headers=headers)
    await client.send({"type": "connection_init"})
    await client.receive()
    answers = [await client.execute("{ requestId }") for _ in range(2)]
    assert [answer["data"]["requestId"] for answer in answers] == ["page-7.1", "page-7.2"]
    await client.socket.close()
