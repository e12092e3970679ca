"""The reaper: what dead workers had in their hands goes back to the queue."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import structlog
from dbos import DBOSClient

from agents.process_family import end_orphans
from agents.runtime.queue import QUEUE, parse_workflow_id
from domain.ports import Transactor, UnitOfWork
from domain.use_cases.lifecycle import requeue_execution

log = structlog.get_logger(__name__)

REASON = "its worker died"


async def reap(transactor: Transactor, client: DBOSClient, lease: timedelta) -> int:
    """Requeue the executions of workers whose beat is older than the lease, and answer how many.

    One process at a time does it. Doing it twice would change nothing: an execution is requeued only in the epoch that
    was seen. The segment that the dead worker held in the engine is cancelled after that, which frees its slot.
    """

    async def alone(uow: UnitOfWork) -> int:
        if not await uow.workers.try_lead():
            return 0
        alive = await uow.workers.alive(lease)
        await uow.workers.forget(timedelta(days=1))
        lost = {(one.id, one.epoch) for one in await uow.executions.abandoned(alive)}
        held = await _held_by_dead(client, alive)
        lost.update(held.values())
        if lost:
            # If it was a worker of this machine: the kernel has ended its tools, but not what those had started.
            await asyncio.to_thread(end_orphans)
        requeued = 0
        for execution_id, epoch in sorted(lost):
            requeued += await _requeue(transactor, execution_id, epoch)
        if held:
            await client.cancel_workflows_async(list(held))
        return requeued

    return await transactor.run(alone)


async def _held_by_dead(client: DBOSClient, alive: set[UUID]) -> dict[str, tuple[UUID, int]]:
    """Segments that the engine has handed to a process that is not alive, by the name of their workflow."""
    living = {str(worker_id) for worker_id in alive}
    pending = await client.list_workflows_async(status="PENDING", queue_name=QUEUE, load_input=False, load_output=False)
    held = {}
    for workflow in pending:
        segment = parse_workflow_id(workflow.workflow_id)
        if segment is not None and workflow.executor_id not in living:
            held[workflow.workflow_id] = segment
    return held


async def _requeue(transactor: Transactor, execution_id: UUID, epoch: int) -> int:
    requeued = await transactor.run(
        lambda uow: requeue_execution(uow, execution_id, epoch, crashed=True, reason=REASON)
    )
    if requeued is None:
        return 0
    log.warning("execution_reaped", execution_id=str(execution_id), status=requeued.status.value)
    return 1
