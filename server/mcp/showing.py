"""Answers of the API as results of tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server.mcp.results import Approval, Task


def shown_task(task: Mapping[str, Any]) -> Task:
    """A task, with the reasons why it waits as sentences and what its agent asks."""
    reasons = task["blockedBy"]
    asked = [Approval.model_validate(one["approval"]) for one in reasons if one["__typename"] == "WaitsForApproval"]
    found = Task.model_validate(task)
    return found.model_copy(update={"waits_for": [sentence_of(one) for one in reasons], "approvals": asked})


def cursor_behind(connection: Mapping[str, Any]) -> str | None:
    """Where the next page begins; ``None`` when there is none."""
    page = connection["pageInfo"]
    return str(page["endCursor"]) if page["hasNextPage"] else None


def sentence_of(reason: Mapping[str, Any]) -> str:
    """Why a task waits."""
    match reason["__typename"]:
        case "WaitsForDependency":
            return f"It waits for {reason['task']['key']} ({reason['task']['title']})."
        case "WaitsForSlot":
            return f"{reason['agentKind']} works on {reason['running']} executions; {reason['limit']} are the limit."
        case "WaitsForWorker":
            return f"No worker offers {reason['agentKind']}: start one with `wrenchai worker`."
        case "WaitsForRoom":
            return f"The workers that offer {reason['agentKind']} have no room on their disks."
        case "WaitsForTime":
            return f"The next attempt starts at {reason['until']}."
        case "WaitsForApproval":
            return f"Its agent asks: {reason['approval']['action']['summary']}"
        case "WaitsForChildren":
            return "It waits for tasks that its agent has other agents do."
        case "WaitsForMessage":
            types = ", ".join(reason["messageTypes"])
            what = f"a message ({types}) for {reason['name']}" if types else f"an answer to {reason['name']}"
            until = f" until {reason['expiresAt']}" if reason["expiresAt"] else ""
            return f"It waits for {what}{until}."
        case "WaitsForBudget":
            budget = reason["budget"]
            return f"A budget ({budget['scope']}, {budget['unit']}) is used up: {budget['spent']} of {budget['limit']}."
        case other:
            return f"It waits: {other}."
