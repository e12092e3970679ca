"""Following the messages of a task as ``wrenchai messages --follow`` does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from schema.node_ids import encode
from server.client.graphql_client import GraphQLClient
from server.client.messages import follow_messages
from tests.schema.conftest import SCHEMA, Graph
from tests.schema.test_messages import handle, send, take, to, two

PAGE = 100
OLDER = 3
"""Messages that are on no newest page."""


@dataclass
class Client:
    """What the client's functions need of a client, answered by the graph itself."""

    graph: Graph

    async def query(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answered = await SCHEMA.execute(document, dict(variables), context_value=self.graph.context())
        assert answered.errors is None, answered.errors
        return dict(json.loads(json.dumps(answered.data)))

    async def subscribe(self, document: str, variables: Mapping[str, Any]) -> AsyncIterator[dict[str, Any]]:
        async with aclosing(self.graph.subscribe(document, **variables)) as updates:
            async for update in updates:
                yield {"messages": update}


async def test_what_becomes_of_messages_before_the_newest_page_is_shown_when_it_happens(graph: Graph) -> None:
    a, b = await two(graph)
    for number in range(PAGE + OLDER):
        await send(graph, a, to(b, number, f"m{number}"))
    shown: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    client = cast("GraphQLClient", Client(graph))
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        following = group.create_task(follow_messages(client, encode("Task", b.task.id), shown.put_nowait))
        first = [await shown.get() for _ in range(PAGE + OLDER)]
        assert [(one["content"], one["state"]) for one in first] == [(n, "QUEUED") for n in range(PAGE + OLDER)]
        for number in range(OLDER):
            message = await take(graph, b, f"hear {number}")
            assert message is not None
            await handle(graph, b, message, name=f"hear {number}", at=number + 1)
        handled: set[int] = set()
        while handled != set(range(OLDER)):
            changed = await shown.get()
            assert changed["content"] < OLDER
            if changed["state"] == "HANDLED":
                handled.add(changed["content"])
        assert not following.done()
        await graph.finish(b)
    rest = [shown.get_nowait() for _ in range(shown.qsize())]
    assert {one["state"] for one in rest} == {"UNDELIVERABLE"}
    assert [one["content"] for one in rest] == list(range(OLDER, PAGE + OLDER))
