"""``wrenchai up`` is told to stop in the middle of a step: nothing stays behind, and a new start goes on at once."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from persistence.embedded import EmbeddedPostgres
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import Checker
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started, until
from tests.faults.work import Work, cancel, give

LONG_LEASE = {"WRENCHAI_LEASE_SECONDS": "60"}
"""A new start must not wait for it."""


def by_ctrl_c(process: PlatformProcess) -> None:
    process.interrupt()


def by_sigterm(process: PlatformProcess) -> None:
    process.send(signal.SIGTERM)


async def processes_of(folder: Path) -> list[str]:
    """Programs that work in the data folder: the embedded server's."""
    return await asyncio.to_thread(_in_folder, folder)


def _in_folder(folder: Path) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink().is_relative_to(folder):
                found.append((entry / "comm").read_text().strip())
        except OSError:
            continue
    return found


async def check_at_rest(data_dir: Path, *works: Work) -> None:
    """What the database says while nothing of the platform runs."""
    server = EmbeddedPostgres()
    checker = Checker((await server.start(data_dir)).owner_dsn)
    try:
        for work in works:
            assert (await checker.execution(work.execution_id))["status"] == "QUEUED"
        assert await checker.rows("SELECT id FROM workers") == []
        await checker.check()
    finally:
        await server.stop()


@pytest.mark.parametrize("stop", [pytest.param(by_ctrl_c, marks=pytest.mark.verify), by_sigterm])
async def test_a_stop_mid_step_leaves_nothing_and_a_new_start_goes_on_at_once(
    folder: Path, stop: Callable[[PlatformProcess], None]
) -> None:
    data_dir = folder / "data"
    async with started("up", data_dir, LONG_LEASE) as up, up.client() as caller:
        held = await give(caller, folder, steps=4)
        held.let(1, 2)
        busy = await give(caller, folder, steps=1, held=False, grandchild=True)
        await held.begun(3)
        await busy.begun(1)

        async def whole_family_runs() -> bool:
            return len(await asyncio.to_thread(up.left_behind)) == 3

        await until(whole_family_runs, 10, "the tool and its child are running")
        stop(up)
        assert await up.exit_code(15) == 0, up.output()
        assert await asyncio.to_thread(up.left_behind) == []
        assert await processes_of(folder) == []
    await check_at_rest(data_dir, held, busy)
    async with started("up", data_dir, LONG_LEASE) as again, again.client() as caller:
        await held.begun(3, times=2, within=10)
        held.let(3, 4)
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            execution = await checker.until_status(held.execution_id, "SUCCEEDED", 10)
        finally:
            await server.stop()
        assert await held.starts(4) == [1, 1, 2, 1]
        assert await held.ends(4) == [1, 1, 1, 1]
        assert (execution["crashes"], execution["epoch"]) == (0, 2)
        stop(again)
        assert await again.exit_code(15) == 0, again.output()
        assert await asyncio.to_thread(again.left_behind) == []
    await check_at_rest(data_dir, busy)


@pytest.mark.verify
async def test_a_stop_while_work_arrives_strands_none(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    chance = random.Random(1_776)
    works: list[Work] = []
    for _ in range(3):
        async with started("worker", ground.data_dir) as worker:
            await ground.checker.until_worker(worker)
            for number in range(6):
                works.append(await give(caller, folder, steps=1))
                if number == 3:
                    await asyncio.sleep(chance.uniform(0, 0.1))
                    worker.send(signal.SIGTERM)
            assert await worker.exit_code(15) == 0, worker.output()
        rows = await ground.checker.rows("SELECT status, crashes FROM executions WHERE id = ANY($1)", ids_of(works))
        assert {(row["status"], row["crashes"]) for row in rows} == {("QUEUED", 0)}
        await ground.checker.check()
    for work in works:
        assert (await cancel(caller, work))["status"] == "CANCELLED"


def ids_of(works: list[Work]) -> list[UUID]:
    return [work.execution_id for work in works]
