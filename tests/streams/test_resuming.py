"""A subscriber that is cut again and again misses nothing and gets nothing twice."""

from __future__ import annotations

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import give
from tests.streams.subscribers import EXECUTION, Cut, Subscriber, Update, take

SEED = 7_041_776
HISTORY = """query ($id: ID!, $after: Cursor) { execution(id: $id) { events(first: 100, after: $after) {
  edges { cursor node { __typename sequence at } } pageInfo { hasNextPage endCursor } } } }"""


async def history_of(caller: GraphQLClient, node_id: str) -> list[Update]:
    """The whole ``events`` connection, page by page, in the form of updates."""
    updates: list[Update] = []
    after = None
    while True:
        answer = await caller.query(HISTORY, {"id": node_id, "after": after})
        page: dict[str, Any] = answer["execution"]["events"]
        updates += [{"cursor": edge["cursor"], "event": edge["node"]} for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return updates
        after = page["pageInfo"]["endCursor"]


@pytest.mark.verify
async def test_five_cuts_during_500_events(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path, subscriber: Subscriber
) -> None:
    chance = random.Random(SEED)
    async with started("worker", ground.data_dir) as worker:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=170, held=False)
        updates: list[Update] = []
        async with asyncio.timeout(60):
            for _ in range(5):
                after = updates[-1]["cursor"] if updates else None
                updates += await take(subscriber, api, EXECUTION, {"id": work.node_id}, chance.randint(10, 90), after)
            assert (await ground.checker.execution(work.execution_id))["finished_at"] is None, (
                "cut while it was written"
            )
            updates += await take(subscriber, api, EXECUTION, {"id": work.node_id}, 10_000, updates[-1]["cursor"])
    assert [update["event"]["sequence"] for update in updates] == list(range(1, len(updates) + 1))
    assert len(updates) > 500
    assert updates[-1]["event"]["__typename"] == "ExecutionFinished"
    assert await history_of(caller, work.node_id) == [
        {"cursor": update["cursor"], "event": update["event"]} for update in updates
    ]


@pytest.mark.parametrize("end", [signal.SIGTERM, pytest.param(signal.SIGKILL, marks=pytest.mark.verify)])
async def test_a_client_moves_to_another_server_when_its_own_ends(
    ground: Ground,
    api: PlatformProcess,
    caller: GraphQLClient,
    folder: Path,
    subscriber: Subscriber,
    end: signal.Signals,
) -> None:
    work = await give(caller, folder, steps=3)
    seen: list[Update] = []
    async with started("worker", ground.data_dir), started("serve", ground.data_dir) as going:
        cut = False
        try:
            async with subscriber(going, EXECUTION, {"id": work.node_id}) as stream:
                async for update in stream:
                    seen.append(update)
                    if update["event"]["__typename"] == "StepStarted":
                        going.send(end)
        except Cut:
            cut = True
        assert cut
        assert await going.exit_code(10) == (0 if end is signal.SIGTERM else -signal.SIGKILL), going.output()
        work.let(1, 2, 3)
        seen += await take(subscriber, api, EXECUTION, {"id": work.node_id}, 1_000, seen[-1]["cursor"])
    assert [update["event"]["sequence"] for update in seen] == list(range(1, len(seen) + 1))
    assert seen[-1]["event"]["__typename"] == "ExecutionFinished"
