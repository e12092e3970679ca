"""Refusing edges that would make tasks wait for each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from domain.dag import find_cycle
from domain.errors import DependencyCycle
from domain.ports import UnitOfWork
from domain.task import Dependency, Task


async def refuse_cycles(
    uow: UnitOfWork, edges: Collection[Dependency], tasks: Mapping[UUID, Task], *, path: tuple[str, ...]
) -> None:
    """Check edges that are about to be added. The caller holds the lock of the graph.

    ``tasks`` holds at least the tasks at the ends of the edges; ``path`` names the input field that asks for them.

    Raises:
        DependencyCycle: carries the closed walk.
    """
    depends_on: dict[UUID, list[UUID]] = {}
    for edge in edges:
        depends_on.setdefault(edge.task_id, []).append(edge.depends_on_id)
    for task_id, target in await uow.dependencies.upstream_edges({edge.depends_on_id for edge in edges}):
        depends_on.setdefault(task_id, []).append(target)
    cycle = find_cycle(depends_on)
    if cycle is None:
        return
    known = dict(tasks)
    if missing := set(cycle) - known.keys():
        workspace_id = next(iter(edges)).workspace_id
        known |= await uow.tasks.lock(workspace_id, missing)
    raise DependencyCycle(tuple(known[task_id] for task_id in cycle), path=path)
