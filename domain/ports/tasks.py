"""Where tasks and the edges between them are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from domain.states import TaskStatus
from domain.task import Dependency, Task


class TaskStore(Protocol):
    """Tasks, locked in the order of their ids before they are changed."""

    async def get(self, workspace_id: UUID, task_id: UUID) -> Task | None:
        """The task, or ``None``."""

    async def with_key(self, workspace_id: UUID, key: str) -> Task | None:
        """The task with this key, or ``None``."""

    async def lock(self, workspace_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, Task]:
        """Lock the tasks that exist, in the order of their ids."""

    async def statuses(self, task_ids: Collection[UUID]) -> dict[UUID, TaskStatus]:
        """The states of tasks as they are now, without a lock."""

    async def levels(self, workspace_id: UUID, task_ids: Collection[UUID]) -> dict[UUID, tuple[UUID, int]]:
        """The project of each task that exists, and how many tasks are above it."""

    async def has_children(self, task_id: UUID) -> bool:
        """Whether other tasks are parts of it."""

    async def insert(self, tasks: Sequence[Task]) -> None:
        """Add tasks, parents before their children."""

    async def update(self, task: Task) -> None:
        """Write every mutable field of a locked task."""

    async def delete(self, task_id: UUID) -> None:
        """Remove a task with its executions and edges."""


class DependencyStore(Protocol):
    """The edges of the DAG."""

    async def lock_graph(self, workspace_id: UUID) -> None:
        """Let nobody else change the workspace's edges until the transaction ends."""

    async def get(self, workspace_id: UUID, dependency_id: UUID) -> Dependency | None:
        """The edge, or ``None``."""

    async def of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges from these tasks to what they depend on."""

    async def dependents_of(self, task_ids: Collection[UUID]) -> list[Dependency]:
        """Edges to these tasks from what depends on them."""

    async def downstream_of(self, task_ids: Collection[UUID]) -> set[UUID]:
        """Every task that depends on one of these, directly or not."""

    async def upstream_edges(self, task_ids: Collection[UUID]) -> list[tuple[UUID, UUID]]:
        """All edges ``(task, depends on)`` that can be reached from these tasks along dependencies."""

    async def insert(self, dependencies: Sequence[Dependency]) -> None:
        """Add edges."""

    async def delete(self, dependency_id: UUID) -> None:
        """Remove an edge."""
