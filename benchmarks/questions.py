"""The same questions to WrenchAI, to PostGraphile and to PostgreSQL, and the facts that each answer holds."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.data import POINT_ID
from schema import node_ids
from server.platform.wiring import DEFAULT_WORKSPACE

Facts = list[dict[str, Any]]
"""Tasks in order, each with its plain fields, and those of its dependencies and executions if they were asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A document with its variables, and how the facts are read out of the answer's ``data``."""

    document: str
    variables: Mapping[str, Any]
    facts: Callable[[Any], Facts]

    @property
    def content(self) -> dict[str, Any]:
        """What is posted."""
        return {"query": self.document, "variables": dict(self.variables)}

    def read(self, body: bytes) -> Facts:
        """The facts of an answer.

        Raises:
            ValueError: there are errors in it.
        """
        answer = json.loads(body)
        if answer.get("errors"):
            raise ValueError(f"the answer has errors: {answer['errors']}")
        return self.facts(answer["data"])


SCREEN = Question(
    document="""
query Screen($first: Int!) { tasks(first: $first) { nodes {
  key title status
  dependencies { nodes { dependsOn { key status } } }
  executions(first: 5) { nodes { number status agent { kind } } }
} } }
""",
    variables={"first": 50},
    facts=lambda data: [
        {
            **task,
            "dependencies": [edge["dependsOn"] for edge in task["dependencies"]["nodes"]],
            "executions": [{**one, "agent": one["agent"]["kind"]} for one in task["executions"]["nodes"]],
        }
        for task in data["tasks"]["nodes"]
    ],
)

PEER_SCREEN = Question(
    document="""
query Screen($first: Int!, $workspace: UUID!) {
  allTasks(first: $first, condition: { workspaceId: $workspace }, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes {
    key title status
    dependenciesByTaskId(orderBy: [CREATED_AT_ASC, ROW_ID_ASC]) { nodes { taskByDependsOnId { key status } } }
    executionsByTaskId(first: 5, orderBy: [CREATED_AT_DESC, ROW_ID_DESC]) { nodes { number status agent } }
  } }
}
""",
    variables={"first": 50, "workspace": str(DEFAULT_WORKSPACE)},
    facts=lambda data: [
        {
            "key": task["key"],
            "title": task["title"],
            "status": task["status"],
            "dependencies": [edge["taskByDependsOnId"] for edge in task["dependenciesByTaskId"]["nodes"]],
            "executions": task["executionsByTaskId"]["nodes"],
        }
        for task in data["allTasks"]["nodes"]
    ],
)

POINT = Question(
    document="query Point($id: ID!) { task(by: { id: $id }) { key title status version } }",
    variables={"id": node_ids.encode("Task", POINT_ID)},
    facts=lambda data: [data["task"]],
)

PEER_POINT = Question(
    document="query Point($id: UUID!) { taskByRowId(rowId: $id) { key title status version } }",
    variables={"id": str(POINT_ID)},
    facts=lambda data: [data["taskByRowId"]],
)

ONE_STATEMENT = """
SELECT json_agg(row_to_json(screen)) FROM (
  SELECT t.key, t.title, t.status,
    (SELECT json_agg(json_build_object('key', o.key, 'status', o.status) ORDER BY d.created_at, d.id)
       FROM dependencies d JOIN tasks o ON o.id = d.depends_on_id WHERE d.task_id = t.id) AS dependencies,
    (SELECT json_agg(json_build_object('number', e.number, 'status', e.status, 'agent', e.agent)) FROM
      (SELECT * FROM executions e WHERE e.task_id = t.id ORDER BY created_at DESC, id DESC LIMIT 5) e) AS executions
  FROM tasks t WHERE t.workspace_id = $1 ORDER BY t.created_at DESC, t.id DESC LIMIT 50
) screen
"""
