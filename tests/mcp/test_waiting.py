"""What a client is told of a task that waits: for messages, for its parts, and for what those ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLUnionType, build_schema

from domain.states import TaskStatus
from server.client.pauses import awaited
from server.mcp.below import ENDED
from server.mcp.showing import sentence_of
from tests.mcp.conftest import Connect, answer

SDL = Path(__file__).parents[2] / "schema" / "schema.graphql"
DOCUMENT = """
name: asking
inputs: {journal: {type: string}}
steps:
  - id: ask
    agent: probe
    inputs: {journal: "${{ inputs.journal }}", asks: [{name: publish, arguments: {to: everybody}}]}
"""
REASONS: list[tuple[dict[str, Any], str]] = [
    (
        {"__typename": "WaitsForDependency", "task": {"key": "A-1", "title": "First"}, "onFailure": "SKIP"},
        "It waits for A-1 (First).",
    ),
    (
        {"__typename": "WaitsForSlot", "agentKind": "probe", "limit": 2, "running": 2},
        "probe works on 2 executions; 2 are the limit.",
    ),
    (
        {"__typename": "WaitsForWorker", "agentKind": "probe"},
        "No worker offers probe: start one with `wrenchai worker`.",
    ),
    ({"__typename": "WaitsForRoom", "agentKind": "probe"}, "The workers that offer probe have no room on their disks."),
    ({"__typename": "WaitsForTime", "until": "tomorrow"}, "The next attempt starts at tomorrow."),
    ({"__typename": "WaitsForApproval", "approval": {"action": {"summary": "Do it."}}}, "Its agent asks: Do it."),
    ({"__typename": "WaitsForChildren"}, "It waits for tasks that its agent has other agents do."),
    (
        {"__typename": "WaitsForMessage", "name": "hear", "messageTypes": ["INFORM", "REQUEST"], "expiresAt": None},
        "It waits for a message (INFORM, REQUEST) for hear.",
    ),
    (
        {"__typename": "WaitsForMessage", "name": "question", "messageTypes": [], "expiresAt": "tomorrow"},
        "It waits for an answer to question until tomorrow.",
    ),
    (
        {"__typename": "WaitsForBudget", "budget": {"scope": "TASK", "unit": "COST", "limit": 5, "spent": 5}},
        "A budget (TASK, COST) is used up: 5 of 5.",
    ),
]


@pytest.mark.parametrize(("reason", "said"), REASONS)
def test_each_reason_is_a_sentence(reason: dict[str, Any], said: str) -> None:
    assert sentence_of(reason) == said


def test_no_reason_is_forgotten() -> None:
    union = build_schema(SDL.read_text(encoding="utf-8")).type_map["BlockReason"]
    assert isinstance(union, GraphQLUnionType)
    assert {kind.name for kind in union.types} == {reason["__typename"] for reason, _ in REASONS}


@pytest.mark.parametrize(
    ("approvals", "messages", "said"),
    [
        ([{"id": "1"}], [], "1 approval(s)"),
        ([], ["a", "b"], "messages (a, b)"),
        ([{"id": "1"}, {"id": "2"}], ["a"], "2 approval(s) and messages (a)"),
        ([], [], "its tasks"),
    ],
)
def test_a_pause_says_what_is_waited_for(approvals: list[Any], messages: list[str], said: str) -> None:
    assert awaited({"approvals": approvals, "awaitedMessages": messages}) == said


async def test_tasks_are_found_in_every_state(connect: Connect, tmp_path: Path) -> None:
    async with connect() as client:
        project = await answer(client, "create_project", name="Listening")
        act = {"do": "hear", "name": "hear", "types": ["INFORM"]}
        task = await answer(
            client,
            "create_task",
            project=project["key"],
            title="Hear",
            agent="talker",
            inputs={"acts": [act]},
            dispatch=True,
        )
        held = await answer(client, "watch_task", task=task["key"], timeout_seconds=0.1)
        while held["task"]["status"] != "AWAITING_MESSAGE":
            assert held["timedOut"], held
            held = await answer(client, "watch_task", task=task["key"], timeout_seconds=0.1)
        assert held["task"]["waitsFor"] == ["It waits for a message (INFORM) for hear."]
        for status in TaskStatus:
            found = await answer(client, "list_tasks", project=project["key"], status=[status.value])
            assert [one["key"] for one in found["tasks"]] == [task["key"]] * (status is TaskStatus.AWAITING_MESSAGE)
        await answer(client, "cancel_task", task=task["key"])
    assert {status.value for status in TaskStatus} >= ENDED


async def test_what_is_asked_below_a_task_ends_the_watch(connect: Connect, tmp_path: Path) -> None:
    told: list[str] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    journal = tmp_path / "journal"
    async with connect() as client:
        project = await answer(client, "create_project", name="Asked below")
        inputs = {"document": DOCUMENT, "inputs": {"journal": str(journal)}}
        task = await answer(
            client, "create_task", project=project["key"], title="Outer", agent="playbook", inputs=inputs, dispatch=True
        )
        watched = await client.call_tool(
            "watch_task", {"task": task["key"], "timeout_seconds": 120}, progress_callback=note
        )
        found = dict(watched.structured_content or {})
        assert (found["timedOut"], found["ended"]) == (False, False)
        assert found["task"]["status"] == "AWAITING_CHILDREN"
        (asked,) = found["task"]["approvals"]
        assert asked["action"]["arguments"] == {"to": "everybody"}
        assert asked["task"]["key"] != task["key"]
        assert (
            found["task"]["waitsFor"][-1] == f"{asked['task']['key']} ({asked['task']['title']}) asks: Act as publish."
        )
        assert "It waits for its tasks." in told
        assert (await answer(client, "get_task", task=task["key"]))["approvals"] == [asked]
        await answer(client, "approve", approval=asked["id"], digest=asked["action"]["digest"])
        over = await answer(client, "watch_task", task=task["key"])
        assert (over["task"]["status"], over["task"]["approvals"]) == ("COMPLETED", [])
        assert "did publish" in journal.read_text()
