"""A task: a piece of work for one agent, and the dependencies between tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Any
from uuid import UUID

from domain.acceptance import AcceptanceCheck
from domain.states import TaskStatus


class Priority(IntEnum):
    """Order in the queue: a lower number is taken first."""

    URGENT = 1
    HIGH = 2
    NORMAL = 3
    LOW = 4


class OnFailure(StrEnum):
    """What a dependent does when the task it depends on ends without completing."""

    BLOCK = "BLOCK"
    SKIP = "SKIP"
    CONTINUE = "CONTINUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How many executions a task gets before it is failed, and the pause between them.

    The pause before attempt ``n + 1`` is ``backoff * 2 ** (n - 1)``, at most one hour.
    """

    max_attempts: int = 1
    backoff: timedelta = timedelta(seconds=5)

    def pause_after(self, attempt: int) -> timedelta:
        """Pause after the failed attempt with the given number (1 is the first)."""
        doublings = min(attempt - 1, 30)
        return min(self.backoff * (1 << doublings), timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A piece of work for one agent. ``dispatched_by`` is who dispatched or retried it last.

    ``parent_id`` is the task that it is a part of. It never changes: what a task spends is in the accounts of its
    parents, too. A parent waits for its children only where a dependency says so.
    """

    id: UUID
    workspace_id: UUID
    project_id: UUID
    parent_id: UUID | None = None
    number: int
    key: str
    title: str
    description: str = ""
    status: TaskStatus = TaskStatus.PENDING
    status_reason: str | None = None
    priority: Priority = Priority.NORMAL
    agent: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timeout: timedelta | None = None
    retry: RetryPolicy = RetryPolicy()
    acceptance_checks: tuple[AcceptanceCheck, ...] = ()
    attempts: int = 0
    scheduled_for: datetime | None = None
    dispatched_by: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """An edge of the DAG: ``task_id`` waits for ``depends_on_id``."""

    id: UUID
    workspace_id: UUID
    task_id: UUID
    depends_on_id: UUID
    on_failure: OnFailure = OnFailure.BLOCK
    created_at: datetime
