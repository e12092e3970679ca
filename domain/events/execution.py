"""Events of an execution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionQueued:
    """An attempt was created and enqueued."""

    number: int
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionStarted:
    """A worker took the execution; ``epoch`` is above 1 when it was back in the queue before.

    ``waited_ms`` is how long it had been due, at its first start.
    """

    worker_id: str
    epoch: int
    agent: str = ""
    waited_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRequeued:
    """The execution went back to the queue, its finished steps kept: its worker stopped or died, or what it waited
    for was decided."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionPaused:
    """No worker has the execution any more: it waits until somebody decides what its agent asked, or for messages.

    ``messages`` are the names under which it waits for these.
    """

    approval_ids: tuple[str, ...]
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWaitEnded:
    """What the agent waited for under this name does not come: its time has passed, or nobody is left to answer."""

    name: str
    request_id: str | None
    timed_out: bool
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
    error_class: str | None = None
    severity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryAttempted:
    """The platform did something about an error of a step, or decided that nothing can be done.

    ``attempt`` is the failed one, from 1; ``pause_ms`` is how long is waited before the next.
    """

    step: str
    error_class: str
    severity: str
    action: str
    attempt: int
    pause_ms: int
    message: str


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
class ToolCallStarted:
    """A tool is about to be called; ``attempt`` is above 1 when the same call was made before in this execution."""

    tool_call_id: str
    step: str
    tool: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallUncertain:
    """It is not known whether a call that must not be made twice has had its effect: nobody saw its end."""

    tool_call_id: str
    step: str
    tool: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallFinished:
    """A tool ended; ``exit_code`` is null for what is no program, and for one that did not start or was killed.

    ``state`` is null in events that were recorded before it was told.
    """

    tool_call_id: str
    step: str
    tool: str
    exit_code: int | None
    duration_ms: int
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpoke:
    """A part of what a language model says, while it says it.

    ``part`` is ``TEXT``, ``THINKING``, or ``ARGUMENTS`` of a tool that it calls; ``offset`` is how many characters of
    the answer came before.
    """

    tool_call_id: str
    step: str
    model: str
    part: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswered:
    """A language model has said all it had to say to one request.

    Tokens are ``None`` when the model does not say how many they were. ``cost`` is as people write it, ``None`` when
    nobody knows it. ``text`` is the beginning of the answer.
    """

    tool_call_id: str
    step: str
    model: str
    text: str
    finish_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cost: str | None
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
class AcceptanceChecked:
    """An acceptance check of the task came out so."""

    name: str
    kind: str
    passed: bool
    message: str


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
    error_severity: str | None = None
    agent: str = ""
    duration_ms: int | None = None


ExecutionEvent: TypeAlias = (
    ExecutionQueued
    | ExecutionStarted
    | ExecutionRequeued
    | ExecutionPaused
    | MessageWaitEnded
    | SourcePrepared
    | StepStarted
    | StepSucceeded
    | StepFailed
    | RecoveryAttempted
    | ProgressChanged
    | LogWritten
    | ToolCallStarted
    | ToolCallFinished
    | ToolCallUncertain
    | ModelSpoke
    | ModelAnswered
    | FindingsRecorded
    | FindingsSettled
    | ArtifactStored
    | AcceptanceChecked
    | CancelRequested
    | ProcessGone
    | ExecutionFinished
)
