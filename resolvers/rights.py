"""What whoever asks may do with a thing in the state it is in: the same rules that the use cases apply."""

from __future__ import annotations

from dataclasses import dataclass

from domain.actor import Actor, Permission
from domain.execution import Execution
from domain.finding import Finding, FindingState
from domain.states import ACTIVE_TASK, ENDED_EXECUTION, ENDED_TASK, RETRYABLE_TASK, TaskStatus
from domain.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRights:
    """What may be done with a task."""

    dispatch: bool
    cancel: bool
    retry: bool
    edit: bool
    delete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionRights:
    """What may be done with an execution."""

    cancel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingRights:
    """What may be done with a finding."""

    waive: bool
    unwaive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRights:
    """What may be done with a project."""

    create_tasks: bool
    dispatch: bool
    triage_findings: bool


def of_task(actor: Actor, task: Task) -> TaskRights:
    """What the actor may do with the task."""
    dispatcher = actor.may(Permission.DISPATCH)
    editable = actor.may(Permission.WRITE_TASKS) and task.status not in ACTIVE_TASK
    return TaskRights(
        dispatch=dispatcher and task.status is TaskStatus.PENDING,
        cancel=dispatcher and task.status not in ENDED_TASK,
        retry=dispatcher and task.status in RETRYABLE_TASK,
        edit=editable,
        delete=editable,
    )


def of_execution(actor: Actor, execution: Execution) -> ExecutionRights:
    """What the actor may do with the execution."""
    live = execution.status not in ENDED_EXECUTION and execution.cancel_requested_at is None
    return ExecutionRights(cancel=actor.may(Permission.DISPATCH) and live)


def of_finding(actor: Actor, finding: Finding) -> FindingRights:
    """What the actor may do with the finding."""
    triager = actor.may(Permission.TRIAGE_FINDINGS)
    return FindingRights(
        waive=triager and finding.state is not FindingState.FIXED,
        unwaive=triager and finding.state is FindingState.WAIVED,
    )


def of_project(actor: Actor) -> ProjectRights:
    """What the actor may do with any project."""
    return ProjectRights(
        create_tasks=actor.may(Permission.WRITE_TASKS),
        dispatch=actor.may(Permission.DISPATCH),
        triage_findings=actor.may(Permission.TRIAGE_FINDINGS),
    )
