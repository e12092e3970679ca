"""Writing the beats of the workers."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.execution import Worker
from persistence.tables import workers


class WorkerTable:
    """See :class:`domain.ports.WorkerStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def beat(self, worker: Worker) -> None:
        """Note that the worker is alive."""
        values = {
            "id": worker.id,
            "hostname": worker.hostname,
            "pid": worker.pid,
            "version": worker.version,
            "slots": worker.slots,
            "agents": list(worker.agents),
            "started_at": worker.started_at,
            "beat_at": worker.beat_at,
        }
        await self._connection.execute(
            upsert(workers)
            .values(values)
            .on_conflict_do_update(index_elements=["id"], set_={"beat_at": worker.beat_at, "slots": worker.slots})
        )

    async def remove(self, worker_id: UUID) -> None:
        """Forget a worker that has stopped."""
        await self._connection.execute(delete(workers).where(workers.c.id == worker_id))

    async def alive(self, since: datetime) -> set[UUID]:
        """Workers whose last beat is not older."""
        found = select(workers.c.id).where(workers.c.beat_at >= since)
        return set((await self._connection.execute(found)).scalars())
