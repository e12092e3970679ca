"""Documents, ids, cursors, headers and frames, altered at random with fixed seeds."""

from __future__ import annotations

import asyncio
import json
import random
import re
import string
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.transport.messages import CloseCode
from tests.conformance.prober import Prober
from tests.conformance.test_linters import EXAMPLES
from tests.conformance.work import new_task

SEED = 3_019
TOKENS = ["{", "}", "(", ")", "[", "]", "!", "$", "...", "@", ":", "=", "|", "&", '"', '"""', "on", "null", "\\u", "#"]
ALPHABET = string.ascii_letters + string.digits + "-_=%\0é🙈"
LISTS = """query ($after: Cursor, $id: ID!) { %s(first: 1, after: $after) { edges { cursor } } node(id: $id) { id } }"""
HEADERS = (
    "accept",
    "content-type",
    "x-request-id",
    "traceparent",
    "last-event-id",
    "cookie",
    "authorization",
    "origin",
)
MEDIA = ("application/json", "text/event-stream", "*/*", "application/graphql-response+json", "multipart/mixed", "a/b")

pytestmark = [pytest.mark.verify, pytest.mark.timeout(300)]


def altered(chance: random.Random, text: str, pieces: list[str] | str) -> str:
    """The text with one to four places removed, doubled, swapped or replaced."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.randint(0, 6))
        middle = chance.choice(["", text[start:end] * 2, text[start:end][::-1], chance.choice(pieces)])
        text = text[:start] + middle + text[end:]
    return text


async def test_altered_documents(prober: Prober) -> None:
    chance = random.Random(SEED)
    documents = [path.read_text() for path in sorted(EXAMPLES.glob("*.graphql"))]
    refused = 0
    async with prober.no_trace():
        for number in range(600):
            document = altered(chance, chance.choice(documents), TOKENS)
            answer = await prober.ask(document)
            assert answer.fault is None, (number, document)
            refused += answer.refused
    assert refused > 300


async def test_altered_ids_and_cursors(prober: Prober, client: GraphQLClient, project: str) -> None:
    chance = random.Random(SEED)
    task = await new_task(client, project, "Look at me")
    await new_task(client, project, "And at me")
    refused = 0
    async with prober.no_trace():
        for name in ("tasks", "projects", "findings", "executions"):
            document = LISTS % name
            whole = await prober.ask(document, {"id": task})
            edges = whole.payload["data"][name]["edges"]
            cursor = edges[0]["cursor"] if edges else "AAAA"
            for _ in range(150):
                variables = {"id": altered(chance, task, ALPHABET), "after": altered(chance, cursor, ALPHABET)}
                answer = await prober.ask(document, variables)
                assert answer.fault is None, variables
                assert set(answer.codes) <= {"BAD_USER_INPUT", "INVALID_CURSOR"}, (variables, answer.payload)
                refused += answer.refused
    assert refused > 500


async def test_altered_headers(prober: Prober) -> None:
    chance = random.Random(SEED)
    body = json.dumps({"query": "{ viewer { id } }"}).encode()
    seen = set()
    async with prober.no_trace():
        for _ in range(600):
            headers = {}
            for name in chance.sample(HEADERS, chance.randint(1, 3)):
                value = altered(chance, ";q=0.5, ".join(chance.sample(MEDIA, chance.randint(1, 4))), '\xff;,=" */+')
                headers[name.replace("-", "_")] = value.strip()
            answer = await prober.send(body, **headers)
            seen.add(answer.status)
            if answer.status in (403, 200) and isinstance(answer.payload, str):
                continue  # a foreign origin, refused in front of GraphQL, or an event stream
            assert answer.fault is None, headers
    assert {200, 401, 406, 415} <= seen


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "QUERY"])
async def test_methods(prober: Prober, method: str) -> None:
    async with prober.no_trace():
        answer = await prober.send(b"", method)
    assert answer.status in (400, 405)


async def test_altered_bodies(prober: Prober) -> None:
    chance = random.Random(SEED)
    good = json.dumps({"query": "query A($n: Int) { tasks(first: $n) { nodes { id } } }", "variables": {"n": 1}})
    pieces = [
        '"',
        "{",
        "}",
        "[",
        ",",
        ":",
        "\\",
        "\\ud800",
        "\\u0000",
        "1e999",
        "NaN",
        "null",
        "\x00",
        "-",
        "9" * 5_000,
    ]
    async with prober.no_trace():
        for _ in range(600):
            body = altered(chance, good, pieces).encode()
            if chance.random() < 0.1:
                body += bytes(chance.randrange(256) for _ in range(5))
            answer = await prober.send(body)
            assert answer.fault is None, body


async def test_altered_frames(live: Running, prober: Prober, token: str) -> None:
    chance = random.Random(SEED)
    assert live.address is not None
    address = live.address.replace("http:", "ws:") + "/graphql"
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
    good = [
        json.dumps({"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { id } }"}}),
        json.dumps({"id": "1", "type": "complete"}),
        json.dumps({"type": "ping", "payload": {"a": 1}}),
        json.dumps({"type": "pong"}),
        init,
    ]
    pieces = ['"', "{", "}", "null", "\\ud800", "\\u0000", "[]", "1e999", "subscribe", "x" * 1_000, "\0", "🙈"]
    codes = set()
    async with prober.no_trace():
        for _ in range(200):
            code = await _converse(address, init, [altered(chance, chance.choice(good), pieces) for _ in range(6)])
            codes.add(code)
    assert codes <= set(CloseCode) - {CloseCode.INTERNAL} | {None}
    assert CloseCode.BAD_MESSAGE in codes


async def _converse(address: str, init: str, frames: list[str]) -> int | None:
    """The code with which the server closed, ``None`` if it did not and still answers."""
    async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:  # type: ignore[list-item]
        try:
            await socket.send(init)
            for frame in frames:
                await socket.send(frame)
            await socket.send(json.dumps({"type": "ping", "payload": {"last": True}}))
            async with asyncio.timeout(10):
                while (answer := json.loads(await socket.recv())) != {"type": "pong", "payload": {"last": True}}:
                    assert not _internal(answer), frames
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None
        return None


def _internal(answer: Any) -> bool:
    return re.search(r'"INTERNAL"', json.dumps(answer)) is not None
