"""Events of executions."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import cast
from uuid import UUID

import strawberry
from strawberry import Parent

import domain.events as domain
from domain import execution
from domain.acceptance import CheckKind
from domain.approval import Approval as DomainApproval
from domain.finding import Finding as DomainFinding
from domain.recovery import ErrorClass, ErrorSeverity, RecoveryAction
from domain.states import ExecutionStatus, ToolCallState
from resolvers import approvals, executions, findings, workspaces
from schema.approval import Approval
from schema.artifact import Artifact
from schema.event import Event, tells
from schema.finding import Finding
from schema.node import Info
from schema.step import ToolCall
from schema.worker import Worker


@tells(domain.ExecutionQueued)
@strawberry.type(description="An attempt was created and enqueued.")
class ExecutionQueued(Event):
    """See the description."""

    number: int = strawberry.field(description="Which attempt at the task it is, from 1.")
    agent: str = strawberry.field(name="agentKind", description="Kind of the agent.")


async def _worker(root: Parent[domain.EventRecord], info: Info) -> execution.Worker | None:
    event = cast("domain.ExecutionStarted", root.event)
    return await info.context.load(workspaces.workers_by_id, UUID(event.worker_id))


@tells(domain.ExecutionStarted)
@strawberry.type(description="A worker took the execution.")
class ExecutionStarted(Event):
    """See the description."""

    epoch: int = strawberry.field(description="How many times a worker has taken it, this one included.")
    worker = strawberry.field(_worker, graphql_type=Worker | None, description="The worker; null when it is gone.")


@tells(domain.ExecutionRequeued)
@strawberry.type(
    description="The execution went back to the queue with its finished steps kept: its worker stopped or died, "
    "or what it waited for was decided."
)
class ExecutionRequeued(Event):
    """See the description."""

    reason: str = strawberry.field(description="Why.")


async def _approvals(root: Parent[domain.EventRecord], info: Info) -> list[DomainApproval]:
    event = cast("domain.ExecutionPaused", root.event)
    found = await asyncio.gather(*(info.context.load(approvals.by_id, UUID(id_)) for id_ in event.approval_ids))
    return [approval for approval in found if approval is not None]


def _awaited(root: Parent[domain.EventRecord]) -> list[str]:
    return list(cast("domain.ExecutionPaused", root.event).messages)


@tells(domain.ExecutionPaused)
@strawberry.type(
    description="No worker has the execution any more: it waits for decisions, for messages, or for its children."
)
class ExecutionPaused(Event):
    """See the description."""

    approvals = strawberry.field(
        _approvals,
        graphql_type=list[Approval],
        description="The questions that it waits for, as they are now; empty: for its children.",
    )
    messages = strawberry.field(
        _awaited,
        name="awaitedMessages",
        graphql_type=list[str],
        description="Names under which it waits for messages: of its requests, and of steps that handle one.",
    )


@tells(domain.SourcePrepared)
@strawberry.type(description="The execution has its own snapshot of the source.")
class SourcePrepared(Event):
    """See the description."""

    state: str = strawberry.field(
        name="sourceState", description="Exactly what it is: git:<commit>, git:<commit>+<digest> or sha256:<digest>."
    )


@tells(domain.StepStarted)
@strawberry.type(description="A step began.")
class StepStarted(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step.")
    attempt: int = strawberry.field(description="Which attempt at it, from 1.")


@tells(domain.StepSucceeded)
@strawberry.type(description="A step is done, and what it recorded is kept.")
class StepSucceeded(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")


@tells(domain.StepFailed)
@strawberry.type(description="An attempt at a step failed.")
class StepFailed(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step.")
    message: str = strawberry.field(description="What went wrong.")
    will_retry: bool = strawberry.field(description="Whether it is tried again.")
    error_class: ErrorClass | None = strawberry.field(
        name="failureClass", description="What kind of error it was; null when the step was stopped or its worker died."
    )
    severity: ErrorSeverity | None = strawberry.field(
        name="failureSeverity", description="How grave it is; null as failureClass is."
    )


@tells(domain.RecoveryAttempted)
@strawberry.type(description="Something was done about an error of a step, or nothing can be done any more.")
class RecoveryAttempted(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step.")
    error_class: ErrorClass = strawberry.field(description="What kind of error it was.")
    severity: ErrorSeverity = strawberry.field(description="How grave it is.")
    action: RecoveryAction = strawberry.field(description="What is done.")
    attempt: int = strawberry.field(description="Which attempt failed, from 1, since a worker took the execution.")
    pause_ms: int = strawberry.field(description="How long is waited before the next attempt, in milliseconds.")
    message: str = strawberry.field(description="What went wrong, and what stands in for it.")


@tells(domain.ProgressChanged)
@strawberry.type(description="The agent said how far it is.")
class ProgressChanged(Event):
    """See the description."""

    done: int = strawberry.field(description="How many units are done.")
    total: int = strawberry.field(description="How many units there are; 0 when that is not known.")
    message: str = strawberry.field(description="What is being done.")


@tells(domain.LogWritten)
@strawberry.type(description="Lines were added to the execution's log.")
class LogWritten(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step that wrote them.")
    first_line: int = strawberry.field(description="Number of the first of them, from 1.")
    lines: list[str] = strawberry.field(description="The lines.")


async def _tool_call(root: Parent[domain.EventRecord], info: Info) -> execution.ToolCall | None:
    event = cast("domain.ToolCallStarted", root.event)
    return await info.context.load(executions.tool_calls_by_id, UUID(event.tool_call_id))


@tells(domain.ToolCallStarted)
@strawberry.type(description="A tool is about to be called.")
class ToolCallStarted(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step in which it runs.")
    tool: str = strawberry.field(description="The program, or the typed tool.")
    attempt: int = strawberry.field(
        description="Above 1 when the same call was made before in this execution, and is made again."
    )
    tool_call = strawberry.field(_tool_call, graphql_type=ToolCall | None, description="What was recorded of it.")


@tells(domain.ToolCallUncertain)
@strawberry.type(
    description="Nobody knows whether a call that must not be made twice has had its effect: it began, and its end was "
    "not seen. It is not made again unless somebody says so."
)
class ToolCallUncertain(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step in which it ran.")
    tool: str = strawberry.field(description="The typed tool.")
    message: str = strawberry.field(description="What may have happened, for a person.")
    tool_call = strawberry.field(_tool_call, graphql_type=ToolCall | None, description="What was recorded of it.")


@tells(domain.ToolCallFinished)
@strawberry.type(description="A tool ended.")
class ToolCallFinished(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step in which it ran.")
    tool: str = strawberry.field(description="The program.")
    exit_code: int | None = strawberry.field(
        description="Its exit code; null for what is no program, and for one that did not start or was killed."
    )
    duration_ms: int = strawberry.field(description="How long it ran, in milliseconds.")
    state: ToolCallState | None = strawberry.field(
        name="callState", description="How it ended; null when it was recorded by a version that did not say so."
    )
    tool_call = strawberry.field(_tool_call, graphql_type=ToolCall | None, description="What was recorded of it.")


@tells(domain.ModelSpoke)
@strawberry.type(description="A language model says something, and has not said all yet.")
class ModelSpoke(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step that asked it.")
    model: str = strawberry.field(name="modelName", description="Its name.")
    part: str = strawberry.field(
        name="spokenPart",
        description="TEXT, THINKING, or ARGUMENTS: of its answer, or of a tool that does not keep them out of records.",
    )
    offset: int = strawberry.field(description="Characters that it said before, in this request.")
    text: str = strawberry.field(description="What it says.")
    tool_call = strawberry.field(_tool_call, graphql_type=ToolCall | None, description="What was recorded of it.")


def _cost(root: Parent[domain.EventRecord]) -> Decimal | None:
    cost = cast("domain.ModelAnswered", root.event).cost
    return None if cost is None else Decimal(cost)


@tells(domain.ModelAnswered)
@strawberry.type(description="A language model has said all it had to say to one request.")
class ModelAnswered(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step that asked it.")
    model: str = strawberry.field(name="modelName", description="Its name.")
    text: str = strawberry.field(
        description="Its answer, or the arguments of what it calls unless that keeps them out of records. "
        "Up to 16,000 characters; toolCall.result has all of it."
    )
    finish_reason: str | None = strawberry.field(
        description="Why it stopped: stop, length, tool_call, content_filter or error; null when it does not say."
    )
    input_tokens: int | None = strawberry.field(
        description="Tokens that it was given; null when it does not say, and then it is charged at its worst."
    )
    output_tokens: int | None = strawberry.field(description="Tokens of its answer; null as inputTokens is.")
    cached_tokens: int | None = strawberry.field(
        description="Those of inputTokens that the provider had seen before; null as inputTokens is."
    )
    cost = strawberry.field(_cost, description="What it cost; null when nobody knows, which is not 0.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    tool_call = strawberry.field(_tool_call, graphql_type=ToolCall | None, description="What was recorded of it.")


async def _findings(root: Parent[domain.EventRecord], info: Info) -> list[DomainFinding]:
    event = cast("domain.FindingsRecorded", root.event)
    found = await asyncio.gather(*(info.context.load(findings.by_id, UUID(id_)) for id_ in event.finding_ids))
    return [finding for finding in found if finding is not None]


@tells(domain.FindingsRecorded)
@strawberry.type(description="A step's findings were stored.")
class FindingsRecorded(Event):
    """See the description."""

    step: str = strawberry.field(description="Name of the step.")
    new: int = strawberry.field(description="How many were not known before.")
    persisting: int = strawberry.field(description="How many were known.")
    waived: int = strawberry.field(description="How many are waived.")
    findings = strawberry.field(_findings, graphql_type=list[Finding], description="The findings, as they are now.")


@tells(domain.FindingsSettled)
@strawberry.type(description="The comparison with the last audit is complete: what was not found again is fixed.")
class FindingsSettled(Event):
    """See the description."""

    new: int = strawberry.field(description="How many were not known before.")
    persisting: int = strawberry.field(description="How many are still there.")
    fixed: int = strawberry.field(description="How many are gone.")
    waived: int = strawberry.field(description="How many are waived.")


async def _artifact(root: Parent[domain.EventRecord], info: Info) -> execution.Artifact | None:
    event = cast("domain.ArtifactStored", root.event)
    return await info.context.load(executions.artifacts_by_id, UUID(event.artifact_id))


def _size(root: Parent[domain.EventRecord]) -> float:
    return float(cast("domain.ArtifactStored", root.event).size)


@tells(domain.ArtifactStored)
@strawberry.type(description="A file was stored.")
class ArtifactStored(Event):
    """See the description."""

    name: str = strawberry.field(description="Its file name.")
    media_type: str = strawberry.field(description="What it is, for example application/sarif+json.")
    size = strawberry.field(_size, description="Bytes: a whole number that need not fit in 32 bits.")
    artifact = strawberry.field(_artifact, graphql_type=Artifact | None, description="The file.")


@tells(domain.AcceptanceChecked)
@strawberry.type(description="An acceptance check of the task was evaluated.")
class AcceptanceChecked(Event):
    """See the description."""

    name: str = strawberry.field(description="The name of the check.")
    kind: CheckKind = strawberry.field(name="checkKind", description="What it looks at.")
    passed: bool = strawberry.field(description="Whether it is met.")
    message: str = strawberry.field(description="What was found, in a sentence.")


@tells(domain.CancelRequested)
@strawberry.type(description="Somebody asked for the execution to be cancelled.")
class CancelRequested(Event):
    """See the description."""

    by: str = strawberry.field(description="Who.")


@tells(domain.ProcessGone)
@strawberry.type(description="No process of the execution is left.")
class ProcessGone(Event):
    """See the description."""

    reason: str = strawberry.field(description="What ended the last one.")


@tells(domain.ExecutionFinished)
@strawberry.type(description="The execution ended. It is its last event.")
class ExecutionFinished(Event):
    """See the description."""

    status: ExecutionStatus = strawberry.field(name="outcome", description="How it ended.")
    error_code: str | None = strawberry.field(description="A published code when it did not succeed.")
    error_message: str | None = strawberry.field(description="What went wrong, for a person.")
    error_severity: ErrorSeverity | None = strawberry.field(description="How grave that is; null when it is not known.")
