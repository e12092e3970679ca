"""What is asked below a task: it waits for its parts, and they for a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.mcp.api import Api
from server.mcp.documents import ASKED_BELOW
from server.mcp.results import Approval, Task
from server.mcp.showing import cursor_behind, shown_task

ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"})
"""States of a task that is over."""
PAGE = 100


async def shown_with_below(api: Api, task: Mapping[str, Any]) -> Task:
    """A task as ``TASK`` shows it, with what its agent asks, and what the agents of the tasks below it ask."""
    shown = shown_task(task)
    if task["status"] in ENDED or task["latestExecution"] is None:
        return shown
    asked = await _asked_below(api, task["id"])
    said = [f"{_name(one)} asks: {one.action.summary}" for one in asked]
    return shown.model_copy(
        update={"waits_for": [*shown.waits_for, *said], "approvals": [*shown.approvals, *asked]},
    )


async def _asked_below(api: Api, task_id: str) -> list[Approval]:
    found: list[Approval] = []
    after = None
    while True:
        page = (await api.query(ASKED_BELOW, {"first": PAGE, "after": after}))["awaitingApprovals"]
        found += [Approval.model_validate(one) for one in page["nodes"] if _is_below(one["task"], task_id)]
        after = cursor_behind(page)
        if after is None:
            return found


def _is_below(task: Mapping[str, Any] | None, task_id: str) -> bool:
    above = None if task is None else task["parent"]
    while above is not None:
        if above["id"] == task_id:
            return True
        above = above.get("parent")
    return False


def _name(approval: Approval) -> str:
    return "A task" if approval.task is None else f"{approval.task.key} ({approval.task.title})"
