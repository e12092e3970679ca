"""Executions: the attempts of agents at tasks."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter

import strawberry
from strawberry import Parent

import domain.execution as domain
from domain.recovery import ErrorSeverity
from domain.states import ExecutionStatus
from domain.usage import Usage as DomainUsage
from resolvers import (
    approvals,
    events,
    evidence,
    executions,
    findings,
    ledger,
    messages,
    projects,
    reports,
    rights,
    tasks,
    workspaces,
)
from schema.acceptance import AcceptanceResult
from schema.agent import Agent, agent_kind, agent_of
from schema.approval import Approval
from schema.artifact import Artifact
from schema.connections import Connection, connection
from schema.event import Event
from schema.evidence import Evidence, Receipt
from schema.finding import SeenFindingConnection
from schema.message import Message
from schema.node import Info, Node, represents
from schema.project import Project
from schema.report import AgentResult
from schema.scalars import JSON
from schema.step import Step, ToolCall, milliseconds
from schema.task import Task
from schema.together import loaded
from schema.usage import Totals
from schema.worker import Worker


@strawberry.type(description="How far an execution is.")
class Progress:
    """Units done of all units."""

    done: int = strawberry.field(description="How many units are done.")
    total: int = strawberry.field(description="How many units there are; 0 when that is not known.")
    message: str = strawberry.field(description="What is being done.")


@strawberry.type(description="Why an execution did not succeed.")
class ExecutionError:
    """A published code and a sentence."""

    code: str = strawberry.field(description="A published code; each has a page in the documentation.")
    message: str = strawberry.field(description="What went wrong, for a person.")
    severity: ErrorSeverity | None = strawberry.field(description="How grave it is; null when it is not known.")


@strawberry.type(description="What is known of a crash: mostly that a worker died with the execution in its hands.")
class CrashReport:
    """When, whose, and during what."""

    at: datetime = strawberry.field(description="When it was noticed.")
    reason: str = strawberry.field(description="What happened.")
    steps: list[str] = strawberry.field(
        description="Names of the steps that were under way; none when it happened between steps."
    )
    tools: list[str] = strawberry.field(description="Tools that had been called in them and had not ended.")
    worker = strawberry.field(
        loaded(workspaces.workers_by_id, attrgetter("worker_id")),
        graphql_type=Worker | None,
        description="The worker; null once it is forgotten.",
    )


def _artifact_bytes(root: Parent[DomainUsage]) -> float:
    return float(root.artifact_bytes)


_totals = loaded(ledger.totals_of, attrgetter("execution_id"))


@strawberry.type(description="What an execution consumed, as the platform measured it.")
class Usage:
    """Totals."""

    tool_calls: int = strawberry.field(description="How many tool calls it made.")
    tool_seconds: float = strawberry.field(description="How long they took together, in seconds.")
    artifact_bytes = strawberry.field(_artifact_bytes, description="Size of its artifacts in bytes, a whole number.")
    totals = strawberry.field(_totals, graphql_type=Totals, description="What the ledger has of it, by unit.")


@strawberry.type(description="What you may do with an execution in the state it is in.")
class ExecutionRights:
    """What the viewer may do."""

    cancel: bool = strawberry.field(description="Cancel it.")


_task = loaded(tasks.by_id, attrgetter("task_id"))
_project = loaded(projects.by_id, attrgetter("project_id"))
_worker = loaded(workspaces.workers_by_id, attrgetter("worker_id"))
_usage = loaded(executions.usage_of)
_evidence = loaded(evidence.of_executions)
_acceptance = loaded(evidence.acceptance_of)
_receipt = loaded(evidence.receipts_of)
_result = loaded(reports.of_executions)


def _duration(root: Parent[domain.Execution]) -> float | None:
    return milliseconds(root.duration)


def _waited(root: Parent[domain.Execution]) -> float | None:
    return milliseconds(root.waited)


def _rights(root: Parent[domain.Execution], info: Info) -> rights.ExecutionRights:
    return rights.of_execution(info.context.actor, root)


def _trace_id(root: Parent[domain.Execution]) -> str | None:
    return None if root.traceparent is None else root.traceparent.split("-")[1]


@represents(domain.Execution)
@strawberry.type(description="One attempt of an agent at a task.")
class Execution(Node):
    """An attempt."""

    number: int = strawberry.field(description="Which attempt at the task it is, from 1.")
    status: ExecutionStatus = strawberry.field(description="Where it is in its life.")
    progress: Progress = strawberry.field(description="How far it is.")
    agent = strawberry.field(
        agent_of, graphql_type=Agent | None, description="The agent at work; null when it is not installed any more."
    )
    agent_kind = strawberry.field(agent_kind, description="Kind of the agent at work.")
    inputs: JSON = strawberry.field(description="What the agent was given.")
    result = strawberry.field(
        _result, graphql_type=AgentResult | None, description="What it reported, when it has ended."
    )
    error: ExecutionError | None = strawberry.field(description="Why it did not succeed.")
    source_state: str | None = strawberry.field(
        description="Exactly what it works on: git:<commit>, git:<commit>+<digest> or sha256:<digest>."
    )
    timeout: timedelta = strawberry.field(description="How long it may take.")
    crashes: int = strawberry.field(description="How many workers died with it, or could not record its end.")
    crash_reports: list[CrashReport] = strawberry.field(
        description="What is known of each of them, the first first; three in a row park the execution."
    )
    trace_id = strawberry.field(
        _trace_id, description="The OpenTelemetry trace it is part of, 32 hexadecimal digits; null when nobody traced."
    )
    created_at: datetime = strawberry.field(description="When it was created and enqueued.")
    scheduled_for: datetime | None = strawberry.field(description="When it may start, if it has to wait.")
    started_at: datetime | None = strawberry.field(description="When a worker first took it.")
    finished_at: datetime | None = strawberry.field(description="When it ended.")
    duration_ms = strawberry.field(
        _duration, description="From its first start to its end in milliseconds; null until it has ended."
    )
    waited_ms = strawberry.field(
        _waited,
        description="How long of that it waited for approvals and messages, each time until a worker took it again, in "
        "milliseconds. It does not count against its timeout.",
    )
    paused_at: datetime | None = strawberry.field(
        name="waitingSince",
        description="Since when it waits for approvals or messages, if it does; not part of waitedMs yet.",
    )
    cancel_requested_at: datetime | None = strawberry.field(description="When somebody asked to cancel it.")
    cancel_requested_by: str | None = strawberry.field(description="Who asked to cancel it.")
    process_gone_at: datetime | None = strawberry.field(description="When none of its processes was left.")
    task = strawberry.field(_task, graphql_type=Task | None, description="The task it is an attempt at.")
    project = strawberry.field(_project, graphql_type=Project | None, description="The project of its task.")
    worker = strawberry.field(
        _worker, graphql_type=Worker | None, description="The worker that has it, or had it last."
    )
    evidence = strawberry.field(
        _evidence, graphql_type=Evidence, description="What is on record of it, and the verdict on its claims."
    )
    acceptance_results = strawberry.field(
        _acceptance, graphql_type=list[AcceptanceResult], description="How the acceptance checks of its task came out."
    )
    receipt = strawberry.field(
        _receipt,
        graphql_type=Receipt | None,
        description="The signed statement of what is on record; null until it has ended, and for those that ended "
        "before there were receipts.",
    )
    usage = strawberry.field(_usage, graphql_type=Usage, description="What it consumed.")
    steps = connection(
        executions.steps_of, Connection[Step], "execution.steps", "Its steps in the order in which they began."
    )
    tool_calls = connection(
        executions.tool_calls_of, Connection[ToolCall], "execution.toolCalls", "Its tool calls, the oldest first."
    )
    artifacts = connection(
        executions.artifacts_of, Connection[Artifact], "execution.artifacts", "The files it produced, by name."
    )
    findings = connection(
        findings.seen_by,
        SeenFindingConnection,
        "execution.findings",
        "What it saw, the worst first, the fixed included.",
    )
    approvals = connection(
        approvals.of_executions,
        Connection[Approval],
        "execution.approvals",
        "What its agent has asked, the oldest first.",
    )
    messages = connection(
        messages.of_executions,
        Connection[Message],
        "execution.messages",
        "What its agent has sent and taken, and what was sent to it alone, the oldest first.",
    )
    events = connection(
        events.of_executions,
        Connection[Event],
        events.EXECUTION_EVENTS,
        "Everything that happened to it, in order: what executionEvents sends. The cursors are the same, too.",
    )
    events_removed_to: int = strawberry.field(
        description="Up to this sequence events have been removed because of their age, and those that are left have "
        "gaps; behind it the log is whole. 0 while nothing was removed."
    )
    viewer_can = strawberry.field(
        _rights, graphql_type=ExecutionRights, description="What you may do with it in its state."
    )
