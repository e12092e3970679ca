"""Events: every change, as a typed fact. The event log is what subscriptions, history and replay read.

An event of an execution has a ``sequence`` without gaps. Every event that belongs in a feed across executions has a
position ``(xact, id)``, which is shown only once nothing can get in front of it any more; log lines and progress stay
out of the feeds.
"""

from domain.events.execution import (
    ArtifactStored,
    CancelRequested,
    ExecutionEvent,
    ExecutionFinished,
    ExecutionQueued,
    ExecutionRequeued,
    ExecutionStarted,
    FindingsRecorded,
    FindingsSettled,
    LogWritten,
    ProcessGone,
    ProgressChanged,
    SourcePrepared,
    StepFailed,
    StepStarted,
    StepSucceeded,
    ToolCallFinished,
    ToolCallStarted,
    ToolCallUncertain,
)
from domain.events.record import QUIET, Event, EventRecord, Subject
from domain.events.workspace import (
    DependencyAdded,
    DependencyRemoved,
    FindingStateChanged,
    ProjectCreated,
    TaskCreated,
    TaskDeleted,
    TaskStatusChanged,
    TaskUpdated,
    WorkspaceEvent,
)

__all__ = [
    "QUIET",
    "ArtifactStored",
    "CancelRequested",
    "DependencyAdded",
    "DependencyRemoved",
    "Event",
    "EventRecord",
    "ExecutionEvent",
    "ExecutionFinished",
    "ExecutionQueued",
    "ExecutionRequeued",
    "ExecutionStarted",
    "FindingStateChanged",
    "FindingsRecorded",
    "FindingsSettled",
    "LogWritten",
    "ProcessGone",
    "ProgressChanged",
    "ProjectCreated",
    "SourcePrepared",
    "StepFailed",
    "StepStarted",
    "StepSucceeded",
    "Subject",
    "TaskCreated",
    "TaskDeleted",
    "TaskStatusChanged",
    "TaskUpdated",
    "ToolCallFinished",
    "ToolCallStarted",
    "ToolCallUncertain",
    "WorkspaceEvent",
]
