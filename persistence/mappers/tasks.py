"""Rows of tasks and dependencies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from domain.states import TaskStatus
from domain.task import Dependency, OnFailure, Priority, RetryPolicy, Task
from persistence.mappers.acceptance import from_check, to_check
from persistence.mappers.rows import AnyRow

TASK_STATUS = {one.value: one for one in TaskStatus}

PRIORITY = {one.value: one for one in Priority}

ON_FAILURE = {one.value: one for one in OnFailure}


def to_task(row: AnyRow) -> Task:
    """A row of ``tasks``."""
    return Task(
        id=row["id"],
        workspace_id=row["workspace_id"],
        project_id=row["project_id"],
        parent_id=row["parent_id"],
        number=row["number"],
        key=row["key"],
        title=row["title"],
        description=row["description"],
        status=TASK_STATUS[row["status"]],
        status_reason=row["status_reason"],
        priority=PRIORITY[row["priority"]],
        agent=row["agent"],
        inputs=row["inputs"],
        requirements=tuple(row["requirements"]),
        constraints=tuple(row["constraints"]),
        labels=tuple(row["labels"]),
        metadata=row["metadata"],
        timeout=row["timeout"],
        retry=RetryPolicy(
            max_attempts=row["retry"]["maxAttempts"], backoff=timedelta(seconds=row["retry"]["backoffSeconds"])
        ),
        acceptance_checks=tuple(to_check(check) for check in row["acceptance_checks"]),
        attempts=row["attempts"],
        scheduled_for=row["scheduled_for"],
        dispatched_by=row["dispatched_by"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def from_task(task: Task) -> dict[str, Any]:
    """The values of a row of ``tasks``."""
    return {
        "id": task.id,
        "workspace_id": task.workspace_id,
        "project_id": task.project_id,
        "parent_id": task.parent_id,
        "number": task.number,
        "key": task.key,
        "title": task.title,
        "description": task.description,
        "status": task.status.value,
        "status_reason": task.status_reason,
        "priority": int(task.priority),
        "agent": task.agent,
        "inputs": dict(task.inputs),
        "requirements": list(task.requirements),
        "constraints": list(task.constraints),
        "labels": list(task.labels),
        "metadata": dict(task.metadata),
        "timeout": task.timeout,
        "retry": {"maxAttempts": task.retry.max_attempts, "backoffSeconds": task.retry.backoff.total_seconds()},
        "acceptance_checks": [from_check(check) for check in task.acceptance_checks],
        "attempts": task.attempts,
        "scheduled_for": task.scheduled_for,
        "dispatched_by": task.dispatched_by,
        "version": task.version,
        "created_at": task.created_at,
        "updated_at": task.updated_at,
    }


def to_dependency(row: AnyRow) -> Dependency:
    """A row of ``dependencies``."""
    return Dependency(
        id=row["id"],
        workspace_id=row["workspace_id"],
        task_id=row["task_id"],
        depends_on_id=row["depends_on_id"],
        on_failure=ON_FAILURE[row["on_failure"]],
        created_at=row["created_at"],
    )
