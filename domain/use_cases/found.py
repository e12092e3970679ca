"""Loading what a command names, or refusing it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar
from uuid import UUID

from domain.actor import Actor
from domain.approval import Approval
from domain.errors import NotFound, VersionConflict
from domain.finding import Finding
from domain.memory import Memory
from domain.playbooks.saved import SavedPlaybook
from domain.ports import UnitOfWork
from domain.project import Project
from domain.task import Task

Versioned = TypeVar("Versioned", Task, Project, Finding, Approval, Memory, SavedPlaybook)


async def project_of(uow: UnitOfWork, actor: Actor, project_id: UUID) -> Project:
    """The project.

    Raises:
        NotFound: there is none in the actor's workspace.
    """
    project = await uow.projects.get(actor.workspace_id, project_id)
    if project is None:
        raise NotFound("project", str(project_id), path=("input", "projectId"))
    return project


async def locked_tasks(uow: UnitOfWork, actor: Actor, task_ids: Collection[UUID]) -> dict[UUID, Task]:
    """The tasks, locked in the order of their ids.

    Raises:
        NotFound: names the first that is not in the actor's workspace.
    """
    tasks = await uow.tasks.lock(actor.workspace_id, task_ids)
    for task_id in task_ids:
        if task_id not in tasks:
            raise NotFound("task", str(task_id), path=("input", "taskId"))
    return tasks


def at_version(thing: Versioned, expected: int) -> Versioned:
    """The thing, if nobody changed it since the caller read it.

    Raises:
        VersionConflict: carries the thing as it is now.
    """
    if thing.version != expected:
        raise VersionConflict(expected, thing, path=("input", "expectedVersion"))
    return thing
