"""PostgreSQL goes away under a running platform and comes back."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedPostgres, programs
from persistence.embedded.account import server_account
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import Checker, until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, PlatformProcess, started, until
from tests.faults.work import give

WATCH = "subscription ($id: ID!) { executionEvents(executionId: $id) { cursor event { __typename sequence } } }"
SEED = 20_240_517


async def cut_all_connections(checker: Checker) -> int:
    """End every connection but our own, and answer how many there were."""
    found = await checker.as_superuser().rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return len(found)


async def restart_server(data_dir: Path, mode: str = "fast") -> None:
    """Stop the server and start it again with the same options."""
    folder = data_dir / "postgres"
    await pg_ctl(data_dir, "restart", "-m", mode, "-l", str(folder / "server.log"))


async def kill_server(data_dir: Path) -> None:
    """SIGKILL to the postmaster, as by the kernel when memory runs out."""
    process = postmaster(data_dir)
    assert process is not None
    os.kill(process, signal.SIGKILL)


def postmaster(data_dir: Path) -> int | None:
    """The pid of the running server."""
    try:
        pid = int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid


@asynccontextmanager
async def without_server(data_dir: Path) -> AsyncIterator[None]:
    """No server, and none that could be started, while the context is entered."""
    await pg_ctl(data_dir, "stop", "-m", "immediate")
    away = (data_dir / "postgres").rename(data_dir / "postgres.away")
    try:
        yield
    finally:
        away.rename(data_dir / "postgres")


async def pg_ctl(data_dir: Path, verb: str, *arguments: str) -> None:
    folder = data_dir / "postgres"
    given = [verb, "-w", "-t", "60", "-D", str(folder), *arguments]
    done = await asyncio.to_thread(programs.run, "pg_ctl", given, account=server_account(folder), timeout=90)
    assert done.exit_code == 0, done.output


async def restart_at_once(data_dir: Path) -> None:
    await restart_server(data_dir, "immediate")


@pytest.mark.verify
async def test_connections_cut_again_and_again_lose_nothing(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path
) -> None:
    chance = random.Random(SEED)
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=40, held=False, log_lines=20, pause=0.02)

        async def watch() -> list[int]:
            updates = caller.subscribe(WATCH, {"id": work.node_id})
            return [update["executionEvents"]["event"]["sequence"] async for update in updates]

        watching = asyncio.create_task(watch())
        for step in sorted(chance.sample(range(2, 38), 5)):
            await work.begun(step)
            await asyncio.sleep(chance.uniform(0, 0.05))
            assert await cut_all_connections(ground.checker) > 0
        execution = await ground.checker.until_status(work.execution_id, "SUCCEEDED", 60)
        assert execution["crashes"] == 0
        async with asyncio.timeout(15):
            assert await watching == list(range(1, execution["sequence"] + 1))
        assert all(times >= 1 for times in await work.ends(40))
        await until(api.is_ready, 20, "the API is ready again")
        answer = await caller.query("query ($id: ID!) { execution(id: $id) { status } }", {"id": work.node_id})
        assert answer == {"execution": {"status": "SUCCEEDED"}}
        again = await give(caller, folder, steps=1, held=False)
        await ground.checker.until_status(again.execution_id, "SUCCEEDED", LEASE + 5)
        await ground.checker.nothing_is_left()


@pytest.mark.parametrize(
    "strike",
    [
        kill_server,
        pytest.param(restart_server, marks=pytest.mark.verify),
        pytest.param(restart_at_once, marks=pytest.mark.verify),
    ],
)
async def test_the_death_of_the_server_is_survived(folder: Path, strike: Callable[[Path], Awaitable[None]]) -> None:
    """Restarted by somebody, or killed and brought back by ``up``: nobody has to touch anything."""
    data_dir = folder / "data"
    async with started("up", data_dir) as up, up.client() as caller:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            work = await give(caller, folder, steps=4)
            busy = await give(caller, folder, steps=30, held=False, log_lines=20, pause=0.05)
            work.let(1)
            await work.begun(2)
            await busy.begun(3)
            await strike(data_dir)
            work.let(2, 3, 4)
            await up.until_ready(60)
            await checker.until_status(work.execution_id, "SUCCEEDED", 60)
            await checker.until_status(busy.execution_id, "SUCCEEDED", 60)
            assert (await work.starts(4))[0] == 1
            again = await give(caller, folder, steps=1, held=False)
            await checker.until_status(again.execution_id, "SUCCEEDED", LEASE + 5)
            await checker.nothing_is_left()
        finally:
            await server.stop()
        up.interrupt()
        assert await up.exit_code(15) == 0, up.output()
        assert await asyncio.to_thread(up.left_behind) == []


@pytest.mark.verify
async def test_an_outage_longer_than_the_lease_is_nobodys_crash(folder: Path) -> None:
    data_dir = folder / "data"
    async with started("up", data_dir) as up, started("worker", data_dir) as worker, up.client() as caller:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            await checker.until_worker(worker)
            works = [await give(caller, folder, steps=3) for _ in range(4)]
            for work in works:
                work.let(1)
                await work.begun(2)
            async with without_server(data_dir):
                await asyncio.sleep(LEASE * 2)
                assert not await up.is_ready()
            await up.until_ready(20)
            await asyncio.sleep(LEASE)  # long enough for a reaper to be wrong
            for work in works:
                work.let(2, 3)
                execution = await checker.until_status(work.execution_id, "SUCCEEDED", 20)
                assert execution["crashes"] == 0
                assert await work.ends(3) == [1, 1, 1]
            await checker.nothing_is_left()
        finally:
            await server.stop()


@pytest.mark.verify
async def test_a_stop_without_a_database_ends_all_the_same(folder: Path) -> None:
    data_dir = folder / "data"
    async with started("up", data_dir) as up, up.client() as caller:
        work = await give(caller, folder, steps=3, held=True)
        busy = await give(caller, folder, steps=1, held=False, grandchild=True)
        work.let(1)
        await work.begun(2)
        await busy.begun(1)
        async with without_server(data_dir):
            up.interrupt()
            assert await up.exit_code(45) == 0, up.output()
        assert await asyncio.to_thread(up.left_behind) == []
    async with started("up", data_dir):
        await work.begun(2, times=2, within=LEASE + 5)
        work.let(2, 3)
        await until_line(work.journal, "end 3")
