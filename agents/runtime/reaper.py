"""The reaper: what dead workers had in their hands goes back to the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from dbos import DBOSClient

from agents.homes import remove_orphaned_homes
from agents.process_family import end_orphans
from agents.runtime.queue import QUEUE, parse_workflow_id
from domain.ports import Transactor, UnitOfWork
from domain.recovery import ErrorSeverity
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
        await uow.workers.forget(timedelta(days=1))
        running = await uow.executions.abandoned(await uow.workers.alive(lease))
        pending = await _pending(client)
        # Asked last: a worker that has just come has beaten before it took anything.
        alive = await uow.workers.alive(lease)
        held = [one for one in pending if one.executor_id not in {str(worker_id) for worker_id in alive}]
        lost = {(one.id, one.epoch) for one in running if one.worker_id not in alive}
        lost.update((one.execution_id, one.epoch) for one in held)
        if lost:
            # If it was a worker of this machine: the kernel has ended its tools, but not what those had started.
            await asyncio.to_thread(end_orphans)
            await asyncio.to_thread(remove_orphaned_homes)
        requeued = 0
        for execution_id, epoch in sorted(lost):
            requeued += await _requeue(transactor, execution_id, epoch, crashed=True, reason=REASON)
        await _release(client, held)
        return requeued

    return await transactor.run(alone)


async def give_back(transactor: Transactor, client: DBOSClient, worker_id: UUID, reason: str) -> None:
    """Requeue what the engine has handed to a worker that has stopped, and that it did not get round to begin or end.

    Left with the engine it would keep its slot until a reaper came.
    """
    held = [one for one in await _pending(client) if one.executor_id == str(worker_id)]
    for one in held:
        await _requeue(transactor, one.execution_id, one.epoch, crashed=False, reason=reason)
    await _release(client, held)


@dataclass(frozen=True, slots=True)
class _Held:
    """A segment that the engine has handed to a process."""

    workflow_id: str
    execution_id: UUID
    epoch: int
    executor_id: str | None


async def _pending(client: DBOSClient) -> list[_Held]:
    found = await client.list_workflows_async(status="PENDING", queue_name=QUEUE, load_input=False, load_output=False)
    named = ((workflow, parse_workflow_id(workflow.workflow_id)) for workflow in found)
    return [
        _Held(workflow.workflow_id, *segment, workflow.executor_id)
        for workflow, segment in named
        if segment is not None
    ]


async def _release(client: DBOSClient, held: Sequence[_Held]) -> None:
    if held:
        await client.cancel_workflows_async([one.workflow_id for one in held])


async def _requeue(transactor: Transactor, execution_id: UUID, epoch: int, *, crashed: bool, reason: str) -> int:
    requeued = await transactor.run(
        lambda uow: requeue_execution(uow, execution_id, epoch, crashed=crashed, reason=reason)
    )
    if requeued is None:
        return 0
    status = requeued.status
    if requeued.error is not None and requeued.error.severity is ErrorSeverity.CRITICAL:
        log.error("execution_parked", execution_id=str(execution_id), reason=requeued.error.message)
    else:
        log.warning("execution_requeued", execution_id=str(execution_id), status=status.value, reason=reason)
    return 1
