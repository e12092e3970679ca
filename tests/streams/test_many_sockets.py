"""Two hundred sockets on one server that has ten connections to the database."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.conftest import Ground
from tests.faults.platform_processes import started
from tests.faults.work import give
from tests.streams.following import Following
from tests.streams.subscribers import EXECUTION, over_websocket
from tests.streams.test_one_socket import SMALL_POOL, STATUS

SOCKETS = 200
WORKS = 4


@pytest.mark.verify
async def test_200_sockets_on_a_pool_of_10(ground: Ground, folder: Path) -> None:
    async with (
        started("serve", ground.data_dir, SMALL_POOL) as process,
        started("worker", ground.data_dir) as worker,
        process.client() as caller,
    ):
        await ground.checker.until_worker(worker)
        works = [await give(caller, folder, steps=12, log_lines=5) for _ in range(WORKS)]
        followings = [Following() for _ in range(SOCKETS)]
        following = asyncio.gather(
            *(
                one.to_the_end([over_websocket], [process], EXECUTION, {"id": works[number % WORKS].node_id})
                for number, one in enumerate(followings)
            )
        )
        async with asyncio.timeout(90):
            while not all(one.updates for one in followings):
                await asyncio.sleep(0.05)
            answers = await asyncio.gather(*(caller.query(STATUS, {"id": works[0].node_id}) for _ in range(50)))
            assert {answer["execution"]["status"] for answer in answers} == {"RUNNING"}
            for work in works:
                work.let(*range(1, 13))
            await following
        lasts = [(await ground.checker.execution(work.execution_id))["sequence"] for work in works]
        assert min(lasts) > 36
        for number, one in enumerate(followings):
            assert one.cuts == 0
            assert one.sequences == list(range(1, lasts[number % WORKS] + 1))
