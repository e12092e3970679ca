"""A worker is killed in the middle of a step."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.checker import until_line
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.work import cancel, give

STEPS = 10
PARKED = """query ($id: ID!) { execution(id: $id) {
  crashes crashReports { at steps tools worker { id } } error { severity }
  task { statusReason viewerCan { retry } }
} }"""


async def test_another_worker_goes_on_and_repeats_no_finished_step(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    async with started("worker", ground.data_dir) as first, started("worker", ground.data_dir) as second:
        first_id = await ground.checker.until_worker(first)
        second_id = await ground.checker.until_worker(second)
        work = await give(caller, folder, steps=STEPS)
        work.let(1, 2, 3)
        await work.begun(4)
        owner = (await ground.checker.execution(work.execution_id))["worker_id"]
        victim = {first_id: first, second_id: second}[owner]
        await victim.kill()
        await work.begun(4, times=2, within=LEASE + 5)
        work.let(*range(4, STEPS + 1))
        execution = await ground.checker.until_status(work.execution_id, "SUCCEEDED", 20)
        assert await work.starts(STEPS) == [1, 1, 1, 2, 1, 1, 1, 1, 1, 1]
        assert await work.ends(STEPS) == [1] * STEPS
        assert (execution["crashes"], execution["epoch"]) == (1, 2)
        assert execution["worker_id"] == ({first_id, second_id} - {owner}).pop()
        await ground.checker.nothing_is_left()


@pytest.mark.verify
async def test_cancel_while_the_worker_is_dead(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=2, held=False, grandchild=True)
        await work.begun(1)

        async def family_runs() -> bool:
            return len(await asyncio.to_thread(worker.left_behind)) == 3

        await until(family_runs, 10, "the tool and its child are running")
        await worker.kill()

        async def tool_is_gone() -> bool:
            return len(await asyncio.to_thread(worker.left_behind)) <= 1

        await until(tool_is_gone, 5, "the tool has died with its worker")
    asked = await cancel(caller, work)
    assert (asked["status"], asked["cancelRequestedAt"] is not None) == ("RUNNING", True)
    async with started("worker", ground.data_dir) as successor:
        await ground.checker.until_worker(successor)
        execution = await ground.checker.until_status(work.execution_id, "CANCELLED", LEASE + 5)
        assert execution["cancel_requested_at"] <= execution["process_gone_at"] <= execution["finished_at"]
        kinds = await ground.checker.kinds(work.execution_id)
        assert (kinds["CancelRequested"], kinds["ProcessGone"], kinds["ExecutionFinished"]) == (1, 1, 1)
        assert await work.starts(2) == [1, 0]
        assert await asyncio.to_thread(worker.left_behind) == []
        await ground.checker.nothing_is_left()


async def test_a_task_that_kills_every_worker_is_parked(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    work = await give(caller, folder, steps=1, held=False, kill_in_tool=True)
    workers = []
    for crash in range(1, 4):
        async with started("worker", ground.data_dir) as worker:
            await until_line(work.journal, "start 1", 40, times=crash)
            assert await worker.exit_code(10) == -9
            workers.append(str((await ground.checker.execution(work.execution_id))["worker_id"]))
    async with started("worker", ground.data_dir) as survivor:
        await ground.checker.until_worker(survivor)
        execution = await ground.checker.until_status(work.execution_id, "FAILED", LEASE + 5)
        assert (execution["error_code"], execution["crashes"]) == ("POISONED", 3)
        assert (execution["error_severity"], "crashed 3 times" in execution["error_message"]) == ("CRITICAL", True)
        reports = json.loads(execution["crash_reports"])
        assert [(report["worker_id"], report["steps"], report["tools"]) for report in reports] == [
            (worker_id, ["step-1"], ["python"]) for worker_id in workers
        ]
        shown = (await caller.query(PARKED, {"id": work.node_id}))["execution"]
        assert (shown["crashes"], len(shown["crashReports"]), shown["error"]["severity"]) == (3, 3, "CRITICAL")
        assert shown["crashReports"][0]["steps"] == ["step-1"]
        reason = shown["task"]["statusReason"]
        assert reason.startswith("Parked: it has crashed 3 times")
        assert reason.count("during 'step-1' in python on worker") == 3
        assert all(worker_id in reason for worker_id in workers)
        assert shown["task"]["viewerCan"]["retry"]
        assert await work.starts(1) == [3]
        await ground.checker.nothing_is_left()
        assert survivor.popen.poll() is None
