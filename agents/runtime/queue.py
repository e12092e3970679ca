"""The queue of the engine: DBOS, on the transaction that changes the state."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from dbos import DBOSClient, EnqueueOptions
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.execution import Execution

QUEUE = "agents"
WORKFLOW = "segment"
ENGINE_VERSION = "1"
"""Pinned: DBOS hands a workflow only to workers of the version that enqueued it, and a deploy must not strand work."""


class DbosQueue:
    """See :class:`domain.ports.WorkQueue`, on one connection."""

    def __init__(self, client: DBOSClient, connection: AsyncConnection, clock: Callable[[], datetime]) -> None:
        self._client = client
        self._connection = connection
        self._clock = clock

    async def enqueue(self, execution: Execution, *, priority: int, delay: timedelta = timedelta()) -> None:
        """Enqueue the segment of the execution that its ``epoch`` names. Doing it twice is harmless."""
        options: EnqueueOptions = {
            "queue_name": QUEUE,
            "workflow_name": WORKFLOW,
            "workflow_id": workflow_id(execution.id, execution.epoch),
            "app_version": ENGINE_VERSION,
            "queue_partition_key": execution.agent,
            "priority": priority,
        }
        if delay:
            # The engine counts from the clock of this machine, and other machines compare with theirs.
            behind = self._clock() - datetime.now(UTC)
            options["delay_seconds"] = max(0.0, (delay + behind).total_seconds())

        def enqueue(connection: Connection) -> None:
            self._client.enqueue_in_transaction(connection, options, str(execution.id), execution.epoch)

        await self._connection.run_sync(enqueue)


def workflow_id(execution_id: UUID, epoch: int) -> str:
    """The name of a segment in the engine."""
    return f"execution-{execution_id}-{epoch}"


def parse_workflow_id(text: str) -> tuple[UUID, int] | None:
    """The execution and epoch of a segment's name; ``None`` for a name of another form."""
    prefix, _, rest = text.partition("-")
    execution_id, _, epoch = rest.rpartition("-")
    if prefix != "execution" or not epoch.isdigit():
        return None
    try:
        return UUID(execution_id), int(epoch)
    except ValueError:
        return None
