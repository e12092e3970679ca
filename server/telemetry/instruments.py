"""Counters and histograms, fed from the events that transactions have committed: what is in the log is counted, once.

A label has few values: kinds of agents, names of tools, states, published codes. Of what plugins name themselves the
first hundred count each by itself, all further ones as ``other``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from opentelemetry.metrics import Meter

from agents.toolbox.known import FINDINGS, KNOWN_TOOLS, OK
from domain.events import (
    Event,
    ExecutionFinished,
    ExecutionQueued,
    ExecutionRequeued,
    ExecutionStarted,
    RecoveryAttempted,
    StepFailed,
    StepSucceeded,
    TaskStatusChanged,
    ToolCallFinished,
)
from domain.states import ToolCallState

MOST_NAMES = 100
WAITS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
"""Bounds of the buckets for waiting and for requests, in seconds."""
WORK = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Bounds of the buckets for what agents do, in seconds."""


class Names:
    """Keeps the number of values of a label small."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def of(self, name: str) -> str:
        """The name, or ``other`` when there are too many already."""
        if name not in self._known:
            if len(self._known) >= MOST_NAMES:
                return "other"
            self._known.add(name)
        return name


class Instruments:
    """The instruments of one process."""

    def __init__(self, meter: Meter) -> None:
        self._agents, self._tools, self._codes = Names(), Names(), Names()
        self._tasks = meter.create_counter("wrenchai.tasks", description="Tasks that came into a state.")
        self._queued = meter.create_counter("wrenchai.executions.queued", description="Executions created.")
        self._requeued = meter.create_counter(
            "wrenchai.executions.requeued", description="Executions whose worker stopped or died."
        )
        self._finished = meter.create_counter("wrenchai.executions.finished", description="Executions that ended.")
        self._errors = meter.create_counter(
            "wrenchai.executions.errors", description="Executions that ended with an error, by its code and severity."
        )
        self._wait = meter.create_histogram(
            "wrenchai.executions.wait",
            unit="s",
            description="From when an execution was due to its first start.",
            explicit_bucket_boundaries_advisory=WAITS,
        )
        self._duration = meter.create_histogram(
            "wrenchai.executions.duration",
            unit="s",
            description="From the first start of an execution to its end.",
            explicit_bucket_boundaries_advisory=WORK,
        )
        self._steps = meter.create_counter("wrenchai.steps", description="Attempts at steps that ended.")
        self._step_duration = meter.create_histogram(
            "wrenchai.steps.duration",
            unit="s",
            description="How long steps took that succeeded.",
            explicit_bucket_boundaries_advisory=WORK,
        )
        self._calls = meter.create_counter("wrenchai.tool_calls", description="Tool calls that ended.")
        self._call_duration = meter.create_histogram(
            "wrenchai.tool_calls.duration",
            unit="s",
            description="How long tool calls took.",
            explicit_bucket_boundaries_advisory=WORK,
        )
        self._recoveries = meter.create_counter(
            "wrenchai.recoveries", description="What was done about errors of steps and tools."
        )
        self._requests = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="How long HTTP requests took.",
            explicit_bucket_boundaries_advisory=WAITS,
        )

    def observe(self, events: Sequence[Event]) -> None:
        """Count what a transaction has committed."""
        for event in events:
            count = _COUNTED.get(type(event))
            if count is not None:
                count(self, event)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request."""
        labels: dict[str, str | int] = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": status,
        }
        self._requests.record(seconds, labels)

    def _task(self, event: TaskStatusChanged) -> None:
        self._tasks.add(1, {"status": event.status})

    def _queue(self, event: ExecutionQueued) -> None:
        self._queued.add(1, {"agent": self._agents.of(event.agent)})

    def _start(self, event: ExecutionStarted) -> None:
        if event.waited_ms is not None:
            self._wait.record(event.waited_ms / 1000, {"agent": self._agents.of(event.agent)})

    def _requeue(self, _: ExecutionRequeued) -> None:
        self._requeued.add(1)

    def _finish(self, event: ExecutionFinished) -> None:
        labels = {"agent": self._agents.of(event.agent), "status": event.status}
        self._finished.add(1, labels)
        if event.duration_ms is not None:
            self._duration.record(event.duration_ms / 1000, labels)
        if event.error_code is not None:
            severity = event.error_severity or "UNKNOWN"
            self._errors.add(1, {"code": self._codes.of(event.error_code), "severity": severity})

    def _step_done(self, event: StepSucceeded) -> None:
        self._steps.add(1, {"outcome": "succeeded"})
        self._step_duration.record(event.duration_ms / 1000)

    def _step_failed(self, event: StepFailed) -> None:
        self._steps.add(1, {"outcome": "retried" if event.will_retry else "failed"})

    def _call(self, event: ToolCallFinished) -> None:
        labels = {"tool": self._tools.of(event.tool), "end": _end_of(event)}
        self._calls.add(1, labels)
        self._call_duration.record(event.duration_ms / 1000, labels)

    def _recovery(self, event: RecoveryAttempted) -> None:
        self._recoveries.add(1, {"error_class": event.error_class, "severity": event.severity, "action": event.action})


def _end_of(event: ToolCallFinished) -> str:
    """``ok``, ``findings``, ``failed``, or ``not_ended``: it did not start, or was ended by us."""
    known = KNOWN_TOOLS.get(event.tool)
    if event.exit_code is None:
        if event.state == ToolCallState.SUCCEEDED:
            return "ok"
        return "failed" if event.state == ToolCallState.FAILED and known is None else "not_ended"
    meaning = known.exit_codes.get(event.exit_code) if known else None
    if event.exit_code == 0 or meaning == OK:
        return "ok"
    return "findings" if meaning == FINDINGS else "failed"


_COUNTED: dict[type, Callable[..., None]] = {
    TaskStatusChanged: Instruments._task,
    ExecutionQueued: Instruments._queue,
    ExecutionStarted: Instruments._start,
    ExecutionRequeued: Instruments._requeue,
    ExecutionFinished: Instruments._finish,
    StepSucceeded: Instruments._step_done,
    StepFailed: Instruments._step_failed,
    ToolCallFinished: Instruments._call,
    RecoveryAttempted: Instruments._recovery,
}
