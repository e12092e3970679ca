"""Subscribers who are told the same are told it from one execution, and from no other one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import structlog

from tests.transport.clients import Client, HttpClient, Payload, SocketClient
from tests.transport.conftest import Served

TICKS = "subscription ($after: String) { ticks(after: $after) { cursor reading } }"
READING = "subscription ($after: String, $of: String!) { ticks(after: $after) { reading(of: $of) } }"
RESUMED = "subscription ($after: String!) { ticks(after: $after) { reading(of: $after) } }"

Answers = AsyncIterator[Payload]


async def told(served: Served, subscribers: list[Answers], status: str) -> list[Payload]:
    """What each of them is told of the next tick."""
    waiting = asyncio.gather(*(anext(one) for one in subscribers))
    await served.board.change("clock", status)
    async with asyncio.timeout(10):
        return await waiting


async def subscribed(stack: AsyncExitStack, client: Client, document: str, **variables: Any) -> Answers:
    """A subscription that has had its first answer."""
    answers = await stack.enter_async_context(client.subscribe(document, variables=variables))
    assert await anext(answers)
    return answers


async def test_equal_subscribers_are_told_from_one_execution_whatever_their_transport(served: Served) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(kind(served.base)) for kind in (SocketClient, HttpClient) * 3]
        subscribers = [await subscribed(stack, client, TICKS) for client in clients]
        served.board.readings.clear()
        answers = await told(served, subscribers, "1")
        assert answers == [{"data": {"ticks": {"cursor": "1", "reading": "clock 1"}}}] * 6
        assert served.board.readings == ["clock 1"]
        await told(served, subscribers, "2")
        assert served.board.readings == ["clock 1", "clock 2"]


@pytest.mark.parametrize(
    ("documents", "variables", "executions"),
    [
        ((TICKS, TICKS), ({}, {"after": "x"}), 1),
        ((READING, READING), ({"of": "a"}, {"of": "a", "after": "x"}), 1),
        ((READING, READING), ({"of": "a"}, {"of": "b"}), 2),
        ((TICKS, TICKS + " "), ({}, {}), 2),
        ((RESUMED, RESUMED), ({"after": "x"}, {"after": "y"}), 2),
    ],
    ids=["where to resume", "equal variables", "other variables", "another document", "a cursor that is selected with"],
)
async def test_what_the_answer_depends_on_is_what_separates(
    served: Served, documents: tuple[str, str], variables: tuple[dict[str, str], dict[str, str]], executions: int
) -> None:
    async with AsyncExitStack() as stack:
        subscribers = [
            await subscribed(stack, await stack.enter_async_context(SocketClient(served.base)), document, **values)
            for document, values in zip(documents, variables, strict=True)
        ]
        served.board.readings.clear()
        first, second = await told(served, subscribers, "1")
    assert len(served.board.readings) == executions
    for answer, values in ((first, variables[0]), (second, variables[1])):
        of = values.get("of") or (values["after"] if documents[0] == RESUMED else "clock")
        assert answer["data"]["ticks"]["reading"] == f"{of} 1"


async def test_different_askers_share_nothing(served: Served) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(SocketClient(served.base)) for _ in range(2)]
        subscribers = [await subscribed(stack, client, TICKS) for client in clients]
        for number, context in enumerate(served.board.contexts):
            context.asker = f"asker {number}"
        served.board.readings.clear()
        first, second = await told(served, subscribers, "1")
    assert first == second
    assert served.board.readings == ["clock 1", "clock 1"]


async def test_a_failure_is_each_subscribers_own_and_is_not_remembered(
    served: Served, logged: list[structlog.typing.EventDict]
) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(SocketClient(served.base)) for _ in range(2)]
        subscribers = [await subscribed(stack, client, READING, of="defect") for client in clients]
        answers = await told(served, subscribers, "1")
        requests = {answer["errors"][0]["extensions"]["requestId"] for answer in answers}
        assert len(requests) == 2
        failed = [entry["request_id"] for entry in logged if entry["event"] == "resolver failed"]
        assert requests <= set(failed)
        served.board.readings.clear()
        late = await stack.enter_async_context(SocketClient(served.base))
        assert "errors" in await anext(
            await stack.enter_async_context(late.subscribe(READING, variables={"of": "defect", "after": "0"}))
        )
        assert served.board.readings == ["defect 1"]


async def test_a_client_that_leaves_does_not_take_the_answer_with_it(served: Served) -> None:
    async with AsyncExitStack() as stack:
        clients = [SocketClient(served.base), await stack.enter_async_context(SocketClient(served.base))]
        await clients[0].__aenter__()
        subscribers = [await subscribed(stack, client, READING, of="held") for client in clients]
        served.board.readings.clear()
        await served.board.change("clock", "1")
        await served.board.until(lambda: served.board.readings == ["held 1"])
        await clients[0].__aexit__(None, None, None)
        await served.board.until(lambda: served.board.contexts[0].closed == 1)
        await served.board.end("hold")
        async with asyncio.timeout(10):
            assert await anext(subscribers[1]) == {"data": {"ticks": {"reading": "held 1"}}}
        assert served.board.readings == ["held 1"]
