"""Who may do less by the API may do less by MCP: it is the API."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mcp import Client
from starlette.requests import HTTPConnection

from domain.actor import Actor, Permission
from server.mcp.build import build_server
from server.mcp.in_process import InProcess
from server.process import Running
from server.transport.execution import OperationScope
from tests.mcp.conftest import answer, refusal


def of(live: Running, actor: Actor) -> Client:
    """A client in this process, for somebody."""
    assert live.application is not None
    graphql = live.application.graphql.http
    connection = HTTPConnection({"type": "http", "headers": []})
    scope = OperationScope(connection=connection, principal=actor, request_id="rights")
    return Client(build_server(lambda _: InProcess(graphql, scope)))


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("create_project", {"name": "Mine"}),
        ("create_task", {"title": "Work", "agent": "probe"}),
        ("dispatch_task", {}),
        ("cancel_task", {}),
        ("retry_task", {}),
    ],
)
async def test_a_reader_reads(live: Running, actor: Actor, tool: str, arguments: dict[str, str]) -> None:
    async with of(live, actor) as owner:
        project = await answer(owner, "create_project", name=f"For readers of {tool}")
        task = await answer(owner, "create_task", project=project["key"], title="Work", agent="probe")
    reader = replace(actor, id="user:reader", permissions=frozenset({Permission.READ}))
    named = {"create_project": {}, "create_task": {"project": project["key"]}}.get(tool, {"task": task["key"]})
    async with of(live, reader) as client:
        assert (await answer(client, "get_task", task=task["key"]))["id"] == task["id"]
        assert (await refusal(client, tool, **arguments, **named))["code"] == "PERMISSION_DENIED"


async def test_another_workspace_is_not_seen(live: Running, actor: Actor) -> None:
    from uuid import uuid4

    stranger = replace(actor, workspace_id=uuid4())
    async with of(live, actor) as owner, of(live, stranger) as other:
        project = await answer(owner, "create_project", name="Not yours")
        task = await answer(owner, "create_task", project=project["key"], title="Work", agent="probe")
        assert (await answer(other, "list_projects"))["projects"] == []
        assert (await refusal(other, "get_task", task=task["id"]))["code"] == "NOT_FOUND"
        assert (await refusal(other, "watch_task", task=task["id"]))["code"] == "NOT_FOUND"
