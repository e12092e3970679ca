"""``wrenchai messages`` against the running platform."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest

from server.cli.messages import line
from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.settings import Settings
from tests.server.test_approvals_command import PROJECT, TASK, becomes, wrenchai
from tests.server.test_audit_view import EVIL, SHOWN


async def listening(client: GraphQLClient, messages: int) -> dict[str, Any]:
    """A task that waits for so many messages."""
    made = await client.query(PROJECT, {"input": {"name": "Talk", "key": f"K{uuid4().hex[:8].upper()}"}})
    draft = {"title": "Listen", "agent": "listener", "inputs": {"acts": [{"do": "hear", "times": messages}]}}
    given = {"projectId": made["createProject"]["project"]["id"], "task": draft, "dispatch": True}
    task: dict[str, Any] = (await client.query(TASK, {"input": given}))["createTask"]["task"]
    await becomes(client, task, "AWAITING_MESSAGE")
    return task


@pytest.mark.verify
async def test_a_person_writes_and_sees_what_comes_of_it(
    live: Running, settings: Settings, client: GraphQLClient
) -> None:
    task = await listening(client, 2)
    key = task["key"]
    following = asyncio.create_task(wrenchai(live, settings, "messages", key, "--follow", "--json"))
    sent = await wrenchai(live, settings, "messages", "send", key, "hello")
    assert sent.returncode == 0, sent.stderr
    assert f"QUEUED: number 1 in the mailbox of task {key}" in sent.stdout
    wrong = await wrenchai(live, settings, "messages", "send", key, "{", "--content-json")
    assert wrong.returncode == 2
    asked = await wrenchai(live, settings, "messages", "send", key, '{"n": 1}', "--content-json", "--request", "--json")
    assert json.loads(asked.stdout)["sequence"] == 2
    await becomes(client, task, "COMPLETED")
    followed = await following
    assert followed.returncode == 0, followed.stderr
    last = {message["id"]: message for message in map(json.loads, followed.stdout.splitlines())}
    listed = json.loads((await wrenchai(live, settings, "messages", "list", key, "--json")).stdout)
    assert [(one["content"], one["state"]) for one in listed] == [
        ("hello", "HANDLED"),
        ({"n": 1}, "HANDLED"),
        ("re {'n': 1}", "DELIVERED"),
    ]
    assert {id_: one["state"] for id_, one in last.items()} == {one["id"]: one["state"] for one in listed}
    late = await wrenchai(live, settings, "messages", "send", key, "too late")
    assert late.returncode == 3
    assert f"{key} is COMPLETED" in late.stderr
    shown = await wrenchai(live, settings, "messages", key)
    assert f"user:local-owner → {key} INFORM: hello HANDLED act-1" in shown.stdout


def test_what_others_write_is_shown_and_not_obeyed() -> None:
    fields = ("type", "sender", "receiver", "content", "sentAt", "handledBy")
    message = dict.fromkeys(fields, EVIL) | {"state": "HANDLED", "reason": None}
    shown = line({**message, "senderTask": {"key": "WR-1"}, "receiverTask": None})
    assert [character for character in shown if not character.isprintable()] == []
    assert shown.count(SHOWN.replace("[bold]", r"\[bold]")) == 6
