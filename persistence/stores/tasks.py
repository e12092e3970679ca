"""Writing tasks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.states import TaskStatus
from domain.task import Task
from persistence.mappers import from_task, to_task
from persistence.tables import tasks

IMMUTABLE = frozenset({"id", "workspace_id", "project_id", "parent_id", "number", "key", "created_at"})


class TaskTable:
    """See :class:`domain.ports.TaskStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """The task, or ``None``."""
        found = select(tasks).where(tasks.c.workspace_id == workspace_id, tasks.c.id == task_id)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_task(row)

    async def with_key(self, workspace_id: UUID, key: str) -> Task | None:
        """The task with this key, or ``None``."""
        found = select(tasks).where(tasks.c.workspace_id == workspace_id, tasks.c.key == key)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_task(row)

    async def lock(self, workspace_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, Task]:
        """Lock the tasks that exist, in the order of their ids."""
        if not task_ids:
            return {}
        found = (
            select(tasks)
            .where(tasks.c.workspace_id == workspace_id, tasks.c.id.in_(task_ids))
            .order_by(tasks.c.id)
            .with_for_update()
        )
        return {row["id"]: to_task(row) for row in (await self._connection.execute(found)).mappings()}

    async def statuses(self, task_ids: Collection[UUID]) -> dict[UUID, TaskStatus]:
        """The states of tasks as they are now, without a lock."""
        if not task_ids:
            return {}
        found = select(tasks.c.id, tasks.c.status).where(tasks.c.id.in_(task_ids))
        return {row.id: TaskStatus(row.status) for row in await self._connection.execute(found)}

    async def levels(self, workspace_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, int]]:
        """The project of each task that exists, and how many tasks are above it."""
        path = (
            select(tasks.c.id.label("task_id"), tasks.c.project_id, tasks.c.parent_id)
            .where(tasks.c.workspace_id == workspace_id, tasks.c.id.in_(task_ids))
            .cte("path", recursive=True)
        )
        above = select(path.c.task_id, path.c.project_id, tasks.c.parent_id).where(tasks.c.id == path.c.parent_id)
        path = path.union_all(above)
        found = select(path.c.task_id, path.c.project_id, func.count() - 1).group_by(path.c.task_id, path.c.project_id)
        return {row[0]: (row[1], row[2]) for row in await self._connection.execute(found)}

    async def has_children(self, task_id: UUID) -> bool:
        """Whether other tasks are parts of it."""
        found = select(tasks.c.id).where(tasks.c.parent_id == task_id).limit(1)
        return (await self._connection.execute(found)).first() is not None

    async def insert(self, new: Sequence[Task]) -> None:
        """Add tasks, parents before their children."""
        if new:
            await self._connection.execute(insert(tasks), [from_task(task) for task in new])

    async def update(self, task: Task) -> None:
        """Write every mutable field of a locked task."""
        values = {name: value for name, value in from_task(task).items() if name not in IMMUTABLE}
        await self._connection.execute(update(tasks).where(tasks.c.id == task.id).values(values))

    async def delete(self, task_id: UUID) -> None:
        """Remove a task with its executions and edges."""
        await self._connection.execute(delete(tasks).where(tasks.c.id == task_id))
