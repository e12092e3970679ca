"""A subscriber that is cut twenty times while 5,000 events are written, and moves between two servers."""

from __future__ import annotations

import asyncio
import itertools
import random
from pathlib import Path

import pytest

from schema.node_ids import encode
from server.client.graphql_client import GraphQLClient
from tests.faults.conftest import Ground
from tests.faults.platform_processes import PlatformProcess, started
from tests.faults.work import give
from tests.streams.subscribers import EXECUTION, Update, Variables, over_sse, over_websocket, take
from tests.streams.test_resuming import history_of

SEED = 5_000
STEPS = 1_250
CUTS = 20

FEED = """subscription ($filter: TaskEventFilterInput, $after: Cursor) { taskEvents(filter: $filter, after: $after) {
  cursor event { __typename sequence } task { id } } }"""


@pytest.mark.verify
@pytest.mark.timeout(800)
async def test_twenty_cuts_during_5000_events(
    ground: Ground, api: PlatformProcess, caller: GraphQLClient, folder: Path
) -> None:
    """Twice at the same time: on the execution, and on the feed of its task, which leaves log and progress out."""
    async with started("worker", ground.data_dir) as worker, started("serve", ground.data_dir) as other:
        await ground.checker.until_worker(worker)
        work = await give(caller, folder, steps=STEPS, held=False, log_lines=1)
        execution = await ground.checker.execution(work.execution_id)
        first = await take(over_websocket, api, EXECUTION, {"id": work.node_id}, 1)
        task = encode("Task", execution["task_id"])

        async def cut(document: str, variables: Variables, seed: int, most: int, count: int) -> list[Update]:
            chance = random.Random(seed)
            places = itertools.cycle(itertools.product([over_websocket, over_sse], [api, other]))
            updates = list(first) if document is EXECUTION else []
            for _ in range(CUTS):
                way, process = next(places)
                after = updates[-1]["cursor"] if updates else None
                updates += await take(way, process, document, variables, chance.randint(20, most), after)
            assert (await ground.checker.execution(work.execution_id))["finished_at"] is None, "cut while written"
            way, process = next(places)
            return updates + await take(way, process, document, variables, count - len(updates), updates[-1]["cursor"])

        async with asyncio.timeout(700):
            seen, fed = await asyncio.gather(
                cut(EXECUTION, {"id": work.node_id}, SEED, 400, 10**9),
                cut(FEED, {"filter": {"taskIds": [task]}}, SEED + 1, 150, 2 * STEPS),
            )
    assert [update["event"]["sequence"] for update in seen] == list(range(1, len(seen) + 1))
    assert len(seen) > 5_000
    assert seen[-1]["event"]["__typename"] == "ExecutionFinished"
    assert await history_of(caller, work.node_id) == [
        {"cursor": update["cursor"], "event": update["event"]} for update in seen
    ]
    rows = await ground.checker.rows(
        "SELECT sequence FROM events WHERE task_id = $1 AND in_feed ORDER BY xact, id", execution["task_id"]
    )
    expected = [row["sequence"] for row in rows]
    begin = expected.index(fed[0]["event"]["sequence"])
    assert [update["event"]["sequence"] for update in fed] == expected[begin : begin + len(fed)]
    assert len(fed) == 2 * STEPS
