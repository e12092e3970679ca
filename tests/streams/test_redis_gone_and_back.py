"""Redis carries the wake-ups, is killed, and comes back: events come late meanwhile, none is lost."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.conftest import Ground
from tests.faults.platform_processes import free_port, started, until
from tests.faults.redis_server import redis_server
from tests.faults.work import give
from tests.streams.subscribers import EXECUTION, Subscriber
from tests.streams.test_feeds import PROMPT

POLL = 5.0
"""Seconds after which the log is read although nothing has woken the reader."""


@pytest.mark.verify
async def test_redis_gone_and_back(ground: Ground, folder: Path, subscriber: Subscriber) -> None:
    port = free_port()
    settings = {"WRENCHAI_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    seen: list[tuple[int, float]] = []
    async with AsyncExitStack() as stack:
        redis = stack.enter_context(redis_server(port, folder))
        api = await stack.enter_async_context(started("serve", ground.data_dir, settings))
        worker = await stack.enter_async_context(started("worker", ground.data_dir, settings))
        caller = await stack.enter_async_context(api.client())
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=9)

        async def watch() -> None:
            async with subscriber(api, EXECUTION, {"id": work.node_id}) as stream:
                async for update in stream:
                    late = datetime.now(UTC) - datetime.fromisoformat(update["event"]["at"])
                    seen.append((update["event"]["sequence"], late.total_seconds()))

        async def step(*numbers: int) -> float:
            """Let these steps end, and answer how late the latest of their events came."""
            known = len(seen)
            work.let(*numbers)

            async def all_came() -> bool:
                written: int = (await ground.checker.execution(work.execution_id))["sequence"]
                return len(seen) == written > known

            await work.begun(numbers[-1] + 1)
            await until(all_came, POLL + 10, "the events have come")
            return max(late for _, late in seen[known:])

        watching = asyncio.create_task(watch())
        assert await step(1, 2, 3) < PROMPT
        redis.kill()
        await asyncio.to_thread(redis.wait)
        assert await step(4, 5) < POLL + PROMPT
        assert not await api.is_ready()
        with redis_server(port, folder):
            await api.until_ready()
            assert await step(6, 7, 8) < PROMPT
            work.let(9)
            async with asyncio.timeout(POLL + 10):
                await watching
    assert [sequence for sequence, _ in seen] == list(range(1, len(seen) + 1))
