"""Connecting tasks, and taking connections away."""

from __future__ import annotations

from domain.actor import Actor, Permission
from domain.commands import AddDependency, RemoveDependency
from domain.errors import Invalid, NotFound
from domain.events import DependencyAdded, DependencyRemoved
from domain.ports import UnitOfWork
from domain.states import TaskStatus
from domain.task import Dependency
from domain.use_cases.found import locked_tasks
from domain.use_cases.graph import refuse_cycles
from domain.use_cases.release import reconsider
from domain.use_cases.tasks import subject_of

WAITING = frozenset({TaskStatus.PENDING, TaskStatus.BLOCKED})


async def add_dependency(uow: UnitOfWork, actor: Actor, command: AddDependency) -> Dependency:
    """Let a task wait for another one. Of two opposite edges added at once, one is refused.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: the edge exists, or the task has been started.
        DependencyCycle: carries the closed walk; a task cannot wait for itself.
    """
    actor.require(Permission.WRITE_TASKS)
    await uow.dependencies.lock_graph(actor.workspace_id)
    tasks = await locked_tasks(uow, actor, {command.task_id, command.depends_on_id})
    task = tasks[command.task_id]
    if task.status not in WAITING:
        raise Invalid(
            f"{task.key} is {task.status}: only a task that has not started can get a dependency.",
            path=("input", "taskId"),
        )
    edge = Dependency(
        id=uow.new_id(),
        workspace_id=actor.workspace_id,
        task_id=command.task_id,
        depends_on_id=command.depends_on_id,
        on_failure=command.on_failure,
        created_at=uow.now,
    )
    await refuse_cycles(uow, [edge], tasks, path=("input", "dependsOnId"))
    if any(known.depends_on_id == edge.depends_on_id for known in await uow.dependencies.of([task.id])):
        raise Invalid(f"{task.key} depends on {tasks[edge.depends_on_id].key} already.", path=("input", "dependsOnId"))
    await uow.dependencies.insert([edge])
    added = DependencyAdded(depends_on_id=str(edge.depends_on_id), on_failure=edge.on_failure)
    await uow.events.append(subject_of(task), [added], actor=actor.id)
    await reconsider(uow, actor.id, actor.workspace_id, [task.id])
    return edge


async def remove_dependency(uow: UnitOfWork, actor: Actor, command: RemoveDependency) -> Dependency:
    """Take an edge away; a dispatched task that waited for nothing else starts.

    Raises:
        Denied, NotFound: as their names say.
    """
    actor.require(Permission.WRITE_TASKS)
    await uow.dependencies.lock_graph(actor.workspace_id)
    tasks = await locked_tasks(uow, actor, {command.task_id, command.depends_on_id})
    task = tasks[command.task_id]
    for edge in await uow.dependencies.of([task.id]):
        if edge.depends_on_id == command.depends_on_id:
            break
    else:
        edge_text = f"{task.key} → {tasks[command.depends_on_id].key}"
        raise NotFound("dependency", edge_text, named="like", path=("input", "dependsOnId"))
    await uow.dependencies.delete(edge.id)
    removed = DependencyRemoved(depends_on_id=str(edge.depends_on_id))
    await uow.events.append(subject_of(task), [removed], actor=actor.id)
    await reconsider(uow, actor.id, actor.workspace_id, [task.id])
    return edge
