"""A server is stopped, killed and started again under its subscribers: they resume, and miss nothing."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, free_port, started
from tests.faults.work import give
from tests.streams.following import Following
from tests.streams.subscribers import EXECUTION, over_sse, over_websocket, socket_to

SUBSCRIBERS = 20
CLOSE_OF_A_RESTART = 1012


@pytest.mark.verify
async def test_subscribers_resume_when_their_server_is_back(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    port = free_port()
    process = PlatformProcess("serve", ground.data_dir, port=port)
    process.start()
    try:
        await process.until_ready()
        work = await give(caller, folder, steps=8)
        followings = [Following() for _ in range(SUBSCRIBERS)]
        following = asyncio.gather(
            *(
                one.to_the_end([over_sse if number % 2 else over_websocket], [process], EXECUTION, {"id": work.node_id})
                for number, one in enumerate(followings)
            )
        )
        async with started("worker", ground.data_dir):
            work.let(1)
            for step, end in enumerate([signal.SIGTERM, signal.SIGKILL, signal.SIGTERM], 2):
                await work.begun(step)
                process.send(end)
                await process.exit_code(10)
                work.let(step)  # what is written while there is no server
                await work.begun(step + 1)
                process.start()
                await process.until_ready()
            work.let(*range(1, 9))
            async with asyncio.timeout(30):
                await following
    finally:
        await process.kill()
    last = (await ground.checker.execution(work.execution_id))["sequence"]
    for one in followings:
        assert one.sequences == list(range(1, last + 1))
        assert one.cuts >= 3


async def test_a_stopping_server_says_that_it_comes_back(ground: Ground) -> None:
    async with started("serve", ground.data_dir) as process, socket_to(process) as socket:
        process.send(signal.SIGTERM)
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == CLOSE_OF_A_RESTART
        assert "resume from your last cursor" in str(socket.close_reason)
