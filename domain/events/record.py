"""Events as they stand in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from domain.events.approval import ApprovalEvent
from domain.events.execution import ExecutionEvent, LogWritten, ModelSpoke, ProgressChanged
from domain.events.ledger import LedgerEvent
from domain.events.memory import MemoryEvent
from domain.events.message import MessageEvent
from domain.events.workspace import WorkspaceEvent

Event: TypeAlias = WorkspaceEvent | LedgerEvent | ExecutionEvent | ApprovalEvent | MemoryEvent | MessageEvent

QUIET: tuple[type, ...] = (LogWritten, ProgressChanged, ModelSpoke)
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
