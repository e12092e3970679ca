"""Cancelling tasks and executions."""

from __future__ import annotations

from dataclasses import replace

from domain.actor import Actor, Permission
from domain.commands import CancelExecution, CancelTask
from domain.errors import NotCancellable, NotFound
from domain.events import CancelRequested, ExecutionFinished, Subject
from domain.execution import Execution, ExecutionError
from domain.ports import UnitOfWork
from domain.states import ENDED_EXECUTION, ENDED_TASK, ExecutionStatus, TaskStatus, check_execution
from domain.task import Task
from domain.text import check_text
from domain.use_cases import release
from domain.use_cases.closing import seal
from domain.use_cases.found import locked_tasks
from domain.use_cases.messaging.undelivered import end_waiting
from domain.use_cases.unanswered import end_approvals
from domain.use_cases.unfinished_steps import end_steps


async def cancel_task(uow: UnitOfWork, actor: Actor, command: CancelTask) -> Task:
    """Cancel a task: at once if it waits, else as soon as no process of its execution is left.

    Raises:
        Denied, NotFound: as their names say.
        NotCancellable: it has ended.
    """
    actor.require(Permission.DISPATCH)
    reason = _reason(actor, command.reason)
    await uow.tasks.lock(actor.workspace_id, await release.affected(uow, command.task_id))
    task = (await locked_tasks(uow, actor, [command.task_id]))[command.task_id]
    if task.status in ENDED_TASK:
        raise NotCancellable(task, task.key, path=("input", "taskId"))
    live = await uow.executions.live_of(task.id)
    if live is not None:
        return (await _cancel_live(uow, actor, task, live, reason))[0]
    moved = await release.move(uow, actor.id, task, TaskStatus.CANCELLED, reason)
    await release.reconsider(uow, actor.id, moved.workspace_id, [moved.id])
    return moved


async def cancel_execution(uow: UnitOfWork, actor: Actor, command: CancelExecution) -> Execution:
    """Cancel an execution: at once while no worker has it, else as soon as none of its processes is left.

    Asking twice is harmless.

    Raises:
        Denied, NotFound: as their names say.
        NotCancellable: it has ended.
    """
    actor.require(Permission.DISPATCH)
    execution = await uow.executions.get(actor.workspace_id, command.execution_id)
    if execution is None:
        raise NotFound("execution", str(command.execution_id), path=("input", "executionId"))
    wanted = await release.affected(uow, execution.task_id)
    tasks = await uow.tasks.lock(actor.workspace_id, wanted)
    task = tasks[execution.task_id]
    live = await uow.executions.lock(execution.id)
    if live is None or live.status in ENDED_EXECUTION:
        name = f"Execution {execution.number} of {task.key}"
        raise NotCancellable(live or execution, name, path=("input", "executionId"))
    return (await _cancel_live(uow, actor, task, live, _reason(actor, command.reason)))[1]


async def _cancel_live(
    uow: UnitOfWork, actor: Actor, task: Task, live: Execution, reason: str
) -> tuple[Task, Execution]:
    locked = await uow.executions.lock(live.id)
    if locked is None or locked.cancel_requested_at is not None:
        return task, locked or live
    # What created it may have begun after us and still have been first at the lock.
    now = max(uow.now, locked.created_at)
    asked = replace(locked, cancel_requested_at=now, cancel_requested_by=actor.id)
    requested = CancelRequested(by=actor.id)
    if locked.status is ExecutionStatus.RUNNING:
        await uow.executions.update(asked)
        await uow.events.append(subject_of(asked), [requested], actor=actor.id)
        return task, asked
    check_execution(locked.status, ExecutionStatus.CANCELLED)
    error = ExecutionError(code="CANCELLED", message=reason)
    ended = replace(
        asked,
        status=ExecutionStatus.CANCELLED,
        error=error,
        waited=locked.waited_until(now),
        paused_at=None,
        finished_at=now,
        process_gone_at=now,
    )
    await uow.executions.update(ended)
    finished = ExecutionFinished(
        status=ended.status, error_code=error.code, error_message=error.message, agent=ended.agent
    )
    await uow.events.append(subject_of(ended), [requested], actor=actor.id)
    await end_steps(uow, subject_of(ended), ended, actor.id)  # it may be back in the queue after its worker died
    await end_approvals(uow, subject_of(ended), ended, actor.id)
    await end_waiting(uow, subject_of(ended), ended, actor.id)
    await uow.events.append(subject_of(ended), [finished], actor=actor.id)
    await seal(uow, task, ended, None, None)
    moved = await release.move(uow, actor.id, task, TaskStatus.CANCELLED, reason)
    await release.reconsider(uow, actor.id, moved.workspace_id, [moved.id])
    return moved, ended


def subject_of(execution: Execution) -> Subject:
    """The execution, as the subject of an event."""
    return Subject(
        workspace_id=execution.workspace_id,
        project_id=execution.project_id,
        task_id=execution.task_id,
        execution_id=execution.id,
    )


def _reason(actor: Actor, given: str | None) -> str:
    return check_text(given or "", "reason", most=1_000) or f"cancelled by {actor.name}"
