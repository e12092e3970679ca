"""Writing which tasks an execution has started, and reading how they ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.child import ChildOutcome, Orphan
from domain.execution import StoredReport
from domain.states import ENDED_EXECUTION, ENDED_TASK, WAITING_EXECUTION, TaskStatus
from persistence.mappers import AnyRow
from persistence.tables import children, executions, tasks

ENDED = [status.value for status in ENDED_TASK]
OVER = [status.value for status in ENDED_EXECUTION]
WAITING = [status.value for status in WAITING_EXECUTION]


class ChildTable:
    """See :class:`domain.ports.ChildStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def positions(self, execution_id: UUID, batch: str) -> set[int]:
        """Which children of the batch have been started."""
        found = select(children.c.position).where(_of(execution_id, batch))
        return set((await self._connection.execute(found)).scalars())

    async def count(self, execution_id: UUID) -> int:
        """How many children the execution has in all."""
        found = select(func.count()).select_from(children).where(children.c.execution_id == execution_id)
        return int((await self._connection.execute(found)).scalar_one())

    async def insert(self, execution_id: UUID, batch: str, task_ids: Mapping[int, UUID]) -> None:
        """Note children that have been started, by their place in the batch."""
        rows = [
            {"execution_id": execution_id, "batch": batch, "position": place, "task_id": task_id, "awaited": True}
            for place, task_id in task_ids.items()
        ]
        await self._connection.execute(insert(children), rows)

    async def open_batches(self, execution_id: UUID) -> dict[str, int]:
        """Batches of which a child has not ended, with the number of those."""
        found = (
            select(children.c.batch, func.count())
            .join(tasks, tasks.c.id == children.c.task_id)
            .where(children.c.execution_id == execution_id, tasks.c.status.not_in(ENDED))
            .group_by(children.c.batch)
            .order_by(children.c.batch)
        )
        return {row[0]: row[1] for row in await self._connection.execute(found)}

    async def await_only(self, execution_id: UUID, batches: Collection[str]) -> None:
        """Say which batches the execution waits for: nobody waits for what has ended of others any more."""
        changed = update(children).where(
            children.c.execution_id == execution_id,
            children.c.awaited,
            children.c.batch.not_in(list(batches)),
            children.c.task_id.in_(select(tasks.c.id).where(tasks.c.status.in_(ENDED))),
        )
        await self._connection.execute(changed.values(awaited=False))

    async def outcomes(self, execution_id: UUID, batch: str) -> list[ChildOutcome]:
        """How the children of the batch stand, in their order."""
        latest = and_(executions.c.task_id == tasks.c.id, executions.c.number == tasks.c.attempts)
        found = (
            select(
                children.c.position,
                tasks.c.id.label("task_id"),
                tasks.c.key,
                tasks.c.status,
                tasks.c.status_reason,
                executions.c.result_kind,
                executions.c.result,
            )
            .select_from(
                children.outerjoin(tasks, tasks.c.id == children.c.task_id).outerjoin(executions, latest),
            )
            .where(_of(execution_id, batch))
            .order_by(children.c.position)
        )
        return [_outcome(row) for row in (await self._connection.execute(found)).mappings()]

    async def handed_over(self, execution_id: UUID, batch: str) -> None:
        """Nobody waits for the batch any more."""
        changed = update(children).where(_of(execution_id, batch), children.c.awaited)
        await self._connection.execute(changed.values(awaited=False))

    async def ready(self, limit: int) -> list[UUID]:
        """Executions that wait, and of which an awaited batch has ended as a whole."""
        unfinished = case((or_(tasks.c.id.is_(None), tasks.c.status.in_(ENDED)), 0), else_=1)
        batches = (
            select(children.c.execution_id)
            .join(executions, executions.c.id == children.c.execution_id)
            .outerjoin(tasks, tasks.c.id == children.c.task_id)
            .where(children.c.awaited, executions.c.status.in_(WAITING))
            .group_by(children.c.execution_id, children.c.batch)
            .having(func.sum(unfinished) == 0)
            .subquery()
        )
        found = select(batches.c.execution_id).distinct().limit(limit)
        return list((await self._connection.execute(found)).scalars())

    async def orphans(self, limit: int) -> list[Orphan]:
        """Awaited children of executions that have ended."""
        found = (
            select(children.c.execution_id, executions.c.workspace_id, children.c.task_id)
            .join(executions, executions.c.id == children.c.execution_id)
            .where(children.c.awaited, children.c.task_id.is_not(None), executions.c.status.in_(OVER))
            .order_by(children.c.execution_id, children.c.task_id)
            .limit(limit)
        )
        rows = (await self._connection.execute(found)).mappings()
        return [Orphan(**row) for row in rows]

    async def let_go(self, orphan: Orphan) -> None:
        """Nobody waits for this child any more."""
        own = (children.c.execution_id == orphan.execution_id, children.c.task_id == orphan.task_id)
        await self._connection.execute(update(children).where(*own).values(awaited=False))


def _of(execution_id: UUID, batch: str) -> ColumnElement[bool]:
    return and_(children.c.execution_id == execution_id, children.c.batch == batch)


def _outcome(row: AnyRow) -> ChildOutcome:
    if row["task_id"] is None:
        return ChildOutcome(position=row["position"], reason="its task was deleted")
    report: Any = None
    if row["result_kind"] is not None and row["result"] is not None:
        report = StoredReport(kind=row["result_kind"], data=row["result"])
    return ChildOutcome(
        position=row["position"],
        task_id=row["task_id"],
        key=row["key"],
        status=TaskStatus(row["status"]),
        reason=row["status_reason"],
        report=report,
    )
