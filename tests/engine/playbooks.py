"""Running playbooks on the board, with the probe as the agent of their steps."""

from __future__ import annotations

from typing import Any

from tests.engine.conftest import Board

REPORT = """query ($id: ID!) { task(by: { id: $id }) {
  status statusReason
  children(first: 100) { nodes {
    key title status agentKind labels dependencies(first: 50) { nodes { dependsOn { key } onFailure } }
  } }
  latestExecution {
    id status error { code message } waitedMs evidence { verdict }
    steps(first: 50) { nodes { name status attempt } }
    events(first: 100) { nodes { __typename ... on ExecutionRequeued { reason } } }
    result { ... on PlaybookReport {
      playbook passed outputs problems
      steps { step status reason fansOut tasks { key item status reason outputs task { title } } }
    } }
  }
} }"""


async def start(board: Board, name: str, document: str, **inputs: Any) -> None:
    """Dispatch a task that runs the document."""
    await board.create(
        {"title": name, "clientKey": name, "agent": "playbook", "inputs": {"document": document, "inputs": inputs}}
    )


async def seen(board: Board, name: str) -> dict[str, Any]:
    """The task that runs it, with its report."""
    return dict((await board.client.query(REPORT, {"id": board.ids[name]}))["task"])


async def ended(board: Board, name: str, status: str = "COMPLETED") -> dict[str, Any]:
    """The same, once the task is in this state."""
    await board.becomes(name, status)
    return await seen(board, name)


def by_step(task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What the report says of each step."""
    return {step["step"]: step for step in task["latestExecution"]["result"]["steps"]}
