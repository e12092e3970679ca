"""What the graph asks for when it reads: filters, orders, and facts that belong together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.event_chain import EventHead
from domain.evidence import Evidence
from domain.finding import Finding, FindingState
from domain.pages import Direction
from domain.severity import Severity
from domain.states import ExecutionStatus, TaskStatus


class TaskOrderField(StrEnum):
    """What tasks can be ordered by."""

    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    PRIORITY = "PRIORITY"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """Order of a list of tasks; ties are broken by id."""

    field: TaskOrderField = TaskOrderField.CREATED_AT
    direction: Direction = Direction.DESC


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """Which tasks; conditions are joined by AND, an empty one does not limit."""

    project_id: UUID | None = None
    statuses: tuple[TaskStatus, ...] = ()
    agent: str | None = None
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionFilter:
    """Which executions."""

    statuses: tuple[ExecutionStatus, ...] = ()
    agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingFilter:
    """Which findings. The default leaves out what is fixed."""

    project_id: UUID | None = None
    states: tuple[FindingState, ...] = ()
    severities: tuple[Severity, ...] = ()
    rule: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedFilter:
    """Which events of a feed across executions; empty conditions do not limit. A message is one of both its tasks."""

    project_id: UUID | None = None
    task_ids: tuple[UUID, ...] = ()
    task_events_only: bool = False
    approval_events_only: bool = False
    message_events_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStart:
    """The oldest ``(xact, id)`` from which a feed can be resumed, and the era in which such positions were made.

    The era counts how often the database was restored from a backup: transaction ids mean nothing across that.
    """

    position: tuple[int, int] = (0, 0)
    era: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSighting:
    """A finding as one execution saw it."""

    finding: Finding
    state: FindingState


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """What is needed to say why a queued task waits.

    ``running`` counts the executions of each agent. ``offered`` are the agents of all live workers, ``short_of_room``
    those that only workers offer whose disk is nearly full.
    """

    running: Mapping[str, int]
    offered: frozenset[str]
    short_of_room: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFacts:
    """What is on record of an execution, counted, with the verdict once it has ended."""

    evidence: Evidence
    calls: int
    calls_failed: int
    tools: int
    artifacts: int
    artifact_bytes: int
    sandboxes: tuple[str, ...]
    events: EventHead
