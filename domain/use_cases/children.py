"""Tasks that an agent starts as parts of its own task, and waits for without a worker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from uuid import UUID

from domain.actor import Actor, Permission
from domain.child import MOST_IN_ALL, ChildOutcome, Orphan
from domain.commands import CancelTask, CreateTasks, ParentDraft, TaskDraft
from domain.errors import Invalid, LeaseLost, NotCancellable, NotFound
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.states import ExecutionStatus
from domain.task import Task
from domain.use_cases.cancel import cancel_task
from domain.use_cases.lifecycle import ENGINE, resume_execution
from domain.use_cases.tasks import create_tasks

STARTS_TASKS = frozenset({Permission.WRITE_TASKS, Permission.DISPATCH})
CANCELS_TASKS = frozenset({Permission.DISPATCH})


async def spawn_children(uow: UnitOfWork, lease: Lease, batch: str, drafts: Mapping[int, TaskDraft]) -> None:
    """Create and dispatch children, by their place in the batch; one that was started before is left as it is.

    They are dispatched in the name of whoever dispatched the parent: what they ask, another person has to approve.

    Raises:
        LeaseLost: another worker has the execution by now.
        Invalid: one of them is no task that could be done, or there are too many.
        BudgetExceeded: nothing is left of a budget above them.
    """
    parent = await _fenced(uow, lease, drafts.values())
    started = await uow.children.positions(lease.execution_id, batch)
    missing = [position for position in sorted(drafts) if position not in started]
    if not missing:
        return
    if await uow.children.count(lease.execution_id) + len(missing) > MOST_IN_ALL:
        raise Invalid(f"An execution may start at most {MOST_IN_ALL:,} tasks.")
    by = parent.dispatched_by or ENGINE
    actor = Actor(id=by, name=by, workspace_id=parent.workspace_id, permissions=STARTS_TASKS)
    tasks = tuple(replace(drafts[position], parent=ParentDraft(task_id=parent.id)) for position in missing)
    created = await create_tasks(uow, actor, CreateTasks(project_id=parent.project_id, tasks=tasks, dispatch=True))
    await uow.children.insert(
        lease.execution_id, batch, {place: task.id for place, task in zip(missing, created, strict=True)}
    )


async def hand_over_children(uow: UnitOfWork, lease: Lease, batch: str) -> Sequence[ChildOutcome]:
    """How the children of the batch ended; nobody waits for it afterwards. Doing it twice is harmless.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    await _at_work(uow, lease)
    await uow.children.handed_over(lease.execution_id, batch)
    return await uow.children.outcomes(lease.execution_id, batch)


async def resume_parent(uow: UnitOfWork, execution_id: UUID) -> None:
    """Send an execution on its way of whose children a whole batch has ended."""
    execution = await uow.executions.get(None, execution_id)
    if execution is not None:
        await uow.tasks.lock(execution.workspace_id, [execution.task_id])
        await resume_execution(uow, ENGINE, execution_id, "the tasks that it waited for have ended")


async def cancel_orphan(uow: UnitOfWork, orphan: Orphan) -> None:
    """Cancel a child whose parent's execution has ended before it did; what somebody does with it later, stays."""
    actor = Actor(id=ENGINE, name="the engine", workspace_id=orphan.workspace_id, permissions=CANCELS_TASKS)
    reason = "the execution that had started it has ended"
    with suppress(NotCancellable, NotFound):  # it has ended meanwhile
        await cancel_task(uow, actor, CancelTask(task_id=orphan.task_id, reason=reason))
    await uow.children.let_go(orphan)


async def _fenced(uow: UnitOfWork, lease: Lease, drafts: Iterable[TaskDraft]) -> Task:
    """The parent's task. Locks are taken in the order of the house: the graph, all tasks, the execution."""
    workspace_id, task_id = lease.subject.workspace_id, lease.subject.task_id
    after = {edge.task_id for draft in drafts for edge in draft.depends_on if edge.task_id is not None}
    await uow.dependencies.lock_graph(workspace_id)
    tasks = await uow.tasks.lock(workspace_id, {*after, *([task_id] if task_id is not None else [])})
    await _at_work(uow, lease)
    if task_id not in tasks:
        raise LeaseLost(lease.execution_id)
    return tasks[task_id]


async def _at_work(uow: UnitOfWork, lease: Lease) -> None:
    execution = await uow.executions.lock(lease.execution_id)
    if execution is None or execution.epoch != lease.epoch or execution.status is not ExecutionStatus.RUNNING:
        raise LeaseLost(lease.execution_id)
