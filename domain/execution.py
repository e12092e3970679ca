"""An execution: one attempt of an agent at a task, with its steps, tool calls and artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.recovery import ErrorSeverity
from domain.states import ExecutionStatus, StepStatus, ToolCallState

PLATFORM_STEPS = "platform:"
"""How the names of the platform's own steps begin. No step of an agent may be called so: it would be taken for one."""
MOST_UNITS = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an execution is: ``done`` of ``total`` units, each from 0 to 2,147,483,647.

    Raises:
        ValueError: they are not.
    """

    done: int = 0
    total: int = 0
    message: str = ""

    def __post_init__(self) -> None:
        for number in (self.done, self.total):
            if not isinstance(number, int) or not 0 <= number <= MOST_UNITS:
                raise ValueError(f"Progress is counted in whole numbers from 0 to {MOST_UNITS:,}, not {number!r:.100}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionError:
    """Why an execution did not succeed. ``code`` is published; the message is for a person."""

    code: str
    message: str
    severity: ErrorSeverity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReport:
    """What is known of a crash: mostly that a worker died with the execution in its hands.

    ``steps`` are the names of those that were under way: what it did last is in one of them. None were when it happened
    between steps. ``tools`` are those that had been called in them and had not ended.
    """

    at: datetime
    reason: str
    worker_id: UUID | None
    steps: tuple[str, ...]
    tools: tuple[str, ...] = ()

    def __str__(self) -> str:
        during = f"during {', '.join(repr(step) for step in self.steps)}" if self.steps else "between steps"
        during += f" in {', '.join(self.tools)}" if self.tools else ""
        return f"{self.at:%Y-%m-%d %H:%M:%S} UTC {during} on worker {self.worker_id}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One attempt of an agent at a task.

    ``sequence`` is the number of its last event. ``epoch`` numbers its segments: it is raised whenever the execution
    goes back to the queue, and a write that carries an older one is refused, so a worker that was frozen and thaws
    cannot write. ``crashes`` counts the workers that died with it, and ``crash_reports`` says what is known of each.
    ``waited`` is how long it has waited for others, each time until a worker took it again; ``paused_at`` is when it
    began to wait, if it does. ``traceparent`` (W3C Trace Context) is where it was dispatched, ``segment_traceparent``
    its latest segment; ``None`` when nobody traced.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    task_id: UUID
    number: int
    agent: str
    status: ExecutionStatus = ExecutionStatus.QUEUED
    progress: Progress = Progress()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    error: ExecutionError | None = None
    source_state: str | None = None
    worker_id: UUID | None = None
    epoch: int = 1
    crashes: int = 0
    crash_reports: tuple[CrashReport, ...] = ()
    traceparent: str | None = None
    segment_traceparent: str | None = None
    sequence: int = 0
    timeout: timedelta
    cancel_requested_at: datetime | None = None
    cancel_requested_by: str | None = None
    events_removed_to: int = 0
    process_gone_at: datetime | None = None
    waited: timedelta = timedelta()
    paused_at: datetime | None = None
    scheduled_for: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    created_at: datetime

    @property
    def duration(self) -> timedelta | None:
        """From the first start to the end; ``None`` until it has ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    def waited_until(self, now: datetime) -> timedelta:
        """How long it has waited for others up to ``now``."""
        return self.waited if self.paused_at is None else self.waited + max(now - self.paused_at, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """What an execution reported, as it is kept: apart from the execution, since it can be large and few ask for it.

    ``kind`` is the name of the report's model.
    """

    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A checkpointed unit of an execution. ``output`` is its recorded result, returned instead of running it again."""

    id: UUID
    execution_id: UUID
    position: int
    name: str
    status: StepStatus
    attempt: int
    output: Any = None
    error: str | None = None
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def duration(self) -> timedelta | None:
        """From start to end of its last attempt; ``None`` while it runs."""
        return None if self.finished_at is None else self.finished_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCounts:
    """How many tests a test runner says passed and failed (errors included), as the platform read it in its output."""

    passed: int
    failed: int

    __test__ = False  # not a class of tests, whatever pytest makes of its name


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool that the platform made for an agent, as the platform recorded it: before it began, and after.

    ``idempotency_key`` is the same whenever the same call is made again in its execution; ``attempt`` counts these,
    from 1. ``repeatable``: doing it twice does no harm. ``result`` is what a typed tool answered, where it is small
    enough to be kept here. ``secrets`` are the names of those it was given. ``sandbox`` is the one it ran in,
    ``cpu_seconds`` what it took, where that was measured. Until it has ended ``finished_at`` is ``None``, and it stays
    so when nobody saw the end.
    """

    id: UUID
    execution_id: UUID
    step_name: str
    tool: str
    version: str | None
    arguments: tuple[str, ...]
    arguments_hash: str
    exit_code: int | None
    error: str | None = None
    output_sha256: str | None = None
    output_bytes: int = 0
    state: ToolCallState = ToolCallState.SUCCEEDED
    attempt: int = 1
    idempotency_key: str | None = None
    repeatable: bool = True
    result: Any = None
    cpu_seconds: float | None = None
    sandbox: str | None = None
    secrets: tuple[str, ...] = ()
    tests: TestCounts | None = None
    started_at: datetime
    finished_at: datetime | None = None

    @property
    def duration(self) -> timedelta:
        """How long it ran; nothing when nobody saw its end."""
        return timedelta() if self.finished_at is None else self.finished_at - self.started_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that an execution produced; its bytes are in the artifact store under ``sha256``."""

    id: UUID
    workspace_id: UUID
    execution_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A process that runs executions. It is alive while its beat is younger than the lease.

    With ``short_of_room`` it begins nothing new: the disk of its data folder is nearly full.
    """

    id: UUID
    hostname: str
    pid: int
    version: str
    slots: int
    agents: tuple[str, ...]
    started_at: datetime
    beat_at: datetime
    short_of_room: bool = False
