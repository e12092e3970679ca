"""What callers ask for: the inputs of the use cases, already parsed but not yet checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from domain.acceptance import AcceptanceCheck
from domain.finding import FindingState
from domain.ledger import Place
from domain.message import MessageType
from domain.prices import Price
from domain.project import SourceKind
from domain.quality_gate import QualityGate
from domain.task import OnFailure, Priority, RetryPolicy
from domain.units import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """A source to be: a local folder or a git URL."""

    kind: SourceKind
    location: str
    revision: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProject:
    """A project to be. Without a key one is made of the name."""

    name: str
    key: str | None = None
    description: str = ""
    source: SourceDraft | None = None
    gate: QualityGate = QualityGate()


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyDraft:
    """An edge to be: to a task of the same request by its client key, or to an existing one by id."""

    client_key: str | None = None
    task_id: UUID | None = None
    on_failure: OnFailure = OnFailure.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentDraft:
    """The parent of a task to be: one of the same request by its client key, or an existing one by id."""

    client_key: str | None = None
    task_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDraft:
    """A task to be."""

    title: str
    agent: str
    client_key: str | None = None
    description: str = ""
    priority: Priority = Priority.NORMAL
    inputs: Mapping[str, Any] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    timeout: timedelta | None = None
    retry: RetryPolicy = RetryPolicy()
    acceptance_checks: tuple[AcceptanceCheck, ...] = ()
    depends_on: tuple[DependencyDraft, ...] = ()
    parent: ParentDraft | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTasks:
    """A whole DAG in one transaction; with ``dispatch`` it starts at once."""

    project_id: UUID
    tasks: tuple[TaskDraft, ...]
    dispatch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateTask:
    """Fields to change; what is not in ``changes`` stays. Names are those of ``domain.task.Task``."""

    task_id: UUID
    expected_version: int
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteTask:
    """A task to delete. One that has been executed is deleted only with ``including_history``."""

    task_id: UUID
    expected_version: int
    including_history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDependency:
    """An edge to add."""

    task_id: UUID
    depends_on_id: UUID
    on_failure: OnFailure = OnFailure.BLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDependency:
    """An edge to remove."""

    task_id: UUID
    depends_on_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFindingState:
    """A person's verdict on a finding: WAIVED, with a reason and perhaps an expiry, or PERSISTING to take it back."""

    finding_id: UUID
    expected_version: int
    state: FindingState
    reason: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchTasks:
    """Tasks to dispatch, all or none."""

    task_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryTask:
    """A task to try once more."""

    task_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTask:
    """A task to cancel, with the execution it may have."""

    task_id: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelExecution:
    """An execution to cancel."""

    execution_id: UUID
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideAction:
    """A verdict on what an agent asks. ``digest`` is that of the action one has read: no other is decided."""

    approval_id: UUID
    digest: str
    comment: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendMessage:
    """What a person says to the agent of a task, or only to one attempt at it: exactly one of the two ids is given."""

    task_id: UUID | None = None
    execution_id: UUID | None = None
    type: MessageType = MessageType.INFORM
    content: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    expires_in: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBudget:
    """How much of a unit may be reserved and spent in a place with all below it, in the unit's smallest part."""

    place: Place
    unit: Unit
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveBudget:
    """A budget to remove; what was spent stays in the ledger."""

    budget_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPrice:
    """What calls of a tool cost in this workspace from now on."""

    tool: str
    price: Price


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePrice:
    """A tool whose price in this workspace is to be removed: the one of the installation counts again, if there is."""

    tool: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTool:
    """A typed tool to call, in a project or, without one, in the workspace's own for that, which has no source."""

    tool: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    project_id: UUID | None = None
