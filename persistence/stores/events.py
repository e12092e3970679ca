"""Writing the event log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, func, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import LeaseLost
from domain.event_chain import leaf, moment
from domain.events import QUIET, Event, Subject
from domain.states import ExecutionStatus
from persistence.event_codec import kind_of, payload_of
from persistence.tables import events, executions
from persistence.wakeup_topics import CHANNEL, payload

MOST_LINKS = 16
"""Events that are added to a chain by one statement, whose text grows with them."""


class EventTable:
    """See :class:`domain.ports.EventLog`. Each append also wakes the subscribers when the transaction commits."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.touched: set[Subject] = set()
        self.written: list[Event] = []

    async def append(self, subject: Subject, new: Iterable[Event], *, actor: str, epoch: int | None = None) -> None:
        """Write events in order; those of an execution get the next sequence numbers, fenced by ``epoch``."""
        batch = list(new)
        if not batch:
            return
        first = await self._take_sequence(subject, batch, actor, epoch)
        rows = [
            {
                "workspace_id": subject.workspace_id,
                "project_id": subject.project_id,
                "task_id": subject.task_id,
                "execution_id": subject.execution_id,
                "sequence": None if first is None else first + offset,
                "kind": kind_of(event),
                "payload": payload_of(event),
                "actor": actor,
                "in_feed": not isinstance(event, QUIET),
                "at": self._now,
            }
            for offset, event in enumerate(batch)
        ]
        await self._connection.execute(insert(events), rows)
        self.written += batch
        await self._wake(subject)

    async def _take_sequence(
        self, subject: Subject, batch: Sequence[Event], actor: str, epoch: int | None
    ) -> int | None:
        """Take numbers for the events of an execution and add them to its chain; answers the first number."""
        if subject.execution_id is None:
            return None
        at = moment(self._now)
        leaves = [leaf(subject.execution_id, kind_of(event), payload_of(event), actor, at) for event in batch]
        last = 0
        for start in range(0, len(leaves), MOST_LINKS):
            last = await self._link(subject.execution_id, leaves[start : start + MOST_LINKS], epoch)
        return last - len(batch) + 1

    async def _link(self, execution_id: UUID, leaves: Sequence[bytes], epoch: int | None) -> int:
        # The database links them: to read the head first would be one more statement for every event.
        head: ColumnElement[bytes] = executions.c.event_head
        for one in leaves:  # what has no chain stays without: NULL and anything is NULL
            head = func.sha256(head.concat(literal(one, LargeBinary)), type_=LargeBinary)
        taken = (
            update(executions)
            .where(executions.c.id == execution_id)
            .values(sequence=executions.c.sequence + len(leaves), event_head=head)
            .returning(executions.c.sequence)
        )
        if epoch is not None:
            taken = taken.where(executions.c.epoch == epoch, executions.c.status == ExecutionStatus.RUNNING.value)
        last = (await self._connection.execute(taken)).scalar_one_or_none()
        if last is None:
            raise LeaseLost(execution_id)
        return int(last)

    async def _wake(self, subject: Subject) -> None:
        if subject not in self.touched:
            self.touched.add(subject)
            wakeup = payload(subject.workspace_id, subject.task_id, subject.execution_id)
            await self._connection.execute(select(func.pg_notify(CHANNEL, wakeup)))
