"""Two workers die at once, and two others reap after them at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.work import give


@pytest.mark.verify
async def test_two_reapers_take_each_execution_once(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    async with started("worker", ground.data_dir) as one, started("worker", ground.data_dir) as two:
        dead = {await ground.checker.until_worker(one), await ground.checker.until_worker(two)}
        works = [await give(caller, folder, steps=2, grandchild=number == 0) for number in range(4)]
        for work in works:
            work.let(1)
        for work in works[1:]:
            await work.begun(2)
        await works[0].begun(1)
        async with started("worker", ground.data_dir) as three, started("worker", ground.data_dir) as four:
            alive = {await ground.checker.until_worker(three), await ground.checker.until_worker(four)}
            await asyncio.gather(one.kill(), two.kill())
            for work in works[1:]:
                await work.begun(2, times=2, within=LEASE + 5)
            await works[0].begun(1, times=2, within=LEASE + 5)

            async def nothing_is_left_of_the_dead() -> bool:
                return not await asyncio.to_thread(one.left_behind) and not await asyncio.to_thread(two.left_behind)

            await until(nothing_is_left_of_the_dead, 5, "the children of the dead workers' tools are gone")
            for work in works:
                execution = await ground.checker.execution(work.execution_id)
                assert (execution["epoch"], execution["crashes"]) == (2, 1)
                assert execution["worker_id"] in alive - dead
                kinds = await ground.checker.kinds(work.execution_id)
                assert (kinds["ExecutionRequeued"], kinds["ProcessGone"]) == (1, 1)
            for work in works[1:]:
                work.let(2)
                await ground.checker.until_status(work.execution_id, "SUCCEEDED", 10)
                assert await work.starts(2) == [1, 2]
            await caller.query(
                "mutation ($id: ID!) { cancelExecution(input: {executionId: $id}) { errors { code } } }",
                {"id": works[0].node_id},
            )
            await ground.checker.nothing_is_left()
