"""An MCP client of the official SDK works with the platform over streamable HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import build_schema, parse, validate
from mcp import Client
from mcp_types import TextResourceContents

from server.client.graphql_client import GraphQLClient
from server.client.local_server import token_of
from server.mcp import documents, resources
from server.mcp.reports import report_document
from server.process import Running
from server.settings import Settings
from tests.mcp.conftest import Connect, answer, refusal

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
READING = {
    "list_projects",
    "list_tasks",
    "get_task",
    "watch_task",
    "get_report",
    "list_approvals",
    "list_findings",
    "list_agents",
    "list_tools",
}
DESTRUCTIVE = {"cancel_task", "approve", "reject"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_creates_dispatches_watches_and_approves(connect: Connect, tmp_path: Path, mode: str) -> None:
    journal = tmp_path / "journal"
    told: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    async with connect(mode) as client:
        project = await answer(client, "create_project", name="By MCP")
        asks = [{"name": "publish", "arguments": {"to": "everybody"}}]
        inputs = {"journal": str(journal), "asks": asks}
        task = await answer(
            client, "create_task", project=project["key"], title="Ask first", agent="probe", inputs=inputs
        )
        assert (task["status"], task["project"]["key"]) == ("PENDING", project["key"])

        not_yet = await answer(client, "watch_task", task=task["key"])
        assert (not_yet["task"]["status"], not_yet["ended"], not_yet["timedOut"]) == ("PENDING", False, False)

        assert (await answer(client, "dispatch_task", task=task["key"]))["status"] in {"QUEUED", "IN_PROGRESS"}
        watched = await client.call_tool("watch_task", {"task": task["key"]}, progress_callback=note)
        waiting = dict(watched.structured_content or {})["task"]
        assert waiting["status"] == "AWAITING_APPROVAL"
        assert waiting["waitsFor"] == ["Its agent asks: Act as publish."]
        assert any("step-1" in line for line in told), told
        (asked,) = waiting["approvals"]
        assert asked["action"]["arguments"] == {"to": "everybody"}
        assert asked["id"] in {one["id"] for one in (await answer(client, "list_approvals"))["approvals"]}
        assert "did publish" not in journal.read_text()

        wrong = await refusal(client, "approve", approval=asked["id"], digest="0" * 64)
        assert wrong["code"] == "DIGEST_MISMATCH"
        decided = await answer(
            client, "approve", approval=asked["id"], digest=asked["action"]["digest"], comment="go on"
        )
        assert (decided["status"], decided["votes"][0]["comment"]) == ("APPROVED", "go on")

        over = await answer(client, "watch_task", task=task["id"])
        assert (over["task"]["status"], over["ended"]) == ("COMPLETED", True)
        assert over["report"]["data"]["answers"] == {"publish": True}
        assert "did publish" in journal.read_text()
        report = await answer(client, "get_report", execution=over["task"]["latestExecution"]["id"])
        assert (report["status"], report["report"]) == ("SUCCEEDED", over["report"])


async def test_watching_ends_in_time_and_loses_nothing(connect: Connect, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.mkdir()
    async with connect() as client:
        project = await answer(client, "create_project", name="Slow")
        task = await answer(
            client,
            "create_task",
            project=project["id"],
            title="Held",
            agent="probe",
            inputs={"hold": str(gate)},
            dispatch=True,
        )
        held = await answer(client, "watch_task", task=task["key"], timeout_seconds=0.3)
        assert (held["ended"], held["timedOut"], held["report"]) == (False, True, None)
        after = await answer(
            client, "create_task", project=project["id"], title="Next", agent="probe", depends_on=[task["key"]]
        )
        blocked = await answer(client, "dispatch_task", task=after["key"])
        assert blocked["waitsFor"] == [f"It waits for {task['key']} (Held)."]
        (gate / "1").touch()
        assert (await answer(client, "watch_task", task=after["key"]))["task"]["status"] == "COMPLETED"
        found = await answer(client, "list_tasks", project=project["key"], status=["COMPLETED"], first=1)
        assert [one["key"] for one in found["tasks"]] == [after["key"]]
        further = await answer(
            client, "list_tasks", project=project["key"], status=["COMPLETED"], after=found["nextCursor"]
        )
        assert [one["key"] for one in further["tasks"]] == [task["key"]]


async def test_refusals_come_with_the_codes_of_the_api(connect: Connect, tmp_path: Path) -> None:
    async with connect() as client:
        project = await answer(client, "create_project", name="Refusing")
        assert (await refusal(client, "get_task", task="NONE-1"))["code"] == "NOT_FOUND"
        assert (await refusal(client, "get_task", task="nonsense"))["code"] == "BAD_USER_INPUT"
        unknown = await refusal(client, "create_task", project=project["key"], title="x", agent="nobody")
        assert (unknown["code"], unknown["path"]) == ("VALIDATION_FAILED", ["input", "task", "agent"])
        task = await answer(
            client, "create_task", project=project["key"], title="x", agent="probe", idempotency_key="once"
        )
        again = await answer(
            client, "create_task", project=project["key"], title="x", agent="probe", idempotency_key="once"
        )
        assert again["id"] == task["id"]
        assert (await refusal(client, "retry_task", task=task["key"]))["code"] == "NOT_RETRYABLE"
        assert (await answer(client, "cancel_task", task=task["key"], reason="not wanted"))["status"] == "CANCELLED"
        malformed = await client.call_tool("watch_task", {"task": task["key"], "timeout_seconds": -1})
        assert malformed.is_error


async def test_tools_say_what_they_do(connect: Connect) -> None:
    async with connect() as client:
        tools = (await client.list_tools()).tools
        prompts = (await client.list_prompts()).prompts
        prompt = await client.get_prompt("audit", {"source": "/srv/code"})
    effects = {tool.name: tool.annotations for tool in tools}
    assert {name for name, effect in effects.items() if effect and effect.read_only_hint} == READING
    assert {name for name, effect in effects.items() if effect and effect.destructive_hint} == DESTRUCTIVE
    assert all(tool.description and tool.output_schema for tool in tools)
    assert all(
        one.get("description") or "$ref" in one or one.get("anyOf")
        for tool in tools
        for one in tool.input_schema["properties"].values()
    )
    assert {one.name for one in prompts} == {"audit", "decide"}
    assert "/srv/code" in str(prompt.messages[0].content)


async def test_an_audit_is_read_as_resources(connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.py").write_text("import os\n\n\ndef f(x):\n    return eval(x)\n")
    async with connect() as client:
        project = await answer(client, "create_project", name="Audited", source=str(tmp_path))
        task = await answer(
            client, "create_task", project=project["key"], title="Audit", agent="inspector", dispatch=True
        )
        over = await answer(client, "watch_task", task=task["key"])
        assert over["report"]["__typename"] == "InspectorReport"
        assert over["report"]["filesAnalysed"] == 1
        execution = over["task"]["latestExecution"]["id"]
        findings = (await answer(client, "list_findings", project=project["key"]))["findings"]
        assert findings
        sarif = await read_json(client, f"wrenchai://execution/{execution}/findings.sarif")
        known = await read_json(client, f"wrenchai://project/{project['key']}/findings.sarif")
        assert (await read_json(client, f"wrenchai://task/{task['key']}"))["status"] == "COMPLETED"
        assert await read_json(client, f"wrenchai://execution/{execution}/report") == over["report"]
        assert await read_json(client, f"wrenchai://task/{task['key']}/report") == over["report"]
        with pytest.raises(Exception, match="NOT_FOUND"):
            await client.read_resource("wrenchai://task/NONE-1")
        monkeypatch.setattr(resources, "PAGE", 1)
        monkeypatch.setattr(resources, "MOST", 2)
        (cut,) = (await read_json(client, f"wrenchai://project/{project['key']}/findings.sarif"))["runs"]
        assert len(cut["results"]) == 2 < len(findings)
        [said] = cut["invocations"][0]["toolExecutionNotifications"]
        assert "more findings than these 2" in said["message"]["text"]
    marks = sorted(one["fingerprint"] for one in findings)
    for log in (sarif, known):
        (run,) = log["runs"]
        assert "invocations" not in run
        assert sorted(one["partialFingerprints"]["wrenchai/v1"] for one in run["results"]) == marks
        assert {one["baselineState"] for one in run["results"]} == {"new"}
        assert {one["ruleId"] for one in run["results"]} == {rule["id"] for rule in run["tool"]["driver"]["rules"]}


async def test_nobody_comes_in_who_may_not(live: Running, settings: Settings) -> None:
    ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    token = {"authorization": f"Bearer {token_of(settings)}"}
    types = {"accept": "application/json, text/event-stream"}
    async with httpx.AsyncClient(base_url=str(live.address), headers=types, trust_env=False) as http:
        nobody = await http.post("/mcp", json=ask)
        wrong = await http.post("/mcp", json=ask, headers={"authorization": "Bearer guess"})
        page = await http.post("/mcp", json=ask, headers={**token, "origin": "https://evil.example"})
        rebound = await http.post("/mcp", json=ask, headers={**token, "host": "evil.example"})
        stream = await http.get("/mcp", headers=token)
        large = await http.post("/mcp", json={**ask, "params": {"_": "x" * 2_000_000}}, headers=token)
        asked = await http.post("/mcp", json=ask, headers=token)
    assert (nobody.status_code, wrong.status_code) == (401, 401)
    assert nobody.json()["error"]["data"]["code"] == "UNAUTHENTICATED"
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert (page.status_code, rebound.status_code) == (403, 421)
    assert (stream.status_code, stream.headers["allow"]) == (405, "POST")
    assert (large.status_code, large.json()["error"]["data"]["code"]) == (413, "BODY_TOO_LARGE")
    assert (asked.status_code, "list_projects" in asked.text) == (200, True)


async def test_what_is_done_by_mcp_is_seen_in_the_graph(connect: Connect, client: GraphQLClient) -> None:
    async with connect() as mcp:
        project = await answer(mcp, "create_project", name="Seen by both", description="One platform")
        kinds = {one["kind"] for one in (await answer(mcp, "list_agents"))["agents"]}
        names = {one["name"] for one in (await answer(mcp, "list_tools"))["tools"]}
    seen = await client.query("query ($id: ID!) { node(id: $id) { ... on Project { key } } }", {"id": project["id"]})
    graph = await client.query("{ agents { kind } tools { name } }")
    assert seen["node"]["key"] == project["key"]
    assert kinds == {one["kind"] for one in graph["agents"]}
    assert names == {one["name"] for one in graph["tools"]}


def test_the_documents_fit_the_schema() -> None:
    schema = build_schema(SDL.read_text(encoding="utf-8"))
    found = {
        name: text
        for name, text in vars(documents).items()
        if name.isupper() and name[0] != "_" and isinstance(text, str)
    }
    assert len(found) >= 15
    for name, text in {**found, "REPORT": report_document()}.items():
        assert [error.message for error in validate(schema, parse(text))] == [], name


async def read_json(client: Client, uri: str) -> dict[str, Any]:
    """The JSON of a resource."""
    (content,) = (await client.read_resource(uri)).contents
    assert isinstance(content, TextResourceContents)
    return dict(json.loads(content.text))
