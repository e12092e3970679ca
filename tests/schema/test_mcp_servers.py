"""MCP servers in the graph: registered, changed, forgotten, and what counts for their tools."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from domain.actor import OWNER_PERMISSIONS, Permission
from domain.mcp_server import McpServer, ToolDefinition
from domain.use_cases.mcp_servers import record_mcp_tools
from tests.schema.conftest import Graph

SAVE = """mutation ($input: SaveMcpServerInput!) { saveMcpServer(input: $input) {
  mcpServer { id name transport command arguments url settings { name value secret } enabled timeout startTimeout
              version updatedBy tools { name policy inForce } }
  errors { code message path } } }"""
REMOVE = """mutation ($name: String!) { removeMcpServer(input: {name: $name}) {
  mcpServer { name } errors { code message path } } }"""
POLICY = """mutation ($input: SetMcpToolPolicyInput!) { setMcpToolPolicy(input: $input) {
  mcpServer { version tools { name policy inForce new changed digest } } errors { code message path } } }"""
LIST = """{ mcpServers(first: 2) { nodes { name tools { name description readOnly inputSchema seenAt } }
  pageInfo { hasNextPage } totalCount { value } } }"""
KEY = [{"name": "Authorization", "secret": "key"}]
NODE = "query ($id: ID!) { node(id: $id) { ... on McpServer { name } } }"


async def save(graph: Graph, name: str = "files", **changes: Any) -> dict[str, Any]:
    payload = await graph.run(SAVE, input={"name": name, "command": "node", "arguments": ["x.js"], **changes})
    return dict(payload["saveMcpServer"])


async def saved(graph: Graph, name: str = "files", **changes: Any) -> dict[str, Any]:
    payload = await save(graph, name, **changes)
    assert payload["errors"] == []
    return dict(payload["mcpServer"])


def definition(name: str, description: str = "Does it.", *, reads: bool = False) -> ToolDefinition:
    described = {"name": name, "description": description, "inputSchema": {"type": "object"}}
    return ToolDefinition.of(described | {"annotations": {"readOnlyHint": reads}})


async def seen(graph: Graph, *definitions: ToolDefinition, name: str = "files") -> McpServer:
    """What a worker records."""
    workspace_id = graph.actor.workspace_id
    known = await graph.do(lambda uow: uow.mcp_servers.get(workspace_id, name))
    found: McpServer = await graph.do(lambda uow: record_mcp_tools(uow, workspace_id, known.id, name, definitions))
    return found


async def test_a_server_is_registered_changed_and_forgotten(graph: Graph) -> None:
    first = await saved(graph, settings=[{"name": "ROOT", "value": "/srv"}, {"name": "KEY", "secret": "files-key"}])
    assert (first["transport"], first["command"], first["arguments"], first["version"]) == (
        "STDIO",
        "node",
        ["x.js"],
        1,
    )
    assert first["settings"] == [
        {"name": "ROOT", "value": "/srv", "secret": None},
        {"name": "KEY", "value": None, "secret": "files-key"},
    ]
    assert (first["timeout"], first["startTimeout"], first["enabled"]) == ("PT1M", "PT30S", True)
    for name in ("b", "c"):
        await saved(graph, name, command=None, arguments=[], url=f"https://{name}.example/mcp")
    again = await saved(graph, enabled=False)
    assert (again["id"], again["version"], again["enabled"]) == (first["id"], 2, False)
    listed = (await graph.run(LIST))["mcpServers"]
    assert [one["name"] for one in listed["nodes"]] == ["b", "c"]
    assert (listed["pageInfo"]["hasNextPage"], listed["totalCount"]["value"]) == (True, 3)
    assert (await graph.run(NODE, id=first["id"]))["node"] == {"name": "files"}
    assert (await graph.run(REMOVE, name="files"))["removeMcpServer"]["mcpServer"] == {"name": "files"}
    assert (await graph.run(NODE, id=first["id"]))["node"] is None
    [error] = (await graph.run(REMOVE, name="files"))["removeMcpServer"]["errors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", "name"])


async def test_what_counts_for_a_tool(graph: Graph) -> None:
    await saved(graph)
    await seen(graph, definition("look", reads=True), definition("write"))
    (server,) = (await graph.run(LIST))["mcpServers"]["nodes"]
    assert [(one["name"], one["readOnly"]) for one in server["tools"]] == [("look", True), ("write", False)]

    async def in_force() -> dict[str, str]:
        found = await graph.run("{ mcpServers { nodes { tools { name inForce } } } }")
        return {one["name"]: one["inForce"] for one in found["mcpServers"]["nodes"][0]["tools"]}

    async def say(tool: str, policy: str | None, **changes: Any) -> list[dict[str, Any]]:
        asked = {"server": "files", "tool": tool, "policy": policy, **changes}
        errors: list[dict[str, Any]] = (await graph.run(POLICY, input=asked))["setMcpToolPolicy"]["errors"]
        return errors

    assert await in_force() == {"look": "ALLOW", "write": "ASK"}
    assert await say("write", "ALLOW", digest=definition("write").digest) == []
    assert await say("look", "ASK") == []
    assert await in_force() == {"look": "ASK", "write": "ALLOW"}
    assert await say("look", None) == []

    await seen(graph, definition("look", "Sends it too.", reads=True), definition("write", "Sends it too."))
    assert await in_force() == {"look": "ASK", "write": "ASK"}, "what has changed is asked for"
    [stale] = await say("write", "ALLOW", digest=definition("write").digest)
    assert (stale["code"], stale["path"]) == ("VALIDATION_FAILED", ["input", "digest"])
    assert await say("write", "DENY") == []
    await seen(graph, definition("look", reads=True))
    assert await in_force() == {"look": "ALLOW", "write": "DENY"}, "one that is gone stays denied, should it come back"
    [missing] = await say("none", "ALLOW")
    assert (missing["code"], missing["path"]) == ("NOT_FOUND", ["input", "tool"])

    await saved(graph, enabled=True)
    assert await in_force() == {"look": "ALLOW", "write": "DENY"}
    await saved(graph, arguments=["y.js"])
    assert await in_force() == {}, "another program has other tools"
    await seen(graph, definition("look", reads=True))
    await saved(graph, arguments=["y.js"], settings=[{"name": "LD_PRELOAD", "value": "/tmp/x.so"}])
    assert await in_force() == {}, "another environment makes another program"

    over_http: dict[str, Any] = {"command": None, "arguments": [], "url": "https://a.example/mcp"}
    await saved(graph, **over_http)
    await seen(graph, definition("look", reads=True))
    await saved(graph, **over_http, settings=[{"name": "Authorization", "secret": "key"}])
    assert await in_force() == {"look": "ALLOW"}, "another header is the same place"


async def test_what_a_server_comes_up_with_later_is_asked_for(graph: Graph) -> None:
    await saved(graph)
    await seen(graph, definition("look", reads=True), definition("read", reads=True))

    async def tools() -> dict[str, str]:
        found = await graph.run("{ mcpServers { nodes { tools { name inForce new changed listed } } } }")
        return {
            one["name"]: " ".join([one["inForce"], *(what for what in ("new", "changed", "listed") if one[what])])
            for one in found["mcpServers"]["nodes"][0]["tools"]
        }

    assert await tools() == {"look": "ALLOW listed", "read": "ALLOW listed"}
    await seen(graph)
    assert await tools() == {"look": "ALLOW", "read": "ALLOW"}
    await seen(graph, definition("look", "Sends it too.", reads=True), definition("late", reads=True))
    assert await tools() == {"look": "ASK changed listed", "late": "ASK new listed", "read": "ALLOW"}
    await seen(graph, definition("late", "Another one.", reads=True), definition("read", reads=True))
    assert await tools() == {"late": "ASK new listed", "read": "ALLOW listed", "look": "ASK changed"}

    async def say(policy: str | None) -> None:
        asked = {"server": "files", "tool": "late", "policy": policy}
        assert (await graph.run(POLICY, input=asked))["setMcpToolPolicy"]["errors"] == []

    await say("DENY")
    assert (await tools())["late"] == "DENY new listed", "who denies it has not accepted it"
    await say(None)
    assert (await tools())["late"] == "ALLOW listed"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": "Files"}, "name"),
        ({"command": None}, "command"),
        ({"command": "  "}, "command"),
        ({"url": "https://a.example"}, "command"),
        ({"command": None, "url": "https://a.example"}, "arguments"),
        ({"command": None, "arguments": [], "url": "ftp://a.example"}, "url"),
        ({"command": None, "arguments": [], "url": "https://me:pw@a.example"}, "url"),
        ({"command": None, "arguments": [], "url": "https://a.example/mcp?api_key=sesame"}, "url"),
        ({"command": None, "arguments": [], "url": "http://a.example/mcp", "settings": KEY}, "url"),
        ({"command": None, "arguments": [], "url": "http://a.example:x/mcp"}, "url"),
        ({"settings": [{"name": "A-B", "value": "x"}]}, "settings"),
        ({"settings": [{"name": "A"}]}, "settings"),
        ({"settings": [{"name": "A", "value": "x", "secret": "y"}]}, "settings"),
        ({"settings": [{"name": "A", "value": "x"}, {"name": "A", "value": "y"}]}, "settings"),
        ({"timeout": "PT2H"}, "timeout"),
        ({"startTimeout": "PT0S"}, "startTimeout"),
    ],
)
async def test_what_is_no_server_is_refused(graph: Graph, changes: dict[str, Any], path: str) -> None:
    [error] = (await save(graph, **{"name": "files", **changes}))["errors"]
    assert (error["code"], error["path"]) == ("VALIDATION_FAILED", ["input", path])


async def test_what_gets_a_secret_is_for_who_may_manage_secrets(graph: Graph) -> None:
    secret, value = {"name": "KEY", "secret": "files-key"}, {"name": "ROOT", "value": "/srv"}
    await saved(graph, settings=[secret, value])
    await saved(graph, "plain", settings=[value])
    manager = replace(graph, actor=replace(graph.actor, permissions=OWNER_PERMISSIONS - {Permission.MANAGE_SECRETS}))
    url: dict[str, Any] = {"command": None, "arguments": [], "url": "https://evil.example/mcp"}
    for name, changes in (
        ("files", {"settings": [secret, value], "command": "evil"}),
        ("files", {"settings": [secret, value], "arguments": ["evil.js"]}),
        ("files", {"settings": [secret], **url}),
        ("files", {"settings": [secret, {"name": "HTTPS_PROXY", "value": "http://evil.example"}]}),
        ("files", {"settings": [{"name": "OTHER", "secret": "files-key"}, value]}),
        ("files", {"settings": [{"name": "KEY", "secret": "another-key"}, value]}),
        ("plain", {"settings": [secret]}),
        ("new", {"settings": [secret]}),
    ):
        [error] = (await save(manager, name, **changes))["errors"]
        assert (error["code"], "'secrets:manage'" in error["message"]) == ("PERMISSION_DENIED", True)
    await saved(manager, settings=[value, secret], enabled=False)
    await saved(manager, "plain", settings=[], **url)
    await saved(manager, settings=[value])


@pytest.mark.parametrize("url", ["https://a.example/mcp", "http://127.0.0.1:9/mcp", "http://wiki.internal/mcp"])
async def test_a_secret_is_sent_where_nobody_listens(graph: Graph, url: str) -> None:
    assert (await saved(graph, command=None, arguments=[], url=f" {url} ", settings=KEY))["url"] == url
    near = await saved(graph, "open", command=None, arguments=[], url="http://a.example/mcp")
    assert near["url"] == "http://a.example/mcp", "nothing of ours is sent there"


async def test_who_may_only_read_changes_nothing(viewer: Graph, graph: Graph) -> None:
    await saved(graph)
    [error] = (await save(viewer))["errors"]
    assert error["code"] == "PERMISSION_DENIED"
    assert Permission.MANAGE_TOOLS.value in error["message"]
    [error] = (await viewer.run(REMOVE, name="files"))["removeMcpServer"]["errors"]
    assert error["code"] == "PERMISSION_DENIED"
    asked = {"server": "files", "tool": "x", "policy": "ALLOW"}
    [error] = (await viewer.run(POLICY, input=asked))["setMcpToolPolicy"]["errors"]
    assert error["code"] == "PERMISSION_DENIED"
    assert (await viewer.run(LIST))["mcpServers"]["nodes"][0]["name"] == "files"


async def test_the_list_takes_as_many_statements_for_many(graph: Graph) -> None:
    await saved(graph)
    few = await graph.counted(LIST)
    await saved(graph, "another")
    assert await graph.counted(LIST) == few
