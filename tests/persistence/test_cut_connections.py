"""Connections are ended by the server in the middle of reads and between them: all that a reader sees is an outage."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg

from domain.errors import StoreLost
from persistence.embedded.cluster import SUPERUSER
from persistence.reader import SqlReader
from persistence.readers.pool import ReadPool
from server.platform.wiring import DEFAULT_WORKSPACE, Platform

NAME = "to be cut"
CUTS = 25
READERS = 12


async def test_readers_see_nothing_but_outages(idle: Platform) -> None:
    dsn = idle.addresses.app_dsn
    pool = await ReadPool.open(dsn, size=6, timeout=5, server_settings={"application_name": NAME})
    cutter = await asyncpg.connect(idle.addresses.owner_dsn.replace("://wrenchai_owner@", f"://{SUPERUSER}@"))
    over = asyncio.Event()
    outcomes: list[bool] = []

    async def read_on() -> None:
        while not over.is_set():
            try:
                await SqlReader(pool, timedelta(seconds=15)).feed_head(DEFAULT_WORKSPACE)
                outcomes.append(True)
            except StoreLost:
                outcomes.append(False)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(READERS):
                group.create_task(read_on())
            for _ in range(CUTS):
                known = len(outcomes)
                while len(outcomes) < known + 3 * READERS:
                    await asyncio.sleep(0.001)
                await cutter.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1", NAME
                )
            over.set()
        assert outcomes.count(False) > 0
        assert await SqlReader(pool, timedelta(seconds=15)).feed_head(DEFAULT_WORKSPACE) is not None
    finally:
        await cutter.close()
        await pool.close()
