"""Agents that talk, while the workers they run on are killed: nothing is lost, handled twice, or out of order."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psutil
import pytest

from schema.node_ids import decode_as
from server.client.graphql_client import GraphQLClient
from tests.faults.checker import Checker, lines_of
from tests.faults.conftest import Ground
from tests.faults.platform_processes import LEASE, started, until
from tests.faults.work import PROJECT

TASKS = """mutation ($input: CreateTasksInput!) { createTasks(input: $input) {
  tasks { id key latestExecution { id } } errors { message } } }"""
DISPATCH = """mutation ($input: DispatchTasksInput!) { dispatchTasks(input: $input) {
  tasks { latestExecution { id } } errors { message } } }"""


@dataclass(frozen=True)
class Party:
    """One of those who talk."""

    task_id: UUID
    execution_id: UUID
    journal: Path

    async def mailbox(self, checker: Checker) -> list[Any]:
        """Its messages in the order in which they were sent to it."""
        return await checker.rows("SELECT * FROM messages WHERE receiver_task_id = $1 ORDER BY sequence", self.task_id)

    async def worker_pid(self, checker: Checker) -> int | None:
        """The process that runs its agent, if one does."""
        found = await checker.rows(
            "SELECT w.pid FROM executions e JOIN workers w ON w.id = e.worker_id"
            " WHERE e.id = $1 AND e.status = 'RUNNING'",
            self.execution_id,
        )
        return found[0]["pid"] if found else None


async def talk(
    client: GraphQLClient, folder: Path, first: list[dict[str, Any]], second: list[dict[str, Any]]
) -> tuple[Party, Party]:
    """A talker and a listener, dispatched. In their acts ``{a}`` and ``{b}`` stand for the keys of their tasks."""
    name = uuid4().hex[:7]
    made = await client.query(PROJECT, {"input": {"name": f"Talk {name}", "key": f"T{name.upper()}"}})
    key = f"T{name.upper()}"
    journals = [folder / f"{name}-{letter}" for letter in "ab"]
    drafts = []
    for agent, acts, journal in zip(("talker", "listener"), (first, second), journals, strict=True):
        named = [{**act, **_keys(act, key)} for act in acts]
        inputs = {"acts": named, "journal": str(journal)}
        drafts.append({"title": agent, "agent": agent, "inputs": inputs})
    project_id = made["createProject"]["project"]["id"]
    created = (await client.query(TASKS, {"input": {"projectId": project_id, "tasks": drafts}}))["createTasks"]
    assert created["errors"] == []
    assert [task["key"] for task in created["tasks"]] == [f"{key}-1", f"{key}-2"]
    ids = [task["id"] for task in created["tasks"]]
    dispatched = (await client.query(DISPATCH, {"input": {"taskIds": ids}}))["dispatchTasks"]
    assert dispatched["errors"] == []
    executions = [task["latestExecution"]["id"] for task in dispatched["tasks"]]
    a, b = (
        Party(decode_as("Task", task), decode_as("Execution", execution), journal)
        for task, execution, journal in zip(ids, executions, journals, strict=True)
    )
    return a, b


def _keys(act: dict[str, Any], key: str) -> dict[str, Any]:
    return {field: act[field].format(a=f"{key}-1", b=f"{key}-2") for field in ("to", "forward") if field in act}


async def check(checker: Checker, party: Party, contents: list[Any]) -> None:
    """Everything that was sent to it came to its handlers in order, and is handled once, by one step."""
    mailbox = await party.mailbox(checker)
    assert [message["sequence"] for message in mailbox] == list(range(1, len(contents) + 1))
    assert [json.loads(message["content"]) for message in mailbox] == contents
    assert {message["state"] for message in mailbox} == {"HANDLED"}
    told = await checker.rows(
        "SELECT payload->>'message_id' AS id, payload->>'step' AS step FROM events"
        " WHERE execution_id = $1 AND kind = 'MessageHandled' ORDER BY sequence",
        party.execution_id,
    )
    assert [row["id"] for row in told] == [str(message["id"]) for message in mailbox]
    succeeded = await checker.rows(
        "SELECT name FROM steps WHERE execution_id = $1 AND status = 'SUCCEEDED'", party.execution_id
    )
    steps = [row["step"] for row in told if row["step"] is not None]
    assert len(set(steps)) == len(steps)
    assert set(steps) <= {row["name"] for row in succeeded}


async def test_two_talk_and_one_is_killed(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    asks: list[dict[str, Any]] = [{"do": "ask", "name": "q", "to": "{b}", "times": 5}]
    killed = folder / "killed"
    hears: list[dict[str, Any]] = [
        {"do": "hear", "name": "before", "times": 2},
        {"do": "hear", "name": "deadly", "kill": str(killed)},
        {"do": "hear", "name": "after", "times": 2},
    ]
    checker = ground.checker
    async with started("worker", ground.data_dir) as one, started("worker", ground.data_dir) as other:
        for worker in (one, other):
            await checker.until_worker(worker)
        a, b = await talk(caller, folder, asks, hears)
        for party in (a, b):
            await checker.until_status(party.execution_id, "SUCCEEDED", LEASE + 40)
        assert sorted(worker.popen.poll() is None for worker in (one, other)) == [False, True]
        await check(checker, b, [1, 2, 3, 4, 5])
        await check(checker, a, [f"re {number}" for number in range(1, 6)])
        answered = dict.fromkeys(await lines_of(a.journal))  # each segment gets the earlier answers again, and the same
        assert list(answered) == [f"answered q-{number} re {number}" for number in range(1, 6)]
        begun = [1, 2, 3, 3, 4, 5]  # the one in whose handler it was killed begins again, and ends once
        lines = await lines_of(b.journal)
        assert [line for line in lines if line.startswith("begun")] == [f"begun {number}" for number in begun]
        assert [line for line in lines if line.startswith("done")] == [f"done {number}" for number in range(1, 6)]
        assert [message["deliveries"] for message in await b.mailbox(checker)] == [1, 1, 2, 1, 1]
        await checker.nothing_is_left()


@pytest.mark.verify
async def test_many_messages_both_ways_while_workers_die(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    count, deaths = 40, 5
    first: list[dict[str, Any]] = [
        {"do": "send", "to": "{b}", "times": count // 2, "name": "s"},
        {"do": "send in step", "to": "{b}", "times": count // 2, "name": "t"},
        {"do": "hear", "name": "back", "times": count},
    ]
    second: list[dict[str, Any]] = [{"do": "hear", "name": "there", "times": count, "forward": "{a}"}]
    contents = [*range(1, count // 2 + 1), *range(1, count // 2 + 1)]
    checker = ground.checker
    a, b = await talk(caller, folder, first, second)
    for death in range(deaths):
        async with started("worker", ground.data_dir) as worker:
            await checker.until_worker(worker)
            await _handled(checker, b, (death + 1) * count // (deaths + 2))
            await worker.kill()
    async with started("worker", ground.data_dir) as survivor:
        await checker.until_worker(survivor)
        for party in (a, b):
            await checker.until_status(party.execution_id, "SUCCEEDED", LEASE + 120)
        for party in (a, b):
            await check(checker, party, contents)
        await checker.nothing_is_left()


@pytest.mark.verify
async def test_who_waits_survives_that_all_die(ground: Ground, caller: GraphQLClient, folder: Path) -> None:
    hold = folder / "hold"
    hold.mkdir()
    asks: list[dict[str, Any]] = [{"do": "ask", "name": "q", "to": "{b}", "content": "why"}]
    hears: list[dict[str, Any]] = [{"do": "hear", "name": "h", "hold": str(hold)}]
    checker = ground.checker
    async with started("worker", ground.data_dir) as worker:
        await checker.until_worker(worker)
        a, b = await talk(caller, folder, asks, hears)
        await checker.until_status(a.execution_id, "AWAITING_MESSAGE", 30)
        await until(lambda: _begins(b), 30, "the listener has the request")
        pid = await b.worker_pid(checker)
        assert pid == worker.pid
        await worker.kill()
        assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    (hold / "h").touch()
    async with started("worker", ground.data_dir) as successor:
        await checker.until_worker(successor)
        for party in (a, b):
            await checker.until_status(party.execution_id, "SUCCEEDED", LEASE + 40)
        await check(checker, b, ["why"])
        await check(checker, a, ["re why"])
        await checker.nothing_is_left()


async def _begins(party: Party) -> bool:
    return bool(await lines_of(party.journal))


async def _handled(checker: Checker, party: Party, count: int) -> None:
    async def so_many() -> bool:
        (row,) = await checker.rows(
            "SELECT count(*) AS n FROM messages WHERE receiver_task_id = $1 AND state = 'HANDLED'", party.task_id
        )
        return bool(row["n"] >= count)

    await until(so_many, 60, f"{count} messages handled")
