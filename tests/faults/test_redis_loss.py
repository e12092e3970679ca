"""Redis carries the wake-ups, and dies in the middle: events may be late, and none is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.conftest import Ground
from tests.faults.platform_processes import free_port, started
from tests.faults.redis_server import redis_server
from tests.faults.work import give

WATCH = "subscription ($id: ID!) { executionEvents(executionId: $id) { cursor event { __typename sequence } } }"


async def test_events_arrive_after_redis_has_died(ground: Ground, folder: Path) -> None:
    port = free_port()
    settings = {"WRENCHAI_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    with redis_server(port, folder) as redis:
        async with (
            started("serve", ground.data_dir, settings) as api,
            started("worker", ground.data_dir, settings) as worker,
            api.client() as caller,
        ):
            await ground.checker.until_worker(worker)
            work = await give(caller, folder, steps=4)

            async def watch() -> list[int]:
                updates = caller.subscribe(WATCH, {"id": work.node_id})
                return [update["executionEvents"]["event"]["sequence"] async for update in updates]

            watching = asyncio.create_task(watch())
            work.let(1)
            await work.begun(2)
            redis.kill()
            work.let(2, 3, 4)
            await ground.checker.until_status(work.execution_id, "SUCCEEDED", 15)
            async with asyncio.timeout(15):
                sequences = await watching
            assert sequences == list(range(1, len(sequences) + 1))
            assert len(sequences) == (await ground.checker.execution(work.execution_id))["sequence"]
            assert not await api.is_ready()  # wake-ups do not arrive, and it says so
    await ground.checker.nothing_is_left()
