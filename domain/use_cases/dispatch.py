"""Sending tasks to their agents, the first time and again."""

from __future__ import annotations

from domain.actor import Actor, Permission
from domain.blocking import WaitsForDependency
from domain.commands import DispatchTasks, RetryTask
from domain.errors import Invalid, NotDispatchable, NotRetryable
from domain.ports import UnitOfWork
from domain.states import RETRYABLE_TASK, TaskStatus
from domain.task import Task
from domain.use_cases import release
from domain.use_cases.budgets import refuse_used_up
from domain.use_cases.found import locked_tasks

MOST_TASKS = 500


async def dispatch_tasks(uow: UnitOfWork, actor: Actor, command: DispatchTasks) -> tuple[Task, ...]:
    """Dispatch tasks, all or none; one whose dependencies are not done waits as BLOCKED and starts by itself.

    Raises:
        Denied, NotFound: as their names say.
        Invalid: no task, or more than 500.
        NotDispatchable: one of them has been dispatched before.
        BudgetExceeded: nothing is left of a budget of one of them, or of something above it.
    """
    actor.require(Permission.DISPATCH)
    if not 1 <= len(command.task_ids) <= MOST_TASKS:
        raise Invalid(f"Give 1 to {MOST_TASKS} tasks.", path=("input", "taskIds"))
    tasks = await locked_tasks(uow, actor, command.task_ids)
    for task in tasks.values():
        if task.status is not TaskStatus.PENDING:
            raise NotDispatchable(task, _why_not(task), await _blockers(uow, task), path=("input",))
    await refuse_used_up(uow, actor.workspace_id, command.task_ids)
    moved = await release.dispatch(uow, actor.id, tasks)
    return tuple(moved[task_id] for task_id in dict.fromkeys(command.task_ids))


async def retry_task(uow: UnitOfWork, actor: Actor, command: RetryTask) -> Task:
    """Try a task once more, as a new execution; what was skipped because of it waits for it again.

    Raises:
        Denied, NotFound: as their names say.
        NotRetryable: it is not failed, cancelled or skipped.
        NotDispatchable: it would be skipped again, since a task it depends on has not been retried.
        BudgetExceeded: nothing is left of a budget of it, or of something above it.
    """
    actor.require(Permission.DISPATCH)
    await uow.tasks.lock(actor.workspace_id, await release.affected(uow, command.task_id))
    task = (await locked_tasks(uow, actor, [command.task_id]))[command.task_id]
    if task.status not in RETRYABLE_TASK:
        raise NotRetryable(task, path=("input", "taskId"))
    if await release.would_skip(uow, task):
        reason = "a task it depends on did not complete, and skips it: retry that one."
        raise NotDispatchable(task, reason, await _blockers(uow, task), path=("input", "taskId"))
    await refuse_used_up(uow, actor.workspace_id, (task.id,))
    moved = (await release.dispatch(uow, actor.id, {task.id: task}))[task.id]
    await release.reconsider(uow, actor.id, actor.workspace_id, [task.id])
    return moved


def _why_not(task: Task) -> str:
    if task.status in RETRYABLE_TASK:
        return f"it is {task.status} already; retryTask starts a new attempt."
    return f"it is {task.status} already."


async def _blockers(uow: UnitOfWork, task: Task) -> tuple[WaitsForDependency, ...]:
    blockers = []
    for edge in await uow.dependencies.of([task.id]):
        other = await uow.tasks.get(task.workspace_id, edge.depends_on_id)
        if other is not None and other.status is not TaskStatus.COMPLETED:
            blockers.append(WaitsForDependency(task=other, on_failure=edge.on_failure))
    return tuple(blockers)
