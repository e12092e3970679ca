"""``wrenchai up`` is killed as a whole, with its database or without it, and started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from persistence.embedded import EmbeddedPostgres
from tests.faults.checker import Checker
from tests.faults.platform_processes import LEASE, PlatformProcess, started
from tests.faults.test_database_loss import kill_server, postmaster
from tests.faults.work import Work, give


async def half_done(up: PlatformProcess, folder: Path) -> Work:
    async with up.client() as caller:
        work = await give(caller, folder, steps=4)
    work.let(1, 2)
    await work.begun(3)
    return work


async def goes_on(data_dir: Path, work: Work) -> None:
    """Start again, and see the work to its end."""
    async with started("up", data_dir) as again:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            await work.begun(3, times=2, within=LEASE + 5)
            work.let(3, 4)
            execution = await checker.until_status(work.execution_id, "SUCCEEDED", 10)
            assert await work.starts(4) == [1, 1, 2, 1]
            assert await work.ends(4) == [1, 1, 1, 1]
            assert execution["crashes"] == 1
            await checker.nothing_is_left()
        finally:
            await server.stop()
        again.interrupt()
        assert await again.exit_code(15) == 0, again.output()


@pytest.mark.verify
async def test_the_database_survives_the_platform(folder: Path) -> None:
    data_dir = folder / "data"
    async with started("up", data_dir) as up:
        work = await half_done(up, folder)
        await up.kill()
        assert postmaster(data_dir) is not None
    await goes_on(data_dir, work)
    assert postmaster(data_dir) is None


@pytest.mark.verify
async def test_everything_dies_at_once(folder: Path) -> None:
    data_dir = folder / "data"
    async with started("up", data_dir) as up:
        work = await half_done(up, folder)
        await kill_server(data_dir)
        await up.kill()
    await goes_on(data_dir, work)
