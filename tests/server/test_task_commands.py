"""``wrenchai retry`` and ``wrenchai cancel`` against the running platform, and what refusals end with."""

from __future__ import annotations

import json

import pytest

from server.client.graphql_client import GraphQLClient
from server.process import Running
from server.settings import Settings
from tests.server.test_approvals_command import asking, becomes, wrenchai


async def test_a_task_is_cancelled_and_retried_by_its_key(
    live: Running, settings: Settings, client: GraphQLClient
) -> None:
    task = await asking(client, "act")
    key = task["key"]
    done = await wrenchai(live, settings, "cancel", key, "--reason", "Not now.")
    assert (done.returncode, done.stdout) == (0, f"{key} is cancelled\n"), done.stderr
    again = await wrenchai(live, settings, "cancel", key)
    assert (again.returncode, again.stdout) == (3, "")
    assert f"{key} is CANCELLED already" in again.stderr
    watched = await wrenchai(live, settings, "watch", key)
    assert watched.returncode == 3
    assert "Not now." in watched.stdout

    retried = await wrenchai(live, settings, "retry", key)
    assert retried.returncode == 0, retried.stderr
    assert retried.stdout == f"{key} is tried again, as execution 2: `wrenchai watch {key}`\n"
    await becomes(client, task, "AWAITING_APPROVAL")
    approved = await wrenchai(live, settings, "approvals", "approve", key, "--yes")
    assert approved.returncode == 0, approved.stderr
    newest = await wrenchai(live, settings, "watch", key, "--json")
    assert newest.returncode == 0
    assert json.loads(newest.stdout.splitlines()[-1])["outcome"] == "SUCCEEDED"
    refused = await wrenchai(live, settings, "retry", key)
    assert refused.returncode == 3
    assert "only a failed, cancelled or skipped task can be retried" in refused.stderr


@pytest.mark.verify
async def test_both_take_an_id_and_answer_programs(live: Running, settings: Settings, client: GraphQLClient) -> None:
    task = await asking(client, "act")
    cancelled = json.loads((await wrenchai(live, settings, "cancel", task["id"], "--json")).stdout)
    assert (cancelled["task"]["key"], cancelled["task"]["status"]) == (task["key"], "CANCELLED")
    assert cancelled["execution"] == {"id": task["latestExecution"]["id"], "number": 1, "status": "CANCELLED"}
    retried = json.loads((await wrenchai(live, settings, "retry", task["id"], "--json")).stdout)
    assert retried["execution"]["number"] == 2
    await becomes(client, task, "AWAITING_APPROVAL")
    assert (await wrenchai(live, settings, "cancel", task["id"])).returncode == 0


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["retry", "NO-1"], "There is no task 'NO-1' here."),
        (["cancel", "nonsense"], "'nonsense' is neither the key of a task"),
        (["watch", "NO-1"], "There is no task 'NO-1' here."),
        (["budget", "set", "cost", "-1"], "limit must be a number from 0 to"),
        (["secrets", "delete", "nosuch"], "There is no secret with the name 'nosuch' here."),
    ],
)
async def test_what_is_refused_ends_with_3(live: Running, settings: Settings, command: list[str], said: str) -> None:
    done = await wrenchai(live, settings, *command)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert said in done.stderr
    assert "No such option" not in done.stderr
