"""The tree of tasks: which task is a part of which. It says whose accounts are charged, not who waits for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from uuid import UUID

from domain.commands import ParentDraft, TaskDraft
from domain.errors import Invalid, NotFound
from domain.ports import UnitOfWork
from domain.project import Project
from domain.task import Task

MOST_LEVELS = 16
"""Tasks above each other: every posting of an execution is made in the accounts of each."""


async def with_parents(
    uow: UnitOfWork,
    project: Project,
    drafts: Sequence[TaskDraft],
    tasks: Sequence[Task],
    by_client_key: Mapping[str, Task],
) -> list[Task]:
    """The new tasks with the parents that their drafts name. The caller holds the lock of the graph.

    Raises:
        NotFound: an existing task that is named is not in the workspace.
        Invalid: an unknown client key, a parent in another project, a task that would be a part of itself, or more
            than 16 levels; ``path`` names the task.
    """
    wanted = {
        task.id: _parent_id(draft.parent, by_client_key, index)
        for index, (task, draft) in enumerate(zip(tasks, drafts, strict=True))
        if draft.parent is not None
    }
    if not wanted:
        return list(tasks)
    index_of = {task.id: index for index, task in enumerate(tasks)}
    existing = {child: parent for child, parent in wanted.items() if parent not in index_of}
    level_of = await _levels(uow, project, existing, index_of)
    for task in parents_first([replace(task, parent_id=wanted.get(task.id)) for task in tasks]):
        parent_id = wanted.get(task.id)
        level_of[task.id] = 1 if parent_id is None else level_of[parent_id] + 1
        if level_of[task.id] > MOST_LEVELS:
            reason = f"Tasks can be parts of each other at most {MOST_LEVELS} levels deep."
            raise Invalid(reason, path=_path(index_of[task.id]))
    return [replace(task, parent_id=wanted.get(task.id)) for task in tasks]


def parents_first(tasks: Sequence[Task]) -> list[Task]:
    """The tasks in an order in which each comes behind its parent.

    Raises:
        Invalid: a task would be a part of itself; ``path`` names it by its place.
    """
    by_id = {task.id: task for task in tasks}
    above = {task.id: {task.parent_id} if task.parent_id in by_id else set() for task in tasks}
    try:
        return [by_id[task_id] for task_id in TopologicalSorter(above).static_order() if task_id is not None]
    except CycleError as error:
        walk: list[UUID] = error.args[1]
        index = next(index for index, task in enumerate(tasks) if task.id == walk[0])
        raise Invalid("A task cannot be a part of itself, not even by way of others.", path=_path(index)) from error


async def _levels(
    uow: UnitOfWork, project: Project, existing: Mapping[UUID, UUID], index_of: Mapping[UUID, int]
) -> dict[UUID, int]:
    """How deep the existing parents are, 1 for one without a parent; ``existing`` has them by their new children."""
    found = await uow.tasks.levels(project.workspace_id, set(existing.values())) if existing else {}
    for child, parent in existing.items():
        if parent not in found:
            raise NotFound("task", str(parent), path=_path(index_of[child]))
        if found[parent][0] != project.id:
            raise Invalid("A task and its parent belong to the same project.", path=_path(index_of[child]))
    return {task_id: above + 1 for task_id, (_, above) in found.items()}


def _parent_id(draft: ParentDraft, by_client_key: Mapping[str, Task], index: int) -> UUID:
    if draft.task_id is not None:
        return draft.task_id
    parent = by_client_key.get(draft.client_key or "")
    if parent is None:
        raise Invalid(f"No task of this request has the client key {draft.client_key!r}.", path=_path(index))
    return parent.id


def _path(index: int) -> tuple[str, ...]:
    return ("input", "tasks", str(index), "parent")
