"""What comes of the steps of a playbook, and how expressions see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.contract import ChildResult
from domain.playbooks.document import PlaybookStep
from domain.playbooks.expressions import Expression, ExpressionError
from domain.reports.playbook import PlaybookStepResult, PlaybookTask
from domain.states import TaskStatus

MOST_KEPT = 2_000_000
"""Characters of what is kept of a step."""


def result_of(
    step: PlaybookStep, status: TaskStatus, reason: str | None = None, tasks: list[PlaybookTask] | None = None
) -> PlaybookStepResult:
    """How the step came out."""
    title = step.title if isinstance(step.title, str) else step.id
    return PlaybookStepResult(
        step=step.id,
        title=title,
        status=status,
        reason=None if reason is None else reason[:2_000],
        fans_out=step.fans_out,
        may_fail=step.may_fail,
        tasks=tasks or [],
    )


def kept(result: PlaybookStepResult) -> PlaybookStepResult:
    """The result as it can be kept: each output is limited, and a thousand tasks may have many."""
    size = len(result.model_dump_json())
    if size <= MOST_KEPT:
        return result
    reason = f"its outputs have {size:,} characters in all; {MOST_KEPT:,} are the most: let them say less"
    bare = [task.model_copy(update={"outputs": {}, "item": None}) for task in result.tasks]
    return result.model_copy(update={"status": TaskStatus.FAILED, "reason": reason, "tasks": bare})


def task_of(step: PlaybookStep, item: Any, child: ChildResult, variables: Mapping[str, Any]) -> PlaybookTask:
    """How a task of the step came out. One whose outputs have no value has failed."""
    status, reason = child.status, child.reason
    outputs: dict[str, Any] = {}
    if child.completed:
        reason = None
        outputs, problems = evaluated(step.outputs, variables)
        if problems:
            status, reason = TaskStatus.FAILED, "; ".join(problems)
    return PlaybookTask(
        task_id=None if child.task_id is None else str(child.task_id),
        key=child.key,
        item=item,
        status=status,
        reason=reason,
        outputs=outputs,
    )


def shown_as(result: PlaybookStepResult) -> dict[str, Any]:
    """A step as expressions see it."""
    shown: dict[str, Any] = {"status": result.status.value, "reason": result.reason or ""}
    if not result.fans_out:
        return {**shown, "outputs": result.outputs}
    items = [
        {"item": one.item, "status": one.status.value, "reason": one.reason or "", "outputs": one.outputs}
        for one in result.tasks
    ]
    return {**shown, "items": items}


def evaluated(outputs: Mapping[str, Expression], variables: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The values of outputs, and why others have none."""
    values: dict[str, Any] = {}
    problems = []
    for name, expression in outputs.items():
        try:
            values[name] = expression.evaluate(variables)
        except ExpressionError as error:
            problems.append(f"the output {name!r} has no value: {error.reason}")
    return values, problems
