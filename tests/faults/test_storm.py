"""Faults of every kind, one after the other at random, while there is work: in the end everything is done."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, PlatformProcess, started
from tests.faults.test_database_loss import cut_all_connections
from tests.faults.work import Work, give

DURATION = 40.0
WORKERS = 3


class Fleet:
    """Workers, each replaced when it is ended."""

    def __init__(self, ground: Ground, stack: AsyncExitStack) -> None:
        self._ground = ground
        self._stack = stack
        self.workers: list[PlatformProcess] = []

    async def add(self) -> None:
        self.workers.append(await self._stack.enter_async_context(started("worker", self._ground.data_dir)))

    async def strike(self, chance: random.Random) -> None:
        """One fault of a random kind."""
        victim = chance.choice(self.workers)
        match chance.choice(["kill", "stop", "freeze", "blink", "cut", "rest"]):
            case "kill":
                await victim.kill()
                await self._replace(victim)
            case "stop":
                victim.send(signal.SIGTERM)
                await self._replace(victim)
            case "freeze":
                await _freeze(victim, LEASE * 1.6)
            case "blink":
                await _freeze(victim, LEASE * 0.9)
            case "cut":
                await cut_all_connections(self._ground.checker)

    async def _replace(self, victim: PlatformProcess) -> None:
        self.workers.remove(victim)
        await self.add()


async def _freeze(victim: PlatformProcess, seconds: float) -> None:
    victim.send(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    victim.send(signal.SIGCONT)


@asynccontextmanager
async def fleet_of(ground: Ground, count: int) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        fleet = Fleet(ground, stack)
        for _ in range(count):
            await fleet.add()
        yield fleet


@pytest.mark.verify
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_storm_is_survived(ground: Ground, caller: GraphQLClient, folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    works: list[Work] = []
    async with fleet_of(ground, WORKERS) as fleet:
        for worker in fleet.workers:
            await ground.checker.until_worker(worker)
        until = time.monotonic() + DURATION
        while time.monotonic() < until:
            if len(works) < 12:
                works.append(await give(caller, folder, steps=30, held=False, log_lines=3, pause=0.1))
            await fleet.strike(chance)
            await asyncio.sleep(chance.uniform(0.1, 2))
        for work in works:
            execution = await ground.checker.execution(work.execution_id)
            if execution["error_code"] != "POISONED":  # a storm may well hit one execution three times
                await ground.checker.until_status(work.execution_id, "SUCCEEDED", 60)
        await ground.checker.nothing_is_left()
        for work in works:
            execution = await ground.checker.execution(work.execution_id)
            repeats = sum(times - 1 for times in await work.starts(30) if times)
            assert repeats <= 3 * execution["epoch"], (repeats, dict(execution))
