"""Clients that do not read for a while: they cost the server little, and miss nothing when they read on or resume."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import give
from tests.streams.subscribers import Cut, Subscriber, Update, take

LOG = """subscription ($id: ID!, $after: Cursor) { executionEvents(executionId: $id, after: $after) {
  cursor event { __typename sequence ... on LogWritten { lines } } } }"""
STEPS = 40
LINES = 128
LINE = 8_000
READERS = 12
"""Two of them read on at the end."""
PAUSE = 14.0
"""Seconds without reading; a server waits 10 for a message to go out."""
MOST_GROWTH = 256 * 2**20
"""Bytes. The log is 40 MB, so it would be 500 MB and more if nothing held the readers back. Each of them may hold the
hundred events it has read, which are large here."""


async def growth_of(process: PlatformProcess, seconds: float) -> int:
    """By how many bytes the process is larger at its largest within this time than it is now."""
    looked_at = psutil.Process(process.pid)
    before = largest = looked_at.memory_info().rss
    deadline = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)
        largest = max(largest, looked_at.memory_info().rss)
    return largest - before


async def read_on(stream: AsyncIterator[Update]) -> list[Update]:
    """All that is still to be had: up to where the server lost its patience, or to the end."""
    updates: list[Update] = []
    try:
        while True:
            updates.append(await anext(stream))
    except (Cut, StopAsyncIteration):
        return updates


@pytest.mark.verify
async def test_slow_readers_cost_little_and_miss_nothing(
    ground: Ground, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=STEPS, held=False, log_lines=LINES, line_length=LINE)
        execution = await ground.checker.until_status(work.execution_id, "SUCCEEDED", 90)
    async with started("serve", ground.data_dir) as process, AsyncExitStack() as stack:
        await take(subscriber, process, LOG, {"id": work.node_id}, 5)
        streams = [
            await stack.enter_async_context(subscriber(process, LOG, {"id": work.node_id})) for _ in range(READERS)
        ]
        growth = await growth_of(process, PAUSE)
        print(f"{READERS} readers that do not read: {growth / 2**20:.0f} MiB")
        assert growth < MOST_GROWTH
        for stream in streams[:2]:
            seen = await read_on(stream)
            print(f"{len(seen)} of {execution['sequence']} events before the server lost its patience")
            numbers = [update["event"]["sequence"] for update in seen]
            rest = await take(subscriber, process, LOG, {"id": work.node_id}, 10**9, seen[-1]["cursor"])
            numbers += [update["event"]["sequence"] for update in rest]
            assert numbers == list(range(1, execution["sequence"] + 1))
