"""Wake-ups are dropped on purpose: events come later, and none is missing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import give
from tests.streams.subscribers import EXECUTION, Subscriber, Update, take


async def drop_listeners(ground: Ground) -> int:
    """End every connection that listens for wake-ups, and answer how many there were."""
    rows = await ground.checker.as_superuser().rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'wrenchai wake-ups'"
    )
    return len(rows)


async def test_events_arrive_without_listeners(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=6)
        watching = asyncio.create_task(take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000))
        dropped = 0
        for step in range(1, 7):
            await work.begun(step)
            dropped += await drop_listeners(ground)
            work.let(step)
        async with asyncio.timeout(20):
            updates: list[Update] = await watching
        assert dropped >= 2
        assert [update["event"]["sequence"] for update in updates] == list(range(1, len(updates) + 1))
        assert updates[-1]["event"]["__typename"] == "ExecutionFinished"
