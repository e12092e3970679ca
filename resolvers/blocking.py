"""Why tasks wait: for dependencies, a person, a time, a worker, room on a disk, or a free place at their agent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from domain.blocking import (
    BlockReason,
    WaitsForApproval,
    WaitsForBudget,
    WaitsForChildren,
    WaitsForDependency,
    WaitsForRoom,
    WaitsForSlot,
    WaitsForTime,
    WaitsForWorker,
)
from domain.ports import AgentCatalogue
from domain.reads import QueueFacts
from domain.states import TaskStatus
from domain.task import Task
from resolvers.context import Context

WAITING = frozenset({TaskStatus.PENDING, TaskStatus.BLOCKED})


async def reasons(context: Context, tasks: Sequence[Task], _args: tuple[Any, ...]) -> list[list[BlockReason]]:
    """For each task why nothing happens with it, in at most five statements; empty when something does."""
    waiting = [task.id for task in tasks if task.status in WAITING]
    unmet = await context.read.unmet_dependencies(context.workspace_id, waiting) if waiting else []
    edges = dict(zip(waiting, unmet, strict=True))
    asking = [task.id for task in tasks if task.status is TaskStatus.AWAITING_APPROVAL]
    pending = await context.read.pending_approvals(context.workspace_id, asking) if asking else []
    asked = dict(zip(asking, pending, strict=True))
    used_up = await context.read.used_up_budgets(context.workspace_id, waiting) if waiting else []
    budgets = dict(zip(waiting, used_up, strict=True))
    parents = [task.id for task in tasks if task.status is TaskStatus.AWAITING_CHILDREN]
    counted = await context.read.children_at_work(context.workspace_id, parents) if parents else []
    at_work = dict(zip(parents, counted, strict=True))
    now = context.clock()
    queued = any(task.status is TaskStatus.QUEUED for task in tasks)
    facts = await context.read.queue_facts() if queued else None
    answers: list[list[BlockReason]] = []
    for task in tasks:
        if facts is not None and task.status is TaskStatus.QUEUED:
            answers.append(list(in_queue(task, facts, context.agents, now)))
        elif task.id in asked:
            answers.append([WaitsForApproval(approval=approval) for approval in asked[task.id]])
        elif task.id in at_work:
            answers.append([WaitsForChildren(at_work=at_work[task.id])])
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
