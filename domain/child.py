"""Tasks that an execution has started as parts of its own, and how each of them ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.execution import StoredReport
from domain.states import TaskStatus

MOST_AT_ONCE = 1_000
"""Children of one batch."""
MOST_IN_ALL = 5_000
"""Children of one execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOutcome:
    """How a child ended. ``position`` is its place in the batch, from 0. Without a task somebody has deleted it."""

    position: int
    task_id: UUID | None = None
    key: str | None = None
    status: TaskStatus = TaskStatus.CANCELLED
    reason: str | None = None
    report: StoredReport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A child whose parent's execution has ended before it did."""

    execution_id: UUID
    workspace_id: UUID
    task_id: UUID
