"""The feeds across executions: complete and in order while writers commit at the same time, and prompt."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import PROJECT
from tests.streams.subscribers import TASKS, WORKSPACE, Subscriber, Update, Variables, over_websocket, take

SEED = 1_905
TASK = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id key } errors { message } } }"
PROMPT = 1.5
"""Seconds from what makes an event readable to its arrival; far below the 5 s of the poll that backs wake-ups up."""


async def new_project(caller: GraphQLClient) -> str:
    key = f"S{uuid4().hex[:8].upper()}"
    made = await caller.query(PROJECT, {"input": {"name": f"Streams {key}", "key": key}})
    node_id: str = made["createProject"]["project"]["id"]
    return node_id


async def new_task(caller: GraphQLClient, project: str, title: str) -> str:
    draft = {"title": title, "agent": "probe"}
    made = await caller.query(TASK, {"input": {"projectId": project, "task": draft}})
    assert made["createTask"]["errors"] == [], made
    key: str = made["createTask"]["task"]["key"]
    return key


async def first_updates(
    caller: GraphQLClient,
    project: str,
    subscriber: Subscriber,
    process: PlatformProcess,
    document: str,
    variables: Variables,
) -> list[Update]:
    """The first update of a feed. Without a cursor it begins where the log is, so tasks are made until it has begun."""
    first = asyncio.create_task(take(subscriber, process, document, variables, 1))
    while not first.done():
        await new_task(caller, project, "Before")
    return await first


@asynccontextmanager
async def older_transaction(ground: Ground) -> AsyncIterator[None]:
    """A transaction that has its id before everything that commits meanwhile."""
    async with ground.checker.connection() as connection, connection.transaction():
        await connection.execute("SELECT pg_current_xact_id()")
        yield


@pytest.mark.parametrize("document", [WORKSPACE, TASKS], ids=["workspace", "tasks"])
async def test_nothing_is_missed_while_writers_commit_at_once(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, subscriber: Subscriber, document: str
) -> None:
    chance = random.Random(SEED)
    project = await new_project(caller)
    variables = {"filter": {"projectId": project}} if document is TASKS else {}
    seen = await first_updates(caller, project, subscriber, api, document, variables)

    async def write(writer: int) -> None:
        for number in range(12):
            if writer == 0 and number % 3 == 0:
                async with older_transaction(ground):
                    await asyncio.sleep(chance.uniform(0.02, 0.2))
            await new_task(caller, project, f"Task {writer}.{number}")

    writing = asyncio.gather(*(write(writer) for writer in range(6)))
    async with asyncio.timeout(60):
        for _ in range(5):
            seen += await take(subscriber, api, document, variables, chance.randint(3, 9), seen[-1]["cursor"])
        await writing
        await new_task(caller, project, "The last one")
        expected = await expected_behind(ground, project, seen[0])
        missing = len(expected) - len(seen)
        seen += await take(subscriber, api, document, variables, missing, seen[-1]["cursor"])
    assert [key_of(update) for update in seen] == expected
    assert len({update["cursor"] for update in seen}) == len(seen) > 72


def key_of(update: Update) -> str:
    task = update["task"] if "task" in update else update["event"]["task"]
    return str(task["key"])


async def expected_behind(ground: Ground, project: str, first: Update) -> list[str]:
    """The keys of the project's tasks in commit order, from the first that was seen on."""
    rows = await ground.checker.rows(
        "SELECT payload->>'key' AS key FROM events WHERE project_id = $1 AND kind = 'TaskCreated' ORDER BY xact, id",
        decode_as("Project", project),
    )
    keys = [row["key"] for row in rows]
    return keys[keys.index(key_of(first)) :]


async def test_an_older_transaction_delays_only_until_it_ends(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient
) -> None:
    project = await new_project(caller)
    arrived: asyncio.Queue[tuple[float, str]] = asyncio.Queue()

    async def watch() -> None:
        async with over_websocket(api, TASKS, {"filter": {"projectId": project}}) as stream:
            async for update in stream:
                await arrived.put((time.monotonic(), key_of(update)))

    watching = asyncio.create_task(watch())
    try:
        while arrived.empty():
            await new_task(caller, project, "Before")
        for held_for in (0.3, 2.0, 4.0):
            async with older_transaction(ground):
                key = await new_task(caller, project, f"Behind a transaction of {held_for} s")
                await asyncio.sleep(held_for)
            ended = time.monotonic()
            async with asyncio.timeout(10):
                while (got := await arrived.get())[1] != key:
                    pass
            assert 0 <= got[0] - ended < PROMPT
    finally:
        watching.cancel()


async def test_two_announced_together_come_together(ground: Ground, caller: GraphQLClient) -> None:
    """One is readable at once, the other waits for an older transaction: having found the one must not mean a rest."""
    project = await new_project(caller)
    arrived: asyncio.Queue[str] = asyncio.Queue()
    async with started("serve", ground.data_dir) as reader:

        async def watch() -> None:
            async with over_websocket(reader, TASKS, {"filter": {"projectId": project}}) as stream:
                async for update in stream:
                    await arrived.put(key_of(update))

        watching = asyncio.create_task(watch())
        try:
            while arrived.empty():
                await new_task(caller, project, "Before")
            reader.send(signal.SIGSTOP)  # so that it hears of both at once
            early = await new_task(caller, project, "Readable")
            async with older_transaction(ground):
                late = await new_task(caller, project, "Not readable yet")
                reader.send(signal.SIGCONT)
                async with asyncio.timeout(10):
                    while await arrived.get() != early:
                        pass
            async with asyncio.timeout(PROMPT):
                assert await arrived.get() == late
        finally:
            watching.cancel()


async def test_live_events_are_prompt(api: PlatformProcess, caller: GraphQLClient) -> None:
    project = await new_project(caller)
    latencies: list[float] = []

    async def watch() -> None:
        async with over_websocket(api, WORKSPACE, {}) as stream:
            async for update in stream:
                at = datetime.fromisoformat(update["event"]["at"])
                latencies.append((datetime.now(UTC) - at).total_seconds())

    watching = asyncio.create_task(watch())
    try:
        async with asyncio.timeout(20):
            while len(latencies) < 40:
                await new_task(caller, project, "Prompt")
    finally:
        watching.cancel()
    assert max(latencies) < PROMPT
