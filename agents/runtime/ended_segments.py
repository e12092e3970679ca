"""The engine's rows about segments that are over: they are of no use once their execution has ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from dbos import DBOSClient

from agents.runtime.queue import QUEUE, parse_workflow_id
from domain.ports import Transactor

OVER = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
BATCH = 500


async def count_ended_segments(client: DBOSClient, transactor: Transactor, age: timedelta, now: datetime) -> int:
    """How many rows :func:`remove_ended_segments` would remove."""
    return sum([len(batch) async for batch in _ended(client, transactor, age, now, stays=True)])


async def remove_ended_segments(client: DBOSClient, transactor: Transactor, age: timedelta, now: datetime) -> int:
    """Remove what the engine knows of segments that were enqueued so long ago and whose execution has ended.

    The engine's ages are by the clocks of the processes that wrote them. If one of them was wrong, a row goes earlier
    or later, but never before its execution has ended.
    """
    removed = 0
    async for batch in _ended(client, transactor, age, now, stays=False):
        await client.delete_workflows_async(batch)
        removed += len(batch)
    return removed


async def _ended(
    client: DBOSClient, transactor: Transactor, age: timedelta, now: datetime, *, stays: bool
) -> AsyncIterator[list[str]]:
    """The names of such segments, in batches. ``stays`` says that a batch is still there when the next is asked for."""
    before = (now.astimezone(UTC) - age).isoformat()
    passed = 0
    while True:
        found = await client.list_workflows_async(
            status=OVER,
            queue_name=QUEUE,
            end_time=before,
            limit=BATCH,
            offset=passed,
            load_input=False,
            load_output=False,
        )
        named = {one.workflow_id: parse_workflow_id(one.workflow_id) for one in found}
        segments = {name: segment for name, segment in named.items() if segment is not None}
        ids = {execution_id for execution_id, _ in segments.values()}
        ended = await transactor.run(lambda uow, ids=ids: uow.executions.ended_among(ids))  # type: ignore[misc]
        batch = [name for name, (execution_id, _) in segments.items() if execution_id in ended]
        if batch:
            yield batch
        passed += len(found) if stays else len(found) - len(batch)
        if len(found) < BATCH:
            return
