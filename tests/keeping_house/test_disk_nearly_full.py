"""A disk that is nearly full, for real: no new work, no failure, and on it goes when there is room again."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from persistence.embedded import EmbeddedPostgres
from tests.faults.checker import Checker
from tests.faults.platform_processes import PROGRAM, PlatformProcess, started, until
from tests.faults.work import give
from tests.keeping_house.commands import environment

MIB = 2**20
LEAST = 120 * MIB
SIZE = 420 * MIB
BLOCKED = """query ($id: ID!) {
  execution(id: $id) { task { blockedBy { __typename ... on WaitsForRoom { agentKind } } } }
}"""
SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of its own if we may mount one, else the one in memory that every Linux has."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-disk-", ignore_cleanup_errors=True) as name:
        place = Path(name)
        place.chmod(0o755)
        command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", name]
        mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True, check=False).returncode == 0
        try:
            yield place if mounted else Path(tempfile.mkdtemp(dir=SHARED_MEMORY))
        finally:
            if mounted:
                subprocess.run(["umount", "--lazy", name], check=True)


async def is_short(process: PlatformProcess) -> bool:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
        answer = await http.get(f"{process.address}/readyz")
    return answer.status_code == 503 and answer.json()["checks"]["disk"] == "DiskNearlyFull"


@pytest.mark.verify
@pytest.mark.timeout(180)
async def test_new_work_waits_for_room(small_disk: Path) -> None:
    data_dir, ballast = small_disk / "data", small_disk / "ballast"
    least = LEAST + max(0, shutil.disk_usage(small_disk).total - SIZE)
    async with started("up", data_dir, {"WRENCHAI_MIN_FREE_BYTES": str(least)}) as up, up.client() as caller:
        server = EmbeddedPostgres()
        checker = Checker((await server.start(data_dir)).owner_dsn)
        try:
            begun = await give(caller, small_disk, steps=2)
            begun.let(1)
            await begun.begun(2)
            subprocess.run(
                ["fallocate", "-l", str(shutil.disk_usage(small_disk).free - least + 8 * MIB), ballast], check=True
            )
            waits = await give(caller, small_disk, steps=1, held=False)
            await until(lambda: is_short(up), 10, "readyz says that the disk is nearly full")
            await until(lambda: said(up, "no_new_work"), 10, "the worker says that it begins no new work")
            begun.let(2)
            await checker.until_status(begun.execution_id, "SUCCEEDED", 20)
            assert (await checker.execution(waits.execution_id))["status"] == "QUEUED"
            blocked = (await caller.query(BLOCKED, {"id": waits.node_id}))["execution"]["task"]["blockedBy"]
            assert blocked == [{"__typename": "WaitsForRoom", "agentKind": "probe"}]
            assert "workers begin no new work below" in doctor(data_dir, least)
            ballast.unlink()
            await checker.until_status(waits.execution_id, "SUCCEEDED", 20)
            assert await waits.starts(1) == [1]
            await up.until_ready()
            await checker.nothing_is_left()
        finally:
            await server.stop()


@pytest.mark.verify
async def test_who_waits_for_room_can_be_stopped(folder: Path) -> None:
    data_dir = folder / "data"
    full = {"WRENCHAI_MIN_FREE_BYTES": str(shutil.disk_usage(folder).total)}
    up = PlatformProcess("up", data_dir, full)
    up.start()
    try:
        await until(lambda: listens(up), 40, "the API listens")
        async with up.client() as caller:
            work = await give(caller, folder, steps=1, held=False)
        await until(lambda: said(up, "no_new_work"), 10, "the worker says that it begins no new work")
        up.interrupt()
        assert await up.exit_code(15) == 0, up.output()
    finally:
        if up.popen.poll() is None:
            await up.kill()
    async with started("up", data_dir):
        server = EmbeddedPostgres()
        try:
            checker = Checker((await server.start(data_dir)).owner_dsn)
            execution = await checker.until_status(work.execution_id, "SUCCEEDED", 20)
            assert execution["crashes"] == 0
        finally:
            await server.stop()


async def said(process: PlatformProcess, event: str) -> bool:
    return event in process.output()


async def listens(process: PlatformProcess) -> bool:
    try:
        return await is_short(process)
    except httpx.HTTPError:
        return False


def doctor(data_dir: Path, least: int) -> str:
    settings = environment(data_dir, {"WRENCHAI_MIN_FREE_BYTES": str(least)})
    done = subprocess.run([PROGRAM, "doctor"], env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stdout
