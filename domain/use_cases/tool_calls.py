"""The ledger of tool calls: what is about to be called is recorded first, and how it ended afterwards.

Every write is fenced by the lease, so a worker that has lost its execution begins no call that it was to record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from domain.events import Event, RecoveryAttempted, ToolCallFinished, ToolCallStarted, ToolCallUncertain
from domain.execution import Artifact, ToolCall
from domain.lease import Lease
from domain.ports import UnitOfWork
from domain.prices import Price, Quote
from domain.recovery import POLICIES, ErrorClass
from domain.states import LEFT_OPEN, ToolCallState


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A call that is wanted. ``arguments`` is what is shown of them, the hash covers all.

    ``replayed`` says that the result of one that has succeeded is good enough, so that it need not be made again.
    ``price`` is what the tool itself says a call costs, ``quote`` what this one takes at worst where that is known.
    """

    step_name: str
    tool: str
    version: str | None
    arguments: tuple[str, ...]
    arguments_hash: str
    idempotency_key: str
    repeatable: bool
    replayed: bool
    price: Price | None = None
    quote: Quote | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """The call is recorded as begun: make it, then record its end."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Recorded:
    """The call was made before and has succeeded: use its result."""

    call: ToolCall


@dataclass(frozen=True, slots=True)
class Uncertain:
    """The call may have been made before, and must not be made twice: ask somebody."""

    call: ToolCall


async def begin_tool_call(
    uow: UnitOfWork, lease: Lease, intent: Intent, *, under_way: Collection[UUID] = (), allowed: UUID | None = None
) -> Begun | Recorded | Uncertain:
    """Record that a call is about to be made, unless it was made before.

    ``under_way`` are the calls that the caller is making at the moment. ``allowed`` is a call whose end nobody saw, and
    of which somebody said that it may be made again. The arguments of a call may be others when its step is run anew,
    so any call of the same tool in the same step whose end nobody saw stands in the way of another one.

    Raises:
        LeaseLost: another worker has the execution by now.
    """
    known = await uow.tool_calls.latest(lease.execution_id, intent.idempotency_key)
    if known is not None and known.state is ToolCallState.SUCCEEDED and intent.replayed:
        return Recorded(known)
    before = known if known is not None and known.state in LEFT_OPEN else None
    if before is None and not intent.repeatable:
        before = await uow.tool_calls.left_open(lease.execution_id, intent.step_name, intent.tool, under_way)
    if before is not None and not intent.repeatable and before.id != allowed:
        return Uncertain(await _doubted(uow, lease, before))
    events: list[Event] = []
    if before is not None:
        await uow.tool_calls.put(interrupted(before))
        events += [finished_event(before)] if before.state is ToolCallState.STARTED else []
    call = ToolCall(
        id=uow.new_id(),
        execution_id=lease.execution_id,
        step_name=intent.step_name,
        tool=intent.tool,
        version=intent.version,
        arguments=intent.arguments,
        arguments_hash=intent.arguments_hash,
        exit_code=None,
        state=ToolCallState.STARTED,
        attempt=1 if known is None else known.attempt + 1,
        idempotency_key=intent.idempotency_key,
        repeatable=intent.repeatable,
        started_at=uow.now,
    )
    await _append(uow, lease, [*events, started_event(call)])
    await uow.tool_calls.put(call)
    return Begun(call)


async def end_tool_call(
    uow: UnitOfWork, lease: Lease, call: ToolCall, artifacts: Sequence[Artifact] = (), events: Sequence[Event] = ()
) -> None:
    """Record how a call ended. ``artifacts`` are the files that it has kept, its result among them when it is large;
    ``events`` are what else is to be told of its end."""
    asking = [_asking(call)] if call.state is ToolCallState.UNCERTAIN else []
    await _append(uow, lease, [*events, ended_event(call), *asking])
    await uow.tool_calls.put(call)
    if artifacts:
        await uow.executions.insert_artifacts(artifacts)


async def record_tool_call(uow: UnitOfWork, lease: Lease, call: ToolCall) -> None:
    """Record a call that has begun and ended already."""
    await _append(uow, lease, [started_event(call), ended_event(call)])
    await uow.tool_calls.put(call)


def interrupted(call: ToolCall) -> ToolCall:
    """The call as one whose end nobody saw, and that may be made again."""
    return replace(call, state=ToolCallState.INTERRUPTED, error="its worker went away before it had ended")


def doubted(call: ToolCall) -> ToolCall:
    """The call as one of which nobody knows whether it has had its effect."""
    message = (
        f"{call.tool} was called in the step {call.step_name} and its end was not seen, so it may have done its work "
        "or not. It must not be done twice, so it was not called again."
    )
    return replace(call, state=ToolCallState.UNCERTAIN, error=message)


def started_event(call: ToolCall) -> ToolCallStarted:
    """What the log says when a call begins."""
    return ToolCallStarted(tool_call_id=str(call.id), step=call.step_name, tool=call.tool, attempt=call.attempt)


def ended_event(call: ToolCall) -> ToolCallFinished | ToolCallUncertain:
    """What the log says when a call is over."""
    if call.state is not ToolCallState.UNCERTAIN:
        return finished_event(call)
    message = call.error or ""
    return ToolCallUncertain(tool_call_id=str(call.id), step=call.step_name, tool=call.tool, message=message)


def finished_event(call: ToolCall) -> ToolCallFinished:
    """What the log says when a call has ended."""
    return ToolCallFinished(
        tool_call_id=str(call.id),
        step=call.step_name,
        tool=call.tool,
        exit_code=call.exit_code,
        duration_ms=round(call.duration.total_seconds() * 1000),
        state=call.state,
    )


def _asking(call: ToolCall) -> RecoveryAttempted:
    """What is done about a call of which nobody knows whether it has had its effect."""
    found = ErrorClass.EFFECT_UNCERTAIN
    return RecoveryAttempted(
        step=call.step_name,
        error_class=found,
        severity=POLICIES[found].severity,
        action=POLICIES[found].action,
        attempt=call.attempt,
        pause_ms=0,
        message=f"{call.tool} is called again only when somebody has looked and allows it.",
    )


async def _doubted(uow: UnitOfWork, lease: Lease, call: ToolCall) -> ToolCall:
    if call.state is ToolCallState.UNCERTAIN:
        return call
    call = doubted(call)
    await _append(uow, lease, [ended_event(call), _asking(call)])
    await uow.tool_calls.put(call)
    return call


async def _append(uow: UnitOfWork, lease: Lease, events: list[Event]) -> None:
    await uow.events.append(lease.subject, events, actor=lease.actor, epoch=lease.epoch)
