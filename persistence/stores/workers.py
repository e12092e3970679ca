"""Writing the beats of the workers."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.execution import Worker
from persistence.tables import workers

REAPER = 0x77_72_72_65_61_70
"""Key of the advisory lock of the one process that reaps."""


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
            "beat_at": func.clock_timestamp(),
            "short_of_room": worker.short_of_room,
        }
        changing = ("beat_at", "short_of_room")
        await self._connection.execute(
            upsert(workers)
            .values(values)
            .on_conflict_do_update(index_elements=["id"], set_={name: values[name] for name in changing})
        )

    async def remove(self, worker_id: UUID) -> None:
        """Forget a worker that has stopped."""
        await self._connection.execute(delete(workers).where(workers.c.id == worker_id))

    async def alive(self, lease: timedelta) -> set[UUID]:
        """Workers whose last beat is younger than the lease, by the database's clock."""
        now = func.clock_timestamp()
        # A beat from the future is from before the clock was moved back: whoever lives beats again soon.
        found = select(workers.c.id).where(workers.c.beat_at > now - lease, workers.c.beat_at < now + lease)
        return set((await self._connection.execute(found)).scalars())

    async def forget(self, older_than: timedelta) -> None:
        """Remove workers that have not beaten for so long."""
        await self._connection.execute(delete(workers).where(workers.c.beat_at < func.clock_timestamp() - older_than))

    async def try_lead(self) -> bool:
        """Become the one that reaps until the transaction ends; ``False`` when another process is."""
        leads: bool = (await self._connection.execute(select(func.pg_try_advisory_xact_lock(REAPER)))).scalar_one()
        return leads
