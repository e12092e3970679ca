"""Things of the platform that a client reads by their address."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ResourceError, ResourceNotFoundError

from server.client.graphql_client import GraphQLErrors
from server.mcp.api import Api, api_of, not_found
from server.mcp.below import shown_with_below
from server.mcp.documents import FINDINGS, FINDINGS_OF_EXECUTION
from server.mcp.naming import project_named, task_named
from server.mcp.reports import report_of
from server.mcp.sarif import MEDIA_TYPE, as_sarif

JSON = "application/json"
PAGE = 100
MOST = 10_000
"""Findings of one SARIF log."""


def register(server: MCPServer) -> None:
    """Add the templates of their addresses."""
    server.resource("wrenchai://task/{task}", title="A task", mime_type=JSON)(read_task)
    server.resource("wrenchai://task/{task}/report", title="The report of a task", mime_type=JSON)(read_task_report)
    server.resource("wrenchai://execution/{execution}/report", title="The report of an execution", mime_type=JSON)(
        read_report
    )
    server.resource(
        "wrenchai://execution/{execution}/findings.sarif", title="What an execution found", mime_type=MEDIA_TYPE
    )(read_findings_of_execution)
    server.resource(
        "wrenchai://project/{project}/findings.sarif", title="What is known of a project's source", mime_type=MEDIA_TYPE
    )(read_findings_of_project)


async def read_task(task: str, context: Context) -> str:
    """A task by its key or id: its state, why it waits, what it or one below it asks, and its latest execution."""

    async def read(api: Api) -> Any:
        shown = await shown_with_below(api, await task_named(api, task))
        return shown.model_dump(mode="json", by_alias=True)

    return await _read(context, read)


async def read_task_report(task: str, context: Context) -> str:
    """What the agent reported in the latest execution of a task."""

    async def read(api: Api) -> Any:
        latest = (await task_named(api, task))["latestExecution"]
        if latest is None:
            raise not_found("execution of", task)
        return (await report_of(api, latest["id"]))["result"]

    return await _read(context, read)


async def read_report(execution: str, context: Context) -> str:
    """What the agent reported in an execution."""

    async def read(api: Api) -> Any:
        return (await report_of(api, execution))["result"]

    return await _read(context, read)


async def read_findings_of_execution(execution: str, context: Context) -> str:
    """What an execution found, with the state that each finding had then, as SARIF 2.1.0."""

    async def read(api: Api) -> Any:
        return as_sarif(*await _found_by(api, execution))

    return await _read(context, read)


async def read_findings_of_project(project: str, context: Context) -> str:
    """What is known of a project's source, as SARIF 2.1.0."""

    async def read(api: Api) -> Any:
        return as_sarif(*await _known_of(api, (await project_named(api, project))["id"]))

    return await _read(context, read)


async def _found_by(api: Api, execution_id: str) -> tuple[list[dict[str, Any]], bool]:
    async def page(after: str | None) -> tuple[list[dict[str, Any]], Any]:
        given = {"id": execution_id, "first": PAGE, "after": after}
        found = (await api.query(FINDINGS_OF_EXECUTION, given))["execution"]
        if found is None:
            raise not_found("execution", execution_id)
        return [{**edge["node"], "state": edge["state"]} for edge in found["findings"]["edges"]], found["findings"]

    return await _pages(page)


async def _known_of(api: Api, project_id: str) -> tuple[list[dict[str, Any]], bool]:
    async def page(after: str | None) -> tuple[list[dict[str, Any]], Any]:
        given = {"filter": {"projectId": project_id}, "first": PAGE, "after": after}
        found = (await api.query(FINDINGS, given))["findings"]
        return found["nodes"], found

    return await _pages(page)


async def _pages(
    page: Callable[[str | None], Awaitable[tuple[list[dict[str, Any]], Any]]],
) -> tuple[list[dict[str, Any]], bool]:
    """What all pages have, up to ``MOST``, and whether there is more."""
    read: list[dict[str, Any]] = []
    after = None
    while True:
        found, connection = await page(after)
        read += found
        if not connection["pageInfo"]["hasNextPage"]:
            return read, False
        if len(read) >= MOST:
            return read, True
        after = connection["pageInfo"]["endCursor"]


async def _read(context: Context, read: Callable[[Api], Awaitable[Any]]) -> str:
    try:
        return json.dumps(await read(api_of(context)), indent=2, ensure_ascii=False)
    except GraphQLErrors as errors:
        said = f"{errors.code}: {errors}"
        raise ResourceNotFoundError(said) if errors.code == "NOT_FOUND" else ResourceError(said) from None
