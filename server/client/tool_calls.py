"""Calling a tool through the API, and what it answered."""

from __future__ import annotations

import json
from typing import Any

from server.client.audit import project_on
from server.client.graphql_client import GraphQLClient, GraphQLErrors, Refused

CALL_TOOL = """
mutation CallTool($input: CallToolInput!) {
  callTool(input: $input) {
    task { id key } execution { id number } errors { message code path }
  }
}
"""

TOOL_RESULT = """
query ToolResult($id: ID!) {
  execution(id: $id) {
    id number status durationMs
    error { code message }
    task { key }
    result { ... on ToolCallReport { tool toolVersion answer answerBytes artifact } }
  }
}
"""

ARTIFACTS = """
query ArtifactsOfCall($id: ID!, $after: Cursor) {
  execution(id: $id) { artifacts(first: 100, after: $after) { nodes { name url } pageInfo { hasNextPage endCursor } } }
}
"""

FIND_PROJECT = "query FindProject($by: ProjectReference!) { project(by: $by) { id } }"


async def call_tool(
    client: GraphQLClient, tool: str, arguments: Any, *, project: str | None, source: str | None
) -> dict[str, Any]:
    """``task`` and ``execution`` of the call.

    ``project`` is the key or the id of a project; ``source`` a folder or a git URL, for which one is made if need be.

    Raises:
        Refused: the API said no; its sentences, each on a line of its own.
    """
    request = {"tool": tool, "arguments": arguments}
    if source is not None:
        request["projectId"] = (await project_on(client, source, None))["id"]
    elif project is not None:
        request["projectId"] = await _project_named(client, project)
    payload: dict[str, Any] = (await client.query(CALL_TOOL, {"input": request}))["callTool"]
    if payload["errors"]:
        raise Refused("\n".join(error["message"] for error in payload["errors"]))
    return payload


async def answer_of(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    """How the call ended: the execution, with ``result`` when it succeeded, its ``answer`` in place however large.

    Raises:
        Refused: the execution or the file with its answer is gone.
    """
    execution: dict[str, Any] | None = (await client.query(TOOL_RESULT, {"id": execution_id}))["execution"]
    if execution is None:
        raise Refused("The execution is gone.")
    result = execution["result"]
    if result is not None and result["artifact"] is not None:
        result["answer"] = json.loads(await client.download(await _url_of(client, execution_id, result["artifact"])))
    return execution


async def _url_of(client: GraphQLClient, execution_id: str, name: str) -> str:
    """Where the artifact is; a tool may have kept hundreds of others."""
    after = None
    while True:
        execution = (await client.query(ARTIFACTS, {"id": execution_id, "after": after}))["execution"]
        none = {"nodes": [], "pageInfo": {"hasNextPage": False}}
        page: dict[str, Any] = none if execution is None else execution["artifacts"]
        for artifact in page["nodes"]:
            if artifact["name"] == name:
                return str(artifact["url"])
        if not page["pageInfo"]["hasNextPage"]:
            raise Refused(f"The artifact {name} with the answer is gone.")
        after = page["pageInfo"]["endCursor"]


async def _project_named(client: GraphQLClient, name: str) -> str:
    by = {"key": name} if name.isupper() and name.isalnum() and len(name) <= 10 else {"id": name}
    try:
        found = (await client.query(FIND_PROJECT, {"by": by}))["project"]
    except GraphQLErrors as error:
        if error.code != "BAD_USER_INPUT":
            raise
        raise Refused(f"{name!r} is neither the key of a project, such as WR, nor the id of one.") from error
    if found is None:
        raise Refused(f"There is no project {name!r} here.")
    return str(found["id"])
