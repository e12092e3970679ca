"""The release rule: what happens to a dispatched task when the tasks it depends on have moved.

Callers hold the locks of the tasks they pass in; further ones are locked here, always in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from graphlib import TopologicalSorter
from uuid import UUID

from domain.dag import Verdict, verdict
from domain.errors import Invalid
from domain.events import ExecutionQueued, Subject, TaskStatusChanged
from domain.execution import Execution
from domain.ports import UnitOfWork
from domain.states import ENDED_TASK, TaskStatus, check_task
from domain.task import Dependency, Task
from domain.use_cases.messaging.undelivered import end_mailbox

WAITING = frozenset({TaskStatus.BLOCKED, TaskStatus.SKIPPED})


async def dispatch(uow: UnitOfWork, actor_id: str, tasks: Mapping[UUID, Task]) -> dict[UUID, Task]:
    """Dispatch locked tasks: each is queued, blocked or skipped, as its dependencies say; answers how they stand now.

    What has waited for one that is skipped follows.
    """
    dispatched = {task_id: replace(task, dispatched_by=actor_id) for task_id, task in tasks.items()}
    moved = await _judge(uow, actor_id, dispatched)
    skipped = {task.id: task for task in moved.values() if task.status is TaskStatus.SKIPPED}
    for workspace_id in {task.workspace_id for task in skipped.values()}:
        await reconsider(uow, actor_id, workspace_id, skipped)
    return moved


async def reconsider(uow: UnitOfWork, actor_id: str, workspace_id: UUID, task_ids: Collection[UUID]) -> None:
    """Apply the release rule to these tasks and to everything downstream of them: to what waits or was skipped."""
    concerned = {*task_ids, *await uow.dependencies.downstream_of(task_ids)}
    tasks = await uow.tasks.lock(workspace_id, concerned)
    await _judge(uow, actor_id, {task.id: task for task in tasks.values() if task.status in WAITING})


async def reconsider_dependents(uow: UnitOfWork, actor_id: str, ended: Task) -> None:
    """Apply the release rule to everything downstream of a task that has come to an end."""
    tasks = await uow.tasks.lock(ended.workspace_id, await uow.dependencies.downstream_of([ended.id]))
    await _judge(uow, actor_id, {task.id: task for task in tasks.values() if task.status in WAITING})


async def would_skip(uow: UnitOfWork, task: Task) -> bool:
    """Whether the task would be skipped at once if it were dispatched now."""
    edges = await _edges_by_task(uow, [task.id])
    statuses = await _statuses(uow, edges, {})
    wanted = [(statuses[edge.depends_on_id], edge.on_failure) for edge in edges.get(task.id, ())]
    return verdict(wanted) is Verdict.SKIP


async def affected(uow: UnitOfWork, task_id: UUID) -> set[UUID]:
    """The task and all that depends on it: what has to be locked before the task is moved to an end or out of one."""
    return {task_id, *await uow.dependencies.downstream_of([task_id])}


async def move(
    uow: UnitOfWork, actor_id: str, task: Task, status: TaskStatus, reason: str | None = None, **fields: object
) -> Task:
    """Move a locked task to another state and write the event; at an end, messages it did not handle are given up.

    Raises:
        IllegalTransition: names both states.
    """
    check_task(task.status, status)
    moved = replace(
        task,
        status=status,
        status_reason=reason,
        updated_at=uow.now,
        version=task.version + 1,
        **fields,  # type: ignore[arg-type]
    )
    await uow.tasks.update(moved)
    await uow.events.append(
        Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id),
        [TaskStatusChanged(previous=task.status, status=status, reason=reason)],
        actor=actor_id,
    )
    if status in ENDED_TASK:
        await end_mailbox(uow, moved, actor_id)
    return moved


async def start_attempt(
    uow: UnitOfWork, actor_id: str, task: Task, *, pause: timedelta = timedelta(), reason: str | None = None
) -> Task:
    """Create the next execution of a locked task and enqueue it, to start after the pause."""
    facts = uow.agents.get(task.agent)
    if facts is None:
        raise Invalid(f"The agent {task.agent!r} of {task.key} is not installed here any more.")
    starts = uow.now + pause if pause else None
    execution = Execution(
        id=uow.new_id(),
        workspace_id=task.workspace_id,
        project_id=task.project_id,
        task_id=task.id,
        number=task.attempts + 1,
        agent=task.agent,
        inputs=task.inputs,
        timeout=task.timeout or facts.timeout,
        scheduled_for=starts,
        created_at=uow.now,
    )
    execution = replace(execution, traceparent=uow.traces.dispatched(execution))
    queued = await move(uow, actor_id, task, TaskStatus.QUEUED, reason, attempts=execution.number, scheduled_for=starts)
    await uow.executions.insert(execution)
    await uow.events.append(
        Subject(workspace_id=task.workspace_id, project_id=task.project_id, task_id=task.id, execution_id=execution.id),
        [ExecutionQueued(number=execution.number, agent=execution.agent)],
        actor=actor_id,
    )
    await uow.queue.enqueue(execution, priority=task.priority, delay=pause)
    return queued


async def _judge(uow: UnitOfWork, actor_id: str, tasks: Mapping[UUID, Task]) -> dict[UUID, Task]:
    """Move each task to where its dependencies want it, those it depends on first, so that it sees them moved."""
    edges = await _edges_by_task(uow, tasks.keys())
    statuses = await _statuses(uow, edges, tasks)
    judged: dict[UUID, Task] = {}
    for task in _dependencies_first(tasks, edges):
        outcome = verdict((statuses[edge.depends_on_id], edge.on_failure) for edge in edges.get(task.id, ()))
        judged[task.id] = await _follow(uow, actor_id, task, outcome)
        statuses[task.id] = judged[task.id].status
    return judged


async def _follow(uow: UnitOfWork, actor_id: str, task: Task, outcome: Verdict) -> Task:
    status = _status_for(outcome)
    if task.status is status:
        return task
    if outcome is Verdict.READY:
        return await start_attempt(uow, actor_id, task)
    reason = "a task it depends on did not complete" if outcome is Verdict.SKIP else "waits for its dependencies"
    return await move(uow, actor_id, task, status, reason)


def _status_for(outcome: Verdict) -> TaskStatus:
    return {
        Verdict.READY: TaskStatus.QUEUED,
        Verdict.WAIT: TaskStatus.BLOCKED,
        Verdict.SKIP: TaskStatus.SKIPPED,
    }[outcome]


async def _edges_by_task(uow: UnitOfWork, task_ids: Collection[UUID]) -> dict[UUID, list[Dependency]]:
    edges: dict[UUID, list[Dependency]] = {}
    for edge in await uow.dependencies.of(task_ids):
        edges.setdefault(edge.task_id, []).append(edge)
    return edges


async def _statuses(
    uow: UnitOfWork, edges: Mapping[UUID, list[Dependency]], tasks: Mapping[UUID, Task]
) -> dict[UUID, TaskStatus]:
    statuses = {task.id: task.status for task in tasks.values()}
    others = {edge.depends_on_id for group in edges.values() for edge in group} - statuses.keys()
    statuses |= await uow.tasks.statuses(others)
    return statuses


def _dependencies_first(tasks: Mapping[UUID, Task], edges: Mapping[UUID, list[Dependency]]) -> list[Task]:
    graph = {task_id: {edge.depends_on_id for edge in edges.get(task_id, ())} & tasks.keys() for task_id in tasks}
    return [tasks[task_id] for task_id in TopologicalSorter(graph).static_order()]
