"""A worker is frozen past its lease and thaws: by then the execution is another's."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.work import give


@pytest.mark.verify
async def test_a_thawed_worker_writes_nothing_and_ends_its_tools(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    async with started("worker", ground.data_dir) as frozen:
        frozen_id = await ground.checker.until_worker(frozen)
        work = await give(caller, folder, steps=3)
        busy = await give(caller, folder, steps=1, held=False, tool_seconds=600)
        work.let(1)
        await work.begun(2)
        await busy.begun(1)
        frozen.send(signal.SIGSTOP)
        async with started("worker", ground.data_dir) as other:
            other_id = await ground.checker.until_worker(other)
            await work.begun(2, times=2, within=LEASE + 5)
            await busy.begun(1, times=2, within=LEASE + 5)
            before = await ground.checker.rows("SELECT max(id) AS id FROM events")
            frozen.send(signal.SIGCONT)
            work.let(2)  # the zombie and the new owner both come to the end of the step

            async def tools_are_gone() -> bool:
                return [one.pid for one in await asyncio.to_thread(frozen.left_behind)] == [frozen.pid]

            await until(tools_are_gone, 10, "the thawed worker has ended its tool")
            work.let(3)
            execution = await ground.checker.until_status(work.execution_id, "SUCCEEDED", 10)
            assert (execution["worker_id"], execution["epoch"], execution["crashes"]) == (other_id, 2, 1)
            kinds = await ground.checker.kinds(work.execution_id)
            assert (kinds["StepSucceeded"], kinds["ExecutionFinished"]) == (3, 1)
            late = await ground.checker.rows(
                "SELECT kind FROM events WHERE id > $1 AND actor = $2", before[0]["id"], f"worker:{frozen_id}"
            )
            assert late == []
            await ground.checker.until_worker(frozen)  # it beats again, and takes new work
        await busy.begun(1, times=3, within=LEASE + 5)
        await caller.query(
            "mutation ($id: ID!) { cancelExecution(input: {executionId: $id}) { errors { code } } }",
            {"id": busy.node_id},
        )
        await ground.checker.until_status(busy.execution_id, "CANCELLED", 10)
        await ground.checker.nothing_is_left()
