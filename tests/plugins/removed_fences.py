"""Takes a fence of the platform away in this process, to see whether the checker of the fault tests notices.

The environment variable ``PROBE_REMOVED_FENCE`` names it; the probe, which every worker loads, calls ``remove``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import func, select

from agents.runtime.segment import SegmentRun, Stop
from domain.events import Event, Subject
from domain.execution import Execution
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.use_cases import lifecycle
from persistence.stores.events import EventTable
from persistence.tables import events


def remove() -> None:
    """Remove the fence that the environment names, if it names one."""
    name = os.environ.get("PROBE_REMOVED_FENCE")
    if name:
        FENCES[name]()


def _blindfold() -> None:
    """The worker does not notice that it has lost an execution, which would stop it before it comes to the fence."""
    stop = SegmentRun.stop

    def unaware(self: SegmentRun, reason: Stop) -> None:
        if reason is not Stop.LEASE_LOST:
            stop(self, reason)

    SegmentRun.stop = unaware  # type: ignore[method-assign]


def _epoch() -> None:
    """A worker that has lost an execution records its steps all the same."""
    append = EventTable.append

    async def unfenced(
        self: EventTable, subject: Subject, new: Iterable[Event], *, actor: str, epoch: int | None = None
    ) -> None:
        await append(self, subject, new, actor=actor)

    EventTable.append = unfenced  # type: ignore[method-assign]
    _blindfold()


def _finish() -> None:
    """A worker that has lost an execution ends it all the same."""
    finish = lifecycle.finish_execution

    async def unfenced(uow: UnitOfWork, lease: Lease, outcome: lifecycle.Outcome) -> Execution:
        execution = await uow.executions.lock(lease.execution_id)
        current = lease if execution is None else replace(lease, epoch=execution.epoch)
        return await finish(uow, current, outcome)

    lifecycle.finish_execution = unfenced
    _blindfold()


def _sequence() -> None:
    """Events take the number behind the last they can see, without keeping others from taking it too."""

    async def unfenced(
        self: EventTable, subject: Subject, batch: Sequence[Event], actor: str, epoch: int | None
    ) -> int | None:
        if subject.execution_id is None:
            return None
        seen = select(func.max(events.c.sequence)).where(events.c.execution_id == subject.execution_id)
        return int((await self._connection.execute(seen)).scalar_one()) + 1

    EventTable._take_sequence = unfenced  # type: ignore[method-assign]


def _none() -> None:
    """All fences stay."""


FENCES: Mapping[str, Callable[[], None]] = {
    "none": _none,
    "epoch": _epoch,
    "finish": _finish,
    "sequence": _sequence,
}
