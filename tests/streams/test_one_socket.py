"""Many operations on one socket: each sees the present, and those that wait hold nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import cancel, give
from tests.streams.subscribers import EXECUTION, socket_to

STATUS = "query ($id: ID!) { execution(id: $id) { status task { status } } }"
SMALL_POOL = {
    "WRENCHAI_DATABASE_POOL_SIZE": "10",
    "WRENCHAI_DATABASE_POOL_OVERFLOW": "0",
    "WRENCHAI_DATABASE_POOL_TIMEOUT_SECONDS": "3",
}
MANY = 60


async def send(socket: ClientConnection, name: str, document: str, **variables: Any) -> None:
    await socket.send(
        json.dumps({"id": name, "type": "subscribe", "payload": {"query": document, "variables": variables}})
    )


async def answer(socket: ClientConnection, name: str, document: str, **variables: Any) -> Any:
    """The data of a query, of which nothing else is said on the socket meanwhile."""
    await send(socket, name, document, **variables)
    reply, done = json.loads(await socket.recv()), json.loads(await socket.recv())
    assert (reply["id"], reply["type"], done) == (name, "next", {"id": name, "type": "complete"})
    return reply["payload"]["data"]


async def test_two_queries_around_a_change_answer_differently(
    api: PlatformProcess, caller: GraphQLClient, folder: Path
) -> None:
    work = await give(caller, folder, steps=1)
    async with socket_to(api) as socket:
        before = await answer(socket, "1", STATUS, id=work.node_id)
        await cancel(caller, work)
        after = await answer(socket, "2", STATUS, id=work.node_id)
    assert before == {"execution": {"status": "QUEUED", "task": {"status": "QUEUED"}}}
    assert after == {"execution": {"status": "CANCELLED", "task": {"status": "CANCELLED"}}}


async def test_idle_subscriptions_hold_no_connection(ground: Ground, folder: Path) -> None:
    async with started("serve", ground.data_dir, SMALL_POOL) as process, process.client() as caller:
        work = await give(caller, folder, steps=1)
        async with socket_to(process) as socket, asyncio.timeout(20):
            for number in range(MANY):
                await send(socket, str(number), EXECUTION, id=work.node_id)
            opened = [json.loads(await socket.recv()) for _ in range(MANY)]
            assert {one["payload"]["data"]["executionEvents"]["event"]["sequence"] for one in opened} == {1}
            answers = await asyncio.gather(*(caller.query(STATUS, {"id": work.node_id}) for _ in range(30)))
            assert [one["execution"]["status"] for one in answers] == ["QUEUED"] * 30
            await cancel(caller, work)
            completed: set[str] = set()
            while len(completed) < MANY:
                message = json.loads(await socket.recv())
                assert "errors" not in message.get("payload", {}), message
                if message["type"] == "complete":
                    completed.add(message["id"])
        assert len(completed) == MANY
