"""Events of projects, tasks, dependencies and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectCreated:
    """A project was created."""

    project_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCreated:
    """A task was created."""

    key: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUpdated:
    """Fields of a task were changed."""

    fields: tuple[str, ...]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeleted:
    """A task was deleted, with its executions."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskStatusChanged:
    """A task went from one state to another."""

    previous: str
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyAdded:
    """The task now waits for another one."""

    depends_on_id: str
    on_failure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyRemoved:
    """The task no longer waits for another one."""

    depends_on_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingStateChanged:
    """A person changed the state of a finding."""

    finding_id: str
    previous: str
    state: str


WorkspaceEvent: TypeAlias = (
    ProjectCreated
    | TaskCreated
    | TaskUpdated
    | TaskDeleted
    | TaskStatusChanged
    | DependencyAdded
    | DependencyRemoved
    | FindingStateChanged
)
