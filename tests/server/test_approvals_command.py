"""``wrenchai approvals`` against the running platform."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from server.cli.approvals import described, outcome
from server.client.approvals import awaiting_approvals
from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.settings import Settings
from tests.server.test_audit_command import WRENCHAI
from tests.server.test_audit_view import EVIL, SHOWN

PROJECT = "mutation ($input: CreateProjectInput!) { createProject(input: $input) { project { id } } }"
TASK = """mutation ($input: CreateTaskInput!) {
  createTask(input: $input) { task { id key latestExecution { id } } errors { message } } }"""
STATUS = "query ($id: ID!) { task(by: { id: $id }) { status } }"
SOON = 30.0


async def asking(client: GraphQLClient, *names: str) -> dict[str, Any]:
    """A task that waits for the approval of these actions."""
    made = await client.query(PROJECT, {"input": {"name": "Ask", "key": f"K{uuid4().hex[:8].upper()}"}})
    inputs = {"asks": [{"name": name, "arguments": {"where": "there"}} for name in names]}
    draft = {"title": "Ask first", "agent": "probe", "inputs": inputs}
    given = {"projectId": made["createProject"]["project"]["id"], "task": draft, "dispatch": True}
    task: dict[str, Any] = (await client.query(TASK, {"input": given}))["createTask"]["task"]
    await becomes(client, task, "AWAITING_APPROVAL")
    return task


async def becomes(client: GraphQLClient, task: dict[str, Any], status: str) -> None:
    async with asyncio.timeout(SOON):
        while (await client.query(STATUS, {"id": task["id"]}))["task"]["status"] != status:
            await asyncio.sleep(0.05)


async def wrenchai(live: Running, settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    port = str(urlsplit(live.address or "").port)
    environment = {**os.environ, "WRENCHAI_DATA_DIR": str(settings.data_dir), "WRENCHAI_PORT": port}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [WRENCHAI, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return await asyncio.to_thread(run)


async def test_what_waits_is_listed_shown_and_decided(live: Running, settings: Settings, client: GraphQLClient) -> None:
    task = await asking(client, "act")
    listed = await wrenchai(live, settings, "approvals", "list", "--json")
    (mine,) = [one for one in json.loads(listed.stdout) if one["task"]["key"] == task["key"]]
    unsure = await wrenchai(live, settings, "approvals", "approve", task["key"])
    assert unsure.returncode == 2
    assert "there is nobody to ask" in unsure.stderr
    done = await wrenchai(live, settings, "approvals", "approve", task["key"], "--yes", "--comment", "Go.")
    assert done.returncode == 0, done.stderr
    for said in ("Act as act.", "Ask first", '{"where": "there"}', mine["action"]["digest"], "APPROVED by yourself"):
        assert said in done.stdout
    await becomes(client, task, "COMPLETED")
    watched = await wrenchai(live, settings, "watch", task["latestExecution"]["id"])
    assert watched.returncode == 0
    for said in ("? Act as act.", f"wrenchai approvals approve {mine['id']}", "approved act by user:local-owner: Go."):
        assert said in watched.stdout
    again = await wrenchai(live, settings, "approvals", "approve", mine["id"], "--yes")
    assert again.returncode == 3
    assert "Nothing waits for a decision under" in again.stderr


async def test_a_task_with_several_questions_is_not_decided_by_its_key(
    live: Running, settings: Settings, client: GraphQLClient
) -> None:
    task = await asking(client, "one", "two")
    unclear = await wrenchai(live, settings, "approvals", "reject", task["key"], "--yes")
    assert unclear.returncode == 3
    assert "waits for 2 decisions" in unclear.stderr
    mine = [one for one in await awaiting_approvals(client) if one["task"]["key"] == task["key"]]
    assert all(one["id"] in unclear.stderr for one in mine)
    done = await wrenchai(live, settings, "approvals", "reject", mine[0]["id"], "--yes", "--json")
    assert json.loads(done.stdout)["status"] == "REJECTED"
    await becomes(client, task, "FAILED")


def test_what_an_agent_writes_is_shown_and_not_obeyed() -> None:
    action = dict.fromkeys(("name", "kind", "summary", "risk", "digest"), EVIL) | {"arguments": {EVIL: EVIL}}
    shown = described(
        {
            "action": action,
            "task": {"key": EVIL, "title": EVIL},
            "execution": {"agentKind": EVIL},
            "quorum": 2,
            "votes": [],
            "expiresAt": "2026-11-25T12:00:00Z",
            "fallback": "REJECT",
        }
    )
    assert [character for character in shown if not character.isprintable() and character != "\n"] == []
    assert "[bold]owned" not in shown
    assert shown.count(SHOWN.replace("[bold]", r"\[bold]")) == 8


def test_a_vote_that_is_not_enough_says_how_many_are_missing() -> None:
    decided = {"status": "PENDING", "quorum": 3, "selfApproved": False, "votes": [{"decision": "APPROVE"}]}
    assert outcome(decided) == "[yellow]noted[/]: 1 of 3 persons have approved"
