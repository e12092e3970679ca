"""Writing the edges of the DAG, and walking it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.task import Dependency
from persistence.mappers import to_dependency
from persistence.tables import dependencies


class DependencyTable:
    """See :class:`domain.ports.DependencyStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_graph(self, workspace_id: UUID) -> None:
        """Let nobody else change the workspace's edges until the transaction ends."""
        key = func.hashtextextended(f"dag:{workspace_id}", 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    async def get(self, workspace_id: UUID, dependency_id: UUID) -> Dependency | None:
        """The edge, or ``None``."""
        table = dependencies.c
        found = select(dependencies).where(table.workspace_id == workspace_id, table.id == dependency_id)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_dependency(row)

    async def of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges from these tasks to what they depend on."""
        if not task_ids:
            return []
        found = select(dependencies).where(dependencies.c.task_id.in_(task_ids)).order_by(dependencies.c.id)
        return [to_dependency(row) for row in (await self._connection.execute(found)).mappings()]

    async def dependents_of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges to these tasks from what depends on them."""
        if not task_ids:
            return []
        found = select(dependencies).where(dependencies.c.depends_on_id.in_(task_ids)).order_by(dependencies.c.id)
        return [to_dependency(row) for row in (await self._connection.execute(found)).mappings()]

    async def downstream_of(self, task_ids: Collection[UUID]) -> set[UUID]:
        """Every task that depends on one of these, directly or not."""
        if not task_ids:
            return set()
        walk = select(dependencies.c.task_id).where(dependencies.c.depends_on_id.in_(task_ids)).cte(recursive=True)
        onward = select(dependencies.c.task_id).join(walk, dependencies.c.depends_on_id == walk.c.task_id)
        return set((await self._connection.execute(select(walk.union(onward).c.task_id))).scalars())

    async def upstream_edges(self, task_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
        """All edges ``(task, depends on)`` that can be reached from these tasks along dependencies."""
        if not task_ids:
            return []
        edge = (dependencies.c.task_id, dependencies.c.depends_on_id)
        walk = select(*edge).where(dependencies.c.task_id.in_(task_ids)).cte(recursive=True)
        onward = select(*edge).join(walk, dependencies.c.task_id == walk.c.depends_on_id)
        whole = walk.union(onward)
        rows = await self._connection.execute(select(whole.c.task_id, whole.c.depends_on_id))
        return [(row.task_id, row.depends_on_id) for row in rows]

    async def insert(self, new: Sequence[Dependency]) -> None:
        """Add edges."""
        if not new:
            return
        values = [
            {
                "id": edge.id,
                "workspace_id": edge.workspace_id,
                "task_id": edge.task_id,
                "depends_on_id": edge.depends_on_id,
                "on_failure": edge.on_failure.value,
                "created_at": edge.created_at,
            }
            for edge in new
        ]
        await self._connection.execute(insert(dependencies), values)

    async def delete(self, dependency_id: UUID) -> None:
        """Remove an edge."""
        await self._connection.execute(delete(dependencies).where(dependencies.c.id == dependency_id))
