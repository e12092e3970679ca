"""What an execution is made of: steps, and the tool calls in them."""

from __future__ import annotations

from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import Parent

import domain.execution as domain
from domain.states import StepStatus, ToolCallState
from resolvers import executions
from schema.node import Node, represents
from schema.scalars import JSON
from schema.together import loaded

if TYPE_CHECKING:
    from schema.execution import Execution

LazyExecution = Annotated["Execution", strawberry.lazy("schema.execution")]


def milliseconds(span: timedelta | None) -> float | None:
    """Whole milliseconds, as a number that need not fit in 32 bits."""
    return None if span is None else float(span // timedelta(milliseconds=1))


def _step_duration(root: Parent[domain.Step]) -> float | None:
    return milliseconds(root.duration)


_execution = loaded(executions.by_id, attrgetter("execution_id"))


@represents(domain.Step)
@strawberry.type(description="A unit of an execution. Once it is done, it is never done again, whatever happens.")
class Step(Node):
    """A checkpointed unit."""

    position: int = strawberry.field(description="Its place in the order in which steps began, from 1.")
    name: str = strawberry.field(description="Its name, the only one of this name in its execution.")
    status: StepStatus = strawberry.field(description="Where it is in its life.")
    attempt: int = strawberry.field(description="Which attempt this is, from 1.")
    error: str | None = strawberry.field(description="Why its last attempt failed.")
    started_at: datetime = strawberry.field(description="When its last attempt began.")
    finished_at: datetime | None = strawberry.field(description="When its last attempt ended; null while it runs.")
    duration_ms = strawberry.field(_step_duration, description="How long its last attempt took, in milliseconds.")
    execution = strawberry.field(
        _execution, graphql_type=LazyExecution | None, description="The execution it is part of."
    )


def _call_duration(root: Parent[domain.ToolCall]) -> float:
    return milliseconds(root.duration) or 0.0


def _output_bytes(root: Parent[domain.ToolCall]) -> float:
    return float(root.output_bytes)


def _finished(root: Parent[domain.ToolCall]) -> datetime:
    return root.finished_at or root.started_at


@represents(domain.ToolCall)
@strawberry.type(
    description="A call of a tool that the platform made for an agent, as the platform recorded it: evidence."
)
class ToolCall(Node):
    """A recorded call of a tool."""

    step_name: str = strawberry.field(description="Name of the step in which it ran.")
    tool: str = strawberry.field(description="The program, or the typed tool.")
    state: ToolCallState = strawberry.field(description="Where it is in its life.")
    attempt: int = strawberry.field(description="How many times this call has been made in its execution, with this.")
    idempotency_key: str | None = strawberry.field(
        description="The same for every attempt at this call; services that take such keys were given it."
    )
    repeatable: bool = strawberry.field(description="Whether doing it twice does no harm.")
    result: JSON | None = strawberry.field(
        description="What a typed tool answered, secrets removed; null for a program, and when it is a large one: then "
        "an artifact holds it."
    )
    cpu_seconds: float | None = strawberry.field(description="Processor time it took; null when it was not measured.")
    sandbox: str | None = strawberry.field(description="The sandbox it ran in; null when it ran in none.")
    secrets: list[str] = strawberry.field(description="Names of the secrets it was given.")
    version: str | None = strawberry.field(description="Its version, null when it is not known.")
    arguments: list[str] = strawberry.field(description="What it was called with, secrets removed.")
    arguments_hash: str = strawberry.field(description="SHA-256 of the arguments, in hex.")
    exit_code: int | None = strawberry.field(description="Its exit code; null when it did not start or was killed.")
    error: str | None = strawberry.field(description="Why it did not start, or who killed it.")
    output_sha256: str | None = strawberry.field(description="SHA-256 of its output, in hex.")
    output_bytes = strawberry.field(_output_bytes, description="Size of its output in bytes, a whole number.")
    started_at: datetime = strawberry.field(description="When it began.")
    finished_at = strawberry.field(
        _finished, description="When it ended; when it began, as long as its state says that nobody has seen its end."
    )
    duration_ms = strawberry.field(_call_duration, description="How long it ran, in milliseconds.")
    execution = strawberry.field(
        _execution, graphql_type=LazyExecution | None, description="The execution it was run for."
    )
