"""Why tasks wait: for others, a person, a message, a time, a worker, room on a disk, or a free place at their agent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.blocking import (
    BlockReason,
    WaitsForApproval,
    WaitsForBudget,
    WaitsForChildren,
    WaitsForDependency,
    WaitsForMessage,
    WaitsForRoom,
    WaitsForSlot,
    WaitsForTime,
    WaitsForWorker,
)
from domain.ports import AgentCatalogue
from domain.reads import QueueFacts
from domain.states import WAITING_TASK, TaskStatus
from domain.task import Task
from resolvers import messages
from resolvers.context import Context

WAITING = frozenset({TaskStatus.PENDING, TaskStatus.BLOCKED})


async def reasons(context: Context, tasks: Sequence[Task], _args: tuple[Any, ...]) -> list[list[BlockReason]]:
    """For each task why nothing happens with it, in at most six statements; empty when something does."""
    waiting = [task.id for task in tasks if task.status in WAITING]
    unmet = await context.read.unmet_dependencies(context.workspace_id, waiting) if waiting else []
    edges = dict(zip(waiting, unmet, strict=True))
    asked = await _asked(context, [task for task in tasks if task.status in WAITING_TASK])
    used_up = await context.read.used_up_budgets(context.workspace_id, waiting) if waiting else []
    budgets = dict(zip(waiting, used_up, strict=True))
    now = context.clock()
    queued = any(task.status is TaskStatus.QUEUED for task in tasks)
    facts = await context.read.queue_facts() if queued else None
    answers: list[list[BlockReason]] = []
    for task in tasks:
        if facts is not None and task.status is TaskStatus.QUEUED:
            answers.append(list(in_queue(task, facts, context.agents, now)))
        elif task.id in asked:
            answers.append(asked[task.id])
        else:
            answers.append(
                [
                    *(
                        WaitsForDependency(task=other, on_failure=edge.on_failure)
                        for edge, other in edges.get(task.id, ())
                    ),
                    *(WaitsForBudget(account=account) for account in budgets.get(task.id, ())),
                ]
            )
    return answers


async def _asked(context: Context, asking: Sequence[Task]) -> dict[UUID, list[BlockReason]]:
    """What tasks wait for whose agents have asked, wait for a message, or for tasks that they have started."""
    if not asking:
        return {}
    ids = [task.id for task in asking]
    pending = await context.read.pending_approvals(context.workspace_id, ids)
    waits = await context.read.pending_waits(context.workspace_id, ids)
    wanted = [wait.request_id for group in waits for wait in group if wait.request_id is not None]
    found = await context.load_all(messages.by_id, wanted) if wanted else []
    requests = {message.id: message for message in found if message is not None}
    parents = [task.id for task in asking if task.status is TaskStatus.AWAITING_CHILDREN]
    counted = await context.read.children_at_work(context.workspace_id, parents) if parents else []
    answers: dict[UUID, list[BlockReason]] = {task_id: [] for task_id in ids}
    for task_id, approvals, group in zip(ids, pending, waits, strict=True):
        answers[task_id] += [WaitsForApproval(approval=approval) for approval in approvals]
        answers[task_id] += [WaitsForMessage(wait=one, request=requests.get(one.request_id or one.id)) for one in group]
    for task_id, at_work in zip(parents, counted, strict=True):
        answers[task_id].append(WaitsForChildren(at_work=at_work))
    return answers


def in_queue(task: Task, facts: QueueFacts, agents: AgentCatalogue, now: datetime) -> Iterator[BlockReason]:
    """Why a queued task is not taken by a worker at once."""
    if task.scheduled_for is not None and task.scheduled_for > now:
        yield WaitsForTime(until=task.scheduled_for)
    agent = agents.get(task.agent)
    if agent is None or task.agent not in facts.offered:
        yield WaitsForWorker(agent=task.agent)
        return
    if task.agent in facts.short_of_room:
        yield WaitsForRoom(agent=task.agent)
    running = facts.running.get(task.agent, 0)
    if running >= agent.concurrency:
        yield WaitsForSlot(agent=task.agent, limit=agent.concurrency, running=running)
