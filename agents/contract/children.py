"""Tasks that an agent has done by other agents, as parts of its own task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from domain.acceptance import AcceptanceCheck
from domain.states import TaskStatus
from domain.task import Priority, RetryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A task to be. ``after`` are ended tasks that it came of: edges that show in the graph, and hold nothing up."""

    title: str
    agent: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""
    priority: Priority = Priority.NORMAL
    labels: tuple[str, ...] = ()
    timeout: timedelta | None = None
    retry: RetryPolicy = RetryPolicy()
    acceptance_checks: tuple[AcceptanceCheck, ...] = ()
    after: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildResult:
    """How a child ended. ``report`` is what its last execution reported, as JSON; ``reason`` says why it did not
    complete. Without a task somebody has deleted it."""

    status: TaskStatus
    task_id: UUID | None = None
    key: str | None = None
    reason: str | None = None
    report: Mapping[str, Any] | None = None

    @property
    def completed(self) -> bool:
        """Whether it succeeded, on evidence."""
        return self.status is TaskStatus.COMPLETED
