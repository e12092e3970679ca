"""``callTool``: what is refused before anything is created, and what is created."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.schema.conftest import Graph

CALL = """mutation ($input: CallToolInput!) {
  callTool(input: $input) {
    task { id key title agentKind inputs status project { id key name source { location } } }
    execution { id status }
    errors { __typename code message path }
  }
}"""
PROJECTS = "{ projects(first: 10) { nodes { key name } } }"


async def call(graph: Graph, **given: Any) -> dict[str, Any]:
    return dict((await graph.run(CALL, input=given))["callTool"])


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (
            {"tool": "web_fetch", "arguments": {"timeout_seconds": 0, "max_bytes": "many", "colour": "red"}},
            {
                "arguments.url": "Field required",
                "arguments.timeout_seconds": "greater than 0",
                "arguments.max_bytes": "valid integer",
                "arguments.colour": "not permitted",
            },
        ),
        ({"tool": "no_such_tool"}, {"tool": "there is no typed tool 'no_such_tool' here"}),
        ({"tool": "ruff"}, {"tool": "there is no typed tool 'ruff' here"}),
        ({"tool": "flood", "arguments": [1]}, {"arguments": "must be an object"}),
        ({"tool": "test_runner", "arguments": {}}, {"projectId": "test_runner works on a source"}),
        ({"tool": " "}, {"tool": "must not be empty"}),
        ({"tool": "flood", "projectId": "nonsense"}, {"projectId": "nonsense"}),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_wrong_is_named_and_nothing_is_created(
    graph: Graph, given: dict[str, Any], wrong: dict[str, str]
) -> None:
    payload = await call(graph, **given)
    assert payload["task"] is payload["execution"] is None
    found = {".".join(error["path"][1:]): error["message"] for error in payload["errors"]}
    assert found.keys() == wrong.keys()
    for place, said in wrong.items():
        assert said in found[place]
    assert (await graph.run(PROJECTS))["projects"]["nodes"] == []


async def test_a_call_without_a_project_is_a_task_in_one_of_its_own(graph: Graph) -> None:
    both = await asyncio.gather(*(call(graph, tool="flood", arguments={"size": size}) for size in (1, 2)))
    assert [one["errors"] for one in both] == [[], []]
    assert {one["task"]["key"] for one in both} == {"TOOL-1", "TOOL-2"}
    task = both[0]["task"]
    assert (task["title"], task["agentKind"], task["status"]) == ("Call flood", "toolcall", "QUEUED")
    assert task["inputs"] == {"tool": "flood", "arguments": {"size": 1}}
    assert task["project"]["source"] is None
    assert both[0]["execution"]["status"] == "QUEUED"
    assert (await graph.run(PROJECTS))["projects"]["nodes"] == [{"key": "TOOL", "name": "Tools"}]


async def test_a_call_may_belong_to_a_project_and_is_made_once_for_a_key(graph: Graph) -> None:
    project = await graph.project()
    given = {"tool": "test_runner", "arguments": {"paths": ["tests"]}, "projectId": project, "idempotencyKey": "k"}
    first, second = await call(graph, **given), await call(graph, **given)
    assert first["errors"] == second["errors"] == []
    assert first["task"] == second["task"]
    assert first["task"]["project"]["id"] == project
    (reused,) = (await call(graph, **{**given, "arguments": {}}))["errors"]
    assert reused["code"] == "IDEMPOTENCY_KEY_REUSED"


async def test_who_may_only_look_calls_nothing(viewer: Graph) -> None:
    (error,) = (await call(viewer, tool="flood"))["errors"]
    assert error["code"] == "PERMISSION_DENIED"


async def test_a_task_for_the_agent_is_checked_like_a_call(graph: Graph) -> None:
    project = await graph.project()
    document = """mutation ($input: CreateTaskInput!) {
      createTask(input: $input) { task { id } errors { code path message } } }"""
    draft = {"title": "Run", "agent": "toolcall", "inputs": {"tool": "web_fetch", "arguments": {"max_bytes": 0}}}
    payload = (await graph.run(document, input={"projectId": project, "task": draft}))["createTask"]
    assert [error["path"] for error in payload["errors"]] == [
        ["input", "task", "inputs", "arguments", "url"],
        ["input", "task", "inputs", "arguments", "max_bytes"],
    ]
