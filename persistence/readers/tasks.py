"""Reading tasks and their dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select

from domain.pages import Direction, Page, PageRequest
from domain.reads import QueueFacts, TaskFilter, TaskOrder, TaskOrderField
from domain.states import ENDED_TASK, ExecutionStatus, TaskStatus
from domain.task import Dependency, OnFailure, Task
from persistence.keyset import Ordering, read_page, read_pages
from persistence.mappers import to_dependency, to_task
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.selects import among
from persistence.tables import dependencies, executions, tasks, workers

ORDER_COLUMNS: dict[TaskOrderField, ColumnElement[Any]] = {
    TaskOrderField.CREATED_AT: tasks.c.created_at,
    TaskOrderField.UPDATED_AT: tasks.c.updated_at,
    TaskOrderField.PRIORITY: tasks.c.priority,
}
OLDEST_EDGE_FIRST = Ordering((dependencies.c.created_at, dependencies.c.id))
TASKS_BY_ID = Lookup(select(tasks), tasks.c.id, to_task, tasks.c.workspace_id)
TASKS_BY_KEY = Lookup(select(tasks), tasks.c.key, to_task, tasks.c.workspace_id)
DEPENDENCIES_OF = Lists(
    select(dependencies), dependencies.c.task_id, dependencies.c.workspace_id, OLDEST_EDGE_FIRST, to_dependency
)
DEPENDENTS_OF = Lists(
    select(dependencies), dependencies.c.depends_on_id, dependencies.c.workspace_id, OLDEST_EDGE_FIRST, to_dependency
)
CHILDREN_OF = Lists(
    select(tasks), tasks.c.parent_id, tasks.c.workspace_id, Ordering((tasks.c.created_at, tasks.c.id)), to_task
)
DEPENDENCIES_BY_ID = Lookup(select(dependencies), dependencies.c.id, to_dependency, dependencies.c.workspace_id)


class TaskReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about tasks and the DAG."""

    lease: timedelta

    async def tasks(self, workspace_id: UUID, filter_by: TaskFilter, order: TaskOrder, page: PageRequest) -> Page[Task]:
        """A page of tasks."""
        base = _filtered(select(tasks).where(tasks.c.workspace_id == workspace_id), filter_by)
        async with self.connection() as connection:
            return await read_page(connection, base, _ordering(order), page, to_task)

    async def tasks_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Task | None]:
        """By id."""
        return await TASKS_BY_ID.find(self, ids, workspace_id)

    async def tasks_by_key(self, workspace_id: UUID, keys: Sequence[str]) -> list[Task | None]:
        """By key, such as ``WR-12``."""
        return await TASKS_BY_KEY.find(self, keys, workspace_id)

    async def tasks_of_projects(
        self, workspace_id: UUID, project_ids: Sequence[UUID], order: TaskOrder, page: PageRequest
    ) -> list[Page[Task]]:
        """A page of tasks for each project."""

        def of_one(project_id: ColumnElement[UUID]) -> Select[Any]:
            return select(tasks).where(tasks.c.workspace_id == workspace_id, tasks.c.project_id == project_id)

        async with self.connection() as connection:
            return await read_pages(connection, of_one, project_ids, _ordering(order), page, to_task)

    async def dependencies_of(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Dependency]]:
        """Edges to what each task depends on, the oldest first."""
        return await DEPENDENCIES_OF.read(self, workspace_id, task_ids, page)

    async def dependents_of(
        self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[Dependency]]:
        """Edges from what depends on each task, the oldest first."""
        return await DEPENDENTS_OF.read(self, workspace_id, task_ids, page)

    async def children_of(self, workspace_id: UUID, task_ids: Sequence[UUID], page: PageRequest) -> list[Page[Task]]:
        """The tasks that are parts of each task, the oldest first."""
        return await CHILDREN_OF.read(self, workspace_id, task_ids, page)

    async def children_at_work(self, workspace_id: UUID, task_ids: Sequence[UUID]) -> list[int]:
        """How many parts of each task have not ended."""
        ended = [status.value for status in ENDED_TASK]
        wanted = (
            select(tasks.c.parent_id, func.count().label("count"))
            .where(
                tasks.c.workspace_id == workspace_id,
                among(tasks.c.parent_id, task_ids),
                ~among(tasks.c.status, ended),
            )
            .group_by(tasks.c.parent_id)
        )
        async with self.connection() as connection:
            found = {row["parent_id"]: int(row["count"]) for row in await connection.rows(wanted)}
        return [found.get(one, 0) for one in task_ids]

    async def dependencies_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Dependency | None]:
        """By id."""
        return await DEPENDENCIES_BY_ID.find(self, ids, workspace_id)

    async def unmet_dependencies(
        self, workspace_id: UUID, task_ids: Sequence[UUID]
    ) -> list[list[tuple[Dependency, Task]]]:
        """For each task, the edges that hold it, with the task at their other end."""
        edge = [one.label(f"edge_{one.name}") for one in dependencies.c]
        ended = [status.value for status in ENDED_TASK]
        goes_on = (among(tasks.c.status, ended)) & (dependencies.c.on_failure == OnFailure.CONTINUE.value)
        wanted = (
            select(tasks, *edge)
            .join(dependencies, dependencies.c.depends_on_id == tasks.c.id)
            .where(
                dependencies.c.workspace_id == workspace_id,
                among(dependencies.c.task_id, task_ids),
                tasks.c.status != TaskStatus.COMPLETED.value,
                ~goes_on,
            )
            .order_by(dependencies.c.created_at, dependencies.c.id)
        )
        held: dict[UUID, list[tuple[Dependency, Task]]] = {}
        async with self.connection() as connection:
            for row in await connection.rows(wanted):
                dependency = to_dependency({one.name: row[f"edge_{one.name}"] for one in dependencies.c})
                held.setdefault(dependency.task_id, []).append((dependency, to_task(row)))
        return [held.get(one, []) for one in task_ids]

    async def queue_facts(self) -> QueueFacts:
        """How many executions of each agent run, and which agents live workers offer."""
        running = (
            select(literal("running").label("what"), executions.c.agent.label("agent"), func.count().label("count"))
            .where(executions.c.status == ExecutionStatus.RUNNING.value)
            .group_by(executions.c.agent)
        )
        offered = (
            select(
                func.unnest(workers.c.agents).label("agent"),
                workers.c.short_of_room.label("short"),
            )
            .where(workers.c.beat_at > func.clock_timestamp() - self.lease)
            .subquery()
        )
        offers = select(
            case((func.bool_and(offered.c.short), "short"), else_="offered"), offered.c.agent, func.count()
        ).group_by(offered.c.agent)
        async with self.connection() as connection:
            rows = await connection.rows(running.union_all(offers))
        return QueueFacts(
            running={row["agent"]: row["count"] for row in rows if row["what"] == "running"},
            offered=frozenset(row["agent"] for row in rows if row["what"] != "running"),
            short_of_room=frozenset(row["agent"] for row in rows if row["what"] == "short"),
        )


def _filtered(base: Select[Any], filter_by: TaskFilter) -> Select[Any]:
    if filter_by.project_id is not None:
        base = base.where(tasks.c.project_id == filter_by.project_id)
    if filter_by.statuses:
        base = base.where(among(tasks.c.status, [status.value for status in filter_by.statuses]))
    if filter_by.agent is not None:
        base = base.where(tasks.c.agent == filter_by.agent)
    if filter_by.label is not None:
        base = base.where(tasks.c.labels.contains([filter_by.label]))
    return base


def _ordering(order: TaskOrder) -> Ordering:
    return Ordering((ORDER_COLUMNS[order.field], tasks.c.id), descending=order.direction is Direction.DESC)
