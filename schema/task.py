"""Tasks: the pieces of work."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.task as domain
from domain.acceptance import AcceptanceCheck as DomainCheck
from domain.acceptance import FindingThreshold
from domain.states import TaskStatus
from domain.task import Priority
from resolvers import blocking, executions, findings, ledger, messages, projects, rights, tasks
from resolvers.dependencies import of_tasks as depended_on
from resolvers.dependencies import on_tasks as depending
from schema.acceptance import AcceptanceCheck, Check, counting
from schema.agent import Agent, agent_kind, agent_of
from schema.blocking import BlockReason
from schema.budget import Budget
from schema.connections import Connection, connection
from schema.dependency import Dependency
from schema.finding import SeenFindingConnection
from schema.message import Message
from schema.node import Info, Node, represents
from schema.project import Project
from schema.scalars import JSON
from schema.together import loaded
from schema.usage import Totals

if TYPE_CHECKING:
    from schema.execution import Execution

LazyTask = Annotated["Task", strawberry.lazy("schema.task")]
LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]


@strawberry.type(description="How many executions a task gets, and the pause between them.")
class RetryPolicy:
    """When a failed execution is tried again by itself."""

    max_attempts: int = strawberry.field(description="How many executions it gets before it is FAILED.")
    backoff: timedelta = strawberry.field(
        description="Pause before the second attempt. It doubles with each further one, up to an hour."
    )


@strawberry.type(description="What you may do with a task in the state it is in.")
class TaskRights:
    """What the viewer may do."""

    dispatch: bool = strawberry.field(description="Dispatch it.")
    cancel: bool = strawberry.field(description="Cancel it.")
    retry: bool = strawberry.field(description="Try it once more.")
    edit: bool = strawberry.field(description="Change its fields.")
    delete: bool = strawberry.field(description="Delete it.")


_parent = loaded(tasks.by_id, attrgetter("parent_id"))
_usage = loaded(ledger.totals_of, attrgetter("id"))
_project = loaded(projects.by_id, attrgetter("project_id"))
_latest = loaded(executions.latest_of_tasks)
_blocked_by = loaded(blocking.reasons)


def _rights(root: Parent[domain.Task], info: Info) -> rights.TaskRights:
    return rights.of_task(info.context.actor, root)


def _acceptance_checks(root: Parent[domain.Task]) -> list[FindingThreshold]:
    return counting(root.acceptance_checks)


def _checks(root: Parent[domain.Task]) -> list[DomainCheck]:
    return list(root.acceptance_checks)


@represents(domain.Task)
@strawberry.type(description="A piece of work for one agent.")
class Task(Node):
    """A task."""

    key: str = strawberry.field(description="Its name for people, for example WR-12.")
    number: int = strawberry.field(description="Its number within its project.")
    title: str = strawberry.field(description="What is to be done, in a few words.")
    description: str = strawberry.field(description="What is to be done, in full.")
    status: TaskStatus = strawberry.field(description="Where it is in its life.")
    status_reason: str | None = strawberry.field(description="Why it is in this state, where that needs to be said.")
    priority: Priority = strawberry.field(description="How urgent it is.")
    agent = strawberry.field(
        agent_of, graphql_type=Agent | None, description="The agent that does it; null when it is not installed."
    )
    agent_kind = strawberry.field(agent_kind, description="Kind of the agent that does it.")
    inputs: JSON = strawberry.field(description="What the agent is given, in the shape of its inputSchema.")
    requirements: list[str] = strawberry.field(description="What the result must fulfil.")
    constraints: list[str] = strawberry.field(description="What must not be done.")
    labels: list[str] = strawberry.field(description="Words to find it by.")
    metadata: JSON = strawberry.field(description="Whatever its creator wants to keep with it.")
    timeout: timedelta | None = strawberry.field(description="How long an execution may take; null: as its agent says.")
    retry: RetryPolicy = strawberry.field(name="retryPolicy", description="How often it is tried by itself.")
    acceptance_checks = strawberry.field(
        _acceptance_checks,
        graphql_type=list[AcceptanceCheck],
        description="The acceptance checks that count findings; checks has all of them.",
    )
    checks = strawberry.field(
        _checks, graphql_type=list[Check], description="What must hold for it to be COMPLETED: all acceptance checks."
    )
    attempts: int = strawberry.field(description="How many executions it has had.")
    scheduled_for: datetime | None = strawberry.field(description="When the next attempt may start, if it has to wait.")
    version: int = strawberry.field(description="Grows with each change; give it as expectedVersion.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was changed last.")
    project = strawberry.field(_project, graphql_type=Project | None, description="The project it belongs to.")
    parent = strawberry.field(_parent, graphql_type=LazyTask | None, description="The task that it is a part of.")
    children = connection(
        tasks.children_of, Connection[LazyTask], "task.children", "The tasks that are parts of it, the oldest first."
    )
    usage = strawberry.field(
        _usage, graphql_type=Totals, description="What all attempts at it and at the tasks below it have spent."
    )
    budgets = connection(ledger.budgets_of, Connection[Budget], "task.budgets", "Its own budgets, the newest first.")
    dependencies = connection(
        depended_on, Connection[Dependency], "task.dependencies", "What it waits for, the oldest first."
    )
    dependents = connection(
        depending, Connection[Dependency], "task.dependents", "What waits for it, the oldest first."
    )
    executions = connection(
        executions.of_tasks, Connection[LazyExecution], "task.executions", "The attempts at it, the newest first."
    )
    latest_execution = strawberry.field(_latest, graphql_type=LazyExecution | None, description="The newest attempt.")
    findings = connection(
        findings.of_tasks, SeenFindingConnection, "task.findings", "What its newest attempt saw, the worst first."
    )
    messages = connection(
        messages.of_tasks,
        Connection[Message],
        "task.messages",
        "What is or was in its mailbox, and what its agents have sent, the oldest first.",
    )
    blocked_by = strawberry.field(
        _blocked_by,
        graphql_type=list[BlockReason],
        description="Why nothing happens with it; empty when something does.",
    )
    viewer_can = strawberry.field(_rights, graphql_type=TaskRights, description="What you may do with it in its state.")
