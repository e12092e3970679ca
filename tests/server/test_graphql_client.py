"""Our client on streams that end in every way: cut, with errors that pass, with errors that do not, and whole."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from server.client.graphql_client import GraphQLClient, GraphQLErrors, ServerUnreachable

Chunks = list[str]


def value(number: int) -> str:
    return f"event: next\nid: c{number}\ndata: {json.dumps({'data': {'n': number}})}\n\n"


def errors(code: str, *, retryable: bool) -> str:
    error = {"message": code, "extensions": {"code": code, "retryable": retryable}}
    return f"event: next\ndata: {json.dumps({'errors': [error]})}\n\n"


COMPLETE = "event: complete\ndata:\n\n"


class Script:
    """Answers each request with the next list of chunks; remembers the cursor each request came with."""

    def __init__(self) -> None:
        self.answers: list[Chunks] = []
        self.cursors: list[str | None] = []

    async def answer(self, request: Request) -> StreamingResponse:
        self.cursors.append(request.headers.get("last-event-id"))
        return StreamingResponse(iter(self.answers.pop(0)), media_type="text/event-stream")


@pytest.fixture
async def script() -> AsyncIterator[tuple[Script, GraphQLClient]]:
    script = Script()
    app = Starlette(routes=[Route("/graphql", script.answer, methods=["POST"])])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        async with GraphQLClient(f"http://127.0.0.1:{listener.getsockname()[1]}", "token") as client:
            yield script, client
        server.should_exit = True
        await serving


async def test_a_server_that_has_gone_is_said_and_no_mistake_of_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with GraphQLClient(address, "token") as client:
        with pytest.raises(ServerUnreachable, match="went away"):
            await client.download("/artifacts/x")
        with pytest.raises(ServerUnreachable, match="wrenchai up"):
            await client.query("{ viewer { name } }")


async def numbers(client: GraphQLClient) -> list[Any]:
    return [data["n"] async for data in client.subscribe("subscription { n }")]


@pytest.mark.parametrize("cut", [list, lambda: [errors("SERVICE_UNAVAILABLE", retryable=True)]])
async def test_a_stream_that_ends_early_is_resumed_after_its_last_cursor(
    script: tuple[Script, GraphQLClient], cut: Callable[[], Chunks]
) -> None:
    answers, client = script
    answers.answers = [[value(1), value(2), *cut()], [value(3), *cut()], [value(4), COMPLETE]]
    assert await numbers(client) == [1, 2, 3, 4]
    assert answers.cursors == [None, "c2", "c3"]


async def test_errors_that_do_not_pass_are_raised(script: tuple[Script, GraphQLClient]) -> None:
    answers, client = script
    answers.answers = [[value(1), errors("CURSOR_EXPIRED", retryable=False)]]
    with pytest.raises(GraphQLErrors) as raised:
        await numbers(client)
    assert raised.value.code == "CURSOR_EXPIRED"
