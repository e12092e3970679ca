"""Events: every change, as a typed fact. The event log is what subscriptions, history and replay read.

An event of an execution has a ``sequence`` without gaps. Every event that belongs in a feed across executions has a
position ``(xact, id)``, which is shown only once nothing can get in front of it any more; log lines and progress stay
out of the feeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated:
    """A project was created."""

    project_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated:
    """A task was created."""

    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUpdated:
    """Fields of a task were changed."""

    fields: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeleted:
    """A task was deleted, with its executions."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatusChanged:
    """A task went from one state to another."""

    previous: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyAdded:
    """The task now waits for another one."""

    depends_on_id: str
    on_failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyRemoved:
    """The task no longer waits for another one."""

    depends_on_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingStateChanged:
    """A person changed the state of a finding."""

    finding_id: str
    previous: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionQueued:
    """An attempt was created and enqueued."""

    number: int
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted:
    """A worker took the execution; ``epoch`` is above 1 when it was back in the queue before."""

    worker_id: str
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRequeued:
    """The execution went back to the queue, its finished steps kept: its worker stopped or died."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePrepared:
    """The execution has its own snapshot of the source; ``state`` names exactly what it is."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step began its given attempt."""

    step: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSucceeded:
    """A step is done, and what it recorded is stored."""

    step: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFailed:
    """An attempt at a step failed."""

    step: str
    message: str
    will_retry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressChanged:
    """The agent said how far it is."""

    done: int
    total: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogWritten:
    """Lines of the execution's log; ``first_line`` is the 1-based number of the first of them."""

    step: str
    first_line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallFinished:
    """A tool ended; ``exit_code`` is null when it could not be started or was killed."""

    tool_call_id: str
    step: str
    tool: str
    exit_code: int | None
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsRecorded:
    """A step's findings were stored."""

    step: str
    new: int
    persisting: int
    waived: int
    finding_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingsSettled:
    """The baseline is closed: what was not found again is fixed."""

    new: int
    persisting: int
    fixed: int
    waived: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactStored:
    """A file was stored."""

    artifact_id: str
    name: str
    media_type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody asked for the execution to be cancelled."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessGone:
    """No process of the execution is left."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFinished:
    """The execution ended."""

    status: str
    error_code: str | None = None
    error_message: str | None = None


ExecutionEvent: TypeAlias = (
    ExecutionQueued
    | ExecutionStarted
    | ExecutionRequeued
    | SourcePrepared
    | StepStarted
    | StepSucceeded
    | StepFailed
    | ProgressChanged
    | LogWritten
    | ToolCallFinished
    | FindingsRecorded
    | FindingsSettled
    | ArtifactStored
    | CancelRequested
    | ProcessGone
    | ExecutionFinished
)
WorkspaceEvent: TypeAlias = (
    ProjectCreated
    | TaskCreated
    | TaskUpdated
    | TaskDeleted
    | TaskStatusChanged
    | DependencyAdded
    | DependencyRemoved
    | FindingStateChanged
)
Event: TypeAlias = WorkspaceEvent | ExecutionEvent

QUIET: tuple[type, ...] = (LogWritten, ProgressChanged)
"""Events too many for the feeds: they are read with their execution only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an event is about."""

    workspace_id: UUID
    project_id: UUID | None = None
    task_id: UUID | None = None
    execution_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """A row of the event log.

    ``sequence`` counts from 1 within an execution, and is ``None`` for events that belong to no execution.
    ``xact`` and ``id`` give the position in the feeds. What it does not have itself it takes from its event: to a
    reader both are one thing.
    """

    id: int
    xact: int
    subject: Subject
    sequence: int | None
    at: datetime
    actor: str
    event: Event

    if not TYPE_CHECKING:  # a checker is to know what it has itself

        def __getattr__(self, name: str) -> object:
            """A field of the event."""
            if name == "event" or name.startswith("__"):
                raise AttributeError(name)
            return getattr(self.event, name)
