"""The life of an execution as the engine drives it: start, end, and back to the queue."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.errors import LeaseLost
from domain.events import (
    ExecutionFinished,
    ExecutionPaused,
    ExecutionRequeued,
    ExecutionStarted,
    ProcessGone,
    Subject,
)
from domain.evidence import Verdict
from domain.execution import Execution, ExecutionError, Step, StoredReport
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.project import Project
from domain.states import (
    ENDED_EXECUTION,
    TASK_AFTER,
    WAITING_EXECUTION,
    ExecutionStatus,
    TaskStatus,
    check_execution,
)
from domain.task import Task
from domain.use_cases import release
from domain.use_cases.cancel import subject_of
from domain.use_cases.closing import Case, Judged, seal, try_case
from domain.use_cases.messaging.undelivered import end_waiting
from domain.use_cases.parking import note_crash
from domain.use_cases.unanswered import end_approvals
from domain.use_cases.unfinished_steps import end_steps
from domain.use_cases.unfinished_tool_calls import end_tool_calls

TOO_EARLY = timedelta(seconds=2)
"""Less than that before its time an execution is started anyway: the queue rounds, and clocks are never quite alike."""
MOST_REASON = 500
"""Characters of the reason why a task waits."""
MOST_SAID = 4_000
"""Characters of the reasons that an error repeats."""
ENGINE = "engine"
RETRIED = frozenset({ExecutionStatus.FAILED, ExecutionStatus.TIMED_OUT})
FINAL_CODES = frozenset(
    {
        "APPROVAL_EXPIRED",
        "APPROVAL_REJECTED",
        "BUDGET_EXCEEDED",
        "POISONED",
        "SOURCE_UNAVAILABLE",
        "TOOL_CALL_UNCERTAIN",
        "TOOL_MISSING",
    }
)
"""Errors that another attempt would only repeat, or that a person has to look at first; and answers of people who need
not be asked again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """What a worker needs to run (or go on with) an execution. ``steps`` are those that were begun before, by name."""

    lease: Lease
    execution: Execution
    task: Task
    project: Project
    steps: Mapping[str, Step]
    log_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an execution ended, as its worker saw it."""

    status: ExecutionStatus
    result_kind: str | None = None
    result: Mapping[str, Any] | None = None
    error: ExecutionError | None = None
    case: Case = Case()


async def start_execution(uow: UnitOfWork, execution_id: UUID, epoch: int, worker_id: UUID) -> Segment | None:
    """Take a queued execution. ``None`` when this segment is no longer wanted: cancelled, ended, or taken over.

    One that is to start later, by the time that all processes share, goes back to the queue.
    """
    found = await uow.executions.get(None, execution_id)
    if found is None:
        return None
    tasks = await uow.tasks.lock(found.workspace_id, [found.task_id])
    execution = await uow.executions.lock(execution_id)
    if execution is None or execution.epoch != epoch or execution.status is not ExecutionStatus.QUEUED:
        return None
    if execution.scheduled_for is not None and execution.scheduled_for - uow.now > TOO_EARLY:
        # The clock of the machine that let it out of the queue is ahead.
        await _enqueue_next_segment(uow, tasks[execution.task_id], execution, execution.scheduled_for - uow.now)
        return None
    project = await uow.projects.get(execution.workspace_id, execution.project_id)
    if project is None:
        return None
    check_execution(execution.status, ExecutionStatus.RUNNING)
    running = replace(
        execution,
        status=ExecutionStatus.RUNNING,
        worker_id=worker_id,
        started_at=execution.started_at or uow.now,
        waited=execution.waited_until(uow.now),
        paused_at=None,
        scheduled_for=None,
    )
    lease = Lease(subject=subject_of(execution), execution_id=execution_id, epoch=epoch, worker_id=worker_id)
    await uow.executions.update(running)
    started = ExecutionStarted(
        worker_id=str(worker_id), epoch=epoch, agent=execution.agent, waited_ms=_waited(execution, uow.now)
    )
    await uow.events.append(lease.subject, [started], actor=lease.actor)
    task = await release.move(uow, lease.actor, tasks[execution.task_id], TaskStatus.IN_PROGRESS, scheduled_for=None)
    begun_before = execution.started_at is not None  # else there is nothing yet to go on from
    steps = await uow.executions.steps(execution_id) if begun_before else ()
    return Segment(
        lease=lease,
        execution=running,
        task=task,
        project=project,
        steps={step.name: step for step in steps},
        log_lines=await uow.executions.log_lines(execution_id) if begun_before else 0,
    )


async def finish_execution(uow: UnitOfWork, lease: Lease, outcome: Outcome) -> Execution:
    """End an execution: its outcome, its task's state, the release of dependents, in one transaction.

    The platform's own judgement comes first: a success that claims more than is recorded, or whose acceptance checks
    fail, becomes ``CLAIMED_UNVERIFIED``. A failure is tried again while the task's retry policy has attempts left.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    tasks, execution = await _lock(uow, lease.subject, lease.execution_id)
    if execution is None or execution.epoch != lease.epoch or execution.status is not ExecutionStatus.RUNNING:
        raise LeaseLost(lease.execution_id)
    task = tasks[execution.task_id]
    if outcome.status is not ExecutionStatus.SUCCEEDED:
        return await _end(uow, task, execution, outcome, lease.actor)
    judged = await try_case(uow, task, execution.id, outcome.case)
    await uow.events.append(lease.subject, judged.events, actor=lease.actor)
    return await _end(uow, task, execution, _verified(outcome, judged), lease.actor, judged)


async def requeue_execution(
    uow: UnitOfWork, execution_id: UUID, epoch: int, *, crashed: bool, reason: str
) -> Execution | None:
    """Send an execution back to the queue, its finished steps kept, because its worker stopped (or ``crashed``).

    One that was to be cancelled ends instead; one that has killed its worker too often is parked: it is failed as
    ``POISONED``, with what is known of each crash, and only a person tries it again.
    ``None`` when the segment is no longer the current one.
    """
    found = await uow.executions.get(None, execution_id)
    if found is None:
        return None
    tasks, execution = await _lock(uow, subject_of(found), execution_id)
    if execution is None or execution.epoch != epoch or execution.status in ENDED_EXECUTION:
        return None
    if execution.status in WAITING_EXECUTION:
        return None  # no worker has it
    task = tasks[execution.task_id]
    if execution.status is ExecutionStatus.QUEUED:
        return await _enqueue_next_segment(uow, task, execution)
    await uow.events.append(subject_of(execution), [ProcessGone(reason=reason)], actor=ENGINE)
    execution = replace(execution, process_gone_at=uow.now)
    poison = None
    if crashed:
        execution, poison = await note_crash(uow, execution, reason)
    await uow.ledger.settle_open(subject_of(execution))
    if execution.cancel_requested_at is not None:
        error = ExecutionError(code="CANCELLED", message="cancelled; its worker had gone")
        return await _end(uow, task, execution, Outcome(status=ExecutionStatus.CANCELLED, error=error), ENGINE)
    if poison is not None:
        return await _end(uow, task, execution, Outcome(status=ExecutionStatus.FAILED, error=poison), ENGINE)
    check_execution(execution.status, ExecutionStatus.QUEUED)
    await uow.events.append(subject_of(execution), [ExecutionRequeued(reason=reason)], actor=ENGINE)
    task = await release.move(uow, ENGINE, task, TaskStatus.QUEUED, reason)
    return await _enqueue_next_segment(uow, task, replace(execution, status=ExecutionStatus.QUEUED, worker_id=None))


async def pause_execution(
    uow: UnitOfWork,
    lease: Lease,
    batches: Collection[str] = (),
    answered: Callable[[UnitOfWork], Awaitable[bool]] | None = None,
) -> Execution | None:
    """Let an execution wait for decisions, messages and its children: no worker has it, and it holds no slot.

    ``batches`` are those of its children that it waits for. It goes back to the queue instead when nothing is left to
    wait for, or something of it is there already, which ``answered`` may know; and it ends when it was to be cancelled.
    ``None`` when the segment is no longer the current one. Doing it twice is harmless.
    """
    tasks, execution = await _lock(uow, lease.subject, lease.execution_id)
    if execution is None or execution.epoch != lease.epoch or execution.status is not ExecutionStatus.RUNNING:
        return None
    pending = await uow.approvals.pending_of(execution.id)
    waits = await uow.waits.pending_of(execution.id)
    await uow.children.await_only(execution.id, batches)
    open_batches = await uow.children.open_batches(execution.id) if batches else {}
    there = not (pending or waits or batches) or not open_batches.keys() >= set(batches)
    if execution.cancel_requested_at is not None or there or (answered is not None and await answered(uow)):
        reason = "what it waited for is there"
        return await requeue_execution(uow, execution.id, lease.epoch, crashed=False, reason=reason)
    waiting = ExecutionStatus.AWAITING_CHILDREN if batches else ExecutionStatus.AWAITING_MESSAGE
    waiting = ExecutionStatus.AWAITING_APPROVAL if pending else waiting
    check_execution(execution.status, waiting)
    await uow.ledger.settle_open(lease.subject)
    paused = replace(execution, status=waiting, worker_id=None, paused_at=uow.now)
    await uow.executions.update(paused)
    event = ExecutionPaused(
        approval_ids=tuple(str(approval.id) for approval in pending), messages=tuple(wait.name for wait in waits)
    )
    await uow.events.append(lease.subject, [event], actor=lease.actor)
    reason = _waits_for([approval.name for approval in pending], open_batches, [wait.name for wait in waits])
    await release.move(uow, lease.actor, tasks[execution.task_id], TASK_AFTER[waiting], reason[:MOST_REASON])
    return paused


async def resume_execution(uow: UnitOfWork, actor_id: str, execution_id: UUID, reason: str) -> None:
    """Send an execution that waits for decisions, children or messages on its way; another one is left as it is.

    Its task is locked.
    """
    execution = await uow.executions.lock(execution_id)
    if execution is None or execution.status not in WAITING_EXECUTION:
        return
    (task,) = (await uow.tasks.lock(execution.workspace_id, [execution.task_id])).values()
    check_execution(execution.status, ExecutionStatus.QUEUED)
    await uow.events.append(subject_of(execution), [ExecutionRequeued(reason=reason)], actor=actor_id)
    task = await release.move(uow, actor_id, task, TaskStatus.QUEUED, reason)
    await _enqueue_next_segment(uow, task, replace(execution, status=ExecutionStatus.QUEUED))


def _waits_for(approvals: Sequence[str], children: Mapping[str, int], messages: Sequence[str]) -> str:
    """What an execution waits for, as a sentence. ``children`` counts those at work, by batch."""
    parts = []
    if approvals:
        parts.append("the approval of " + ", ".join(approvals))
    if children:
        parts.append("its tasks: " + ", ".join(f"{count} of {batch}" for batch, count in children.items()))
    if messages:
        parts.append("messages: " + ", ".join(messages))
    return "waits for " + ", and for ".join(parts)


def _waited(execution: Execution, now: datetime) -> int | None:
    """Milliseconds that an execution had been due when it was started first."""
    if execution.started_at is not None:
        return None
    due = max(execution.created_at, execution.scheduled_for or execution.created_at)
    return max(0, (now - due) // timedelta(milliseconds=1))


async def _enqueue_next_segment(
    uow: UnitOfWork, task: Task, execution: Execution, delay: timedelta = timedelta()
) -> Execution:
    following = replace(execution, epoch=execution.epoch + 1)
    await uow.executions.update(following)
    await uow.queue.enqueue(following, priority=task.priority, delay=delay)
    return following


async def _lock(uow: UnitOfWork, subject: Subject, execution_id: UUID) -> tuple[dict[UUID, Task], Execution | None]:
    if subject.task_id is None:
        raise LeaseLost(execution_id)
    wanted = await release.affected(uow, subject.task_id)
    tasks = await uow.tasks.lock(subject.workspace_id, wanted)
    return tasks, await uow.executions.lock(execution_id)


def _verified(outcome: Outcome, judged: Judged) -> Outcome:
    if judged.evidence.verdict is not Verdict.UNVERIFIED:
        return outcome
    code = "ACCEPTANCE_FAILED" if judged.only_checks_failed else "CLAIM_UNVERIFIED"
    error = ExecutionError(code=code, message=_shortened(judged.evidence.reasons))
    return replace(outcome, status=ExecutionStatus.CLAIMED_UNVERIFIED, error=error)


def _shortened(reasons: Sequence[str]) -> str:
    """As many as fit into an error; the evidence has them all."""
    said = "; ".join(reasons)
    return said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}… ({len(reasons)} reasons in all)"


async def _end(
    uow: UnitOfWork,
    task: Task,
    execution: Execution,
    outcome: Outcome,
    actor_id: str,
    judged: Judged | None = None,
) -> Execution:
    check_execution(execution.status, outcome.status)
    ended = replace(
        execution,
        status=outcome.status,
        error=outcome.error,
        waited=execution.waited_until(uow.now),
        paused_at=None,
        finished_at=uow.now,
    )
    await uow.executions.update(ended)
    report = None
    if outcome.result_kind is not None and outcome.result is not None:
        report = StoredReport(kind=outcome.result_kind, data=outcome.result)
        await uow.executions.put_report(ended.id, report)
    await end_steps(uow, subject_of(ended), ended, actor_id)
    await end_tool_calls(uow, subject_of(ended), ended, actor_id)
    await end_approvals(uow, subject_of(ended), ended, actor_id)
    await end_waiting(uow, subject_of(ended), ended, actor_id)
    await uow.ledger.settle_open(subject_of(ended))
    finished = ExecutionFinished(
        status=ended.status,
        error_code=ended.error.code if ended.error else None,
        error_message=ended.error.message if ended.error else None,
        error_severity=ended.error.severity if ended.error else None,
        agent=ended.agent,
        duration_ms=None if ended.duration is None else ended.duration // timedelta(milliseconds=1),
    )
    await uow.events.append(subject_of(ended), [finished], actor=actor_id)
    await seal(uow, task, ended, judged, report)
    if _is_tried_again(task, ended):
        pause = task.retry.pause_after(ended.number)
        reason = f"attempt {ended.number} of {task.retry.max_attempts} did not succeed"
        await release.start_attempt(uow, actor_id, task, pause=pause, reason=reason)
        return ended
    reason_ended = ended.error.message if ended.error else None
    moved = await release.move(uow, actor_id, task, TASK_AFTER[ended.status], reason_ended)
    await release.reconsider_dependents(uow, actor_id, moved)
    return ended


def _is_tried_again(task: Task, ended: Execution) -> bool:
    if ended.cancel_requested_at is not None:
        return False
    if ended.status not in RETRIED or (ended.error is not None and ended.error.code in FINAL_CODES):
        return False
    return ended.number < task.retry.max_attempts
