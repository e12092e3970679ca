"""Processes whose clocks are hours off: leases, deadlines, delays and times come from the database's clock alone."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground, api, caller, ground
from tests.faults.platform_processes import LEASE, started
from tests.faults.work import TASK, give
from tests.streams.test_feeds import new_project

__all__ = ["api", "caller", "ground"]

pytestmark = [pytest.mark.verify, pytest.mark.timeout(180)]

SOURCE = Path(__file__).with_name("wrong_clock.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that shows a process another time of day, and leaves the clocks alone that only count."""
    built = tmp_path_factory.mktemp("clock") / "wrong_clock.so"
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.fail("The tests of moved clocks need a C compiler: run `apt-get install gcc libc6-dev`.")
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", built, SOURCE, "-ldl"], check=True)
    return built


def off_by(library: Path, hours: int) -> dict[str, str]:
    """Settings of a process whose clock is so many hours off."""
    return {"LD_PRELOAD": str(library), "WRONG_CLOCK": str(hours * 3600)}


@pytest.mark.parametrize("hours", [-7, 7])
async def test_an_execution_moves_between_workers_whose_clocks_disagree(
    ground: Ground, caller: GraphQLClient, folder: Path, library: Path, hours: int
) -> None:
    async with started("worker", ground.data_dir, off_by(library, hours)) as wrong:
        await ground.checker.until_worker(wrong)
        work = await give(caller, folder, steps=4)
        work.let(1)
        await work.begun(2)
        async with started("worker", ground.data_dir) as right:
            await ground.checker.until_worker(right)
            work.let(2)
            await work.begun(3)
            assert (await ground.checker.execution(work.execution_id))["crashes"] == 0, "nobody took it for dead"
            await wrong.kill()
            await work.begun(3, times=2, within=LEASE * 3 + 5)
            work.let(3, 4)
            await ground.checker.until_status(work.execution_id, "SUCCEEDED", 20)
            assert await work.starts(4) == [1, 1, 2, 1]
            await ground.checker.nothing_is_left()
    await all_times_are_near(ground, work.execution_id)


@pytest.mark.parametrize("hours", [-7, 7])
async def test_a_deadline_is_kept_by_a_worker_whose_clock_is_off(
    ground: Ground, caller: GraphQLClient, library: Path, folder: Path, hours: int
) -> None:
    async with started("worker", ground.data_dir, off_by(library, hours)) as wrong:
        await ground.checker.until_worker(wrong)
        project = await new_project(caller)
        (folder / "hold").mkdir()
        draft = {"title": "Late", "agent": "probe", "timeout": "PT4S", "inputs": {"hold": str(folder / "hold")}}
        made = await caller.query(TASK, {"input": {"projectId": project, "task": draft, "dispatch": True}})
        assert made["createTask"]["errors"] == [], made
        execution_id = decode_as("Execution", made["createTask"]["task"]["latestExecution"]["id"])
        ended = await ground.checker.until_status(execution_id, "TIMED_OUT", 20)
        assert timedelta(seconds=3) < ended["finished_at"] - ended["started_at"] < timedelta(seconds=10)
        await all_times_are_near(ground, execution_id)


async def test_a_retry_waits_its_time_although_the_worker_is_ahead(
    ground: Ground, caller: GraphQLClient, library: Path, folder: Path
) -> None:
    async with started("worker", ground.data_dir, off_by(library, 7)) as wrong:
        await ground.checker.until_worker(wrong)
        project = await new_project(caller)
        inputs = {"steps": 0, "fail_unless": str(folder / "mended")}
        draft = {
            "title": "Again",
            "agent": "probe",
            "inputs": inputs,
            "retryPolicy": {"maxAttempts": 2, "backoff": "PT6S"},
        }
        made = await caller.query(TASK, {"input": {"projectId": project, "task": draft, "dispatch": True}})
        assert made["createTask"]["errors"] == [], made
        first = decode_as("Execution", made["createTask"]["task"]["latestExecution"]["id"])
        failed = await ground.checker.until_status(first, "FAILED", 20)
        (folder / "mended").touch()
        (second,) = await ground.checker.rows(
            "SELECT id, scheduled_for FROM executions WHERE task_id = $1 AND number = 2", failed["task_id"]
        )
        ended = await ground.checker.until_status(second["id"], "SUCCEEDED", 30)
        waited = ended["started_at"] - failed["finished_at"]
        assert timedelta(seconds=3.5) < waited < timedelta(seconds=20)
        await ground.checker.nothing_is_left()


async def all_times_are_near(ground: Ground, execution_id: object) -> None:
    """Every time that was written about an execution is of the last minutes, by the database's clock."""
    (row,) = await ground.checker.rows(
        "SELECT max(abs(extract(epoch FROM clock_timestamp() - at))) AS seconds FROM (SELECT at FROM events"
        " WHERE execution_id = $1 UNION ALL SELECT started_at FROM steps WHERE execution_id = $1) AS times",
        execution_id,
    )
    assert row["seconds"] < 300
