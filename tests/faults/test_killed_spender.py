"""A worker is killed in the middle of calls that are paid for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import asyncpg
import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.budgets.conftest import purse_on
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, PLUGINS, started, until

PATH = {"PATH": f"{PLUGINS}:{os.environ['PATH']}"}


@pytest.mark.verify
async def test_what_a_dead_worker_had_reserved_is_charged_since_it_may_have_happened(
    ground: Ground, caller: GraphQLClient, folder: Path
) -> None:
    database = await asyncpg.connect(ground.checker.dsn)
    purse = await purse_on(caller, database, folder)
    gate = folder / "gate"
    await purse.create({"title": "cut", "calls": 2, "lanes": 3, "gate": str(gate)})
    await purse.budget(1_000)

    async def noted() -> bool:
        return len(await asyncio.to_thread(_lines, folder / "cut.log")) == 3

    async with started("worker", ground.data_dir, PATH) as worker:
        await ground.checker.until_worker(worker)
        assert (await purse.dispatch("cut"))["errors"] == []
        await until(noted, 20, "three calls are under way")
        assert await purse.account() == (30_000_000, 0)
        await worker.kill()
    gate.touch()
    async with started("worker", ground.data_dir, PATH) as successor:
        await ground.checker.until_worker(successor)
        execution_id = decode_as("Execution", (await purse.task("cut"))["latestExecution"]["id"])
        await ground.checker.until_status(execution_id, "SUCCEEDED", LEASE + 20)
        reserved, spent = await purse.account()
        paid = await purse.paid("cut")
        of_the_dead = sum(1 + int(line) for line in _lines(folder / "cut.log")[:3])
        assert (reserved, spent) == (0, (int(paid) - of_the_dead + 30) * 10**6), (
            "theirs at their worst, the rest exactly"
        )
        assert await purse.account("TOOL_CALLS") == (0, 9)
        await purse.ledger_is_right()
        await ground.checker.nothing_is_left()
    await database.close()


def _lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []
