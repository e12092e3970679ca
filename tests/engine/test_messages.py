"""Agents that write to each other, and wait for each other, on the running platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import Board, Draft, until

MESSAGES = """query ($id: ID!) { task(by: { id: $id }) {
  key status blockedBy { __typename ... on WaitsForMessage { name messageTypes expiresAt request { content } } }
  messages(first: 100) { nodes {
    type state reason sender receiver content sequence deliveries handledBy sentAs
    inReplyTo { content } answer { content type }
    senderTask { title } receiverTask { title } deliveredTo { number }
  } }
  latestExecution { status waitedMs messages(first: 100) { totalCount { value } } result {
    ... on CustomReport { data } } error { code message } }
} }"""


def talker(name: str, *acts: Draft, agent: str = "talker", parent: str | None = None, **inputs: Any) -> Draft:
    """A task for an agent that does these acts."""
    draft = {"title": name, "clientKey": name, "agent": agent, "inputs": {"acts": list(acts), **inputs}}
    return draft if parent is None else {**draft, "parent": {"clientKey": parent}}


async def seen(board: Board, name: str) -> dict[str, Any]:
    """The task with its messages."""
    return dict((await board.client.query(MESSAGES, {"id": board.ids[name]}))["task"])


async def report(board: Board, name: str) -> dict[str, Any]:
    """What the agent reports at its end."""
    await board.becomes(name, "COMPLETED")
    return dict((await seen(board, name))["latestExecution"]["result"]["data"])


async def waits(board: Board, name: str) -> dict[str, Any]:
    """The task, once its execution waits for a message."""
    await board.becomes(name, "AWAITING_MESSAGE")
    return await seen(board, name)


async def family(board: Board, *drafts: Draft, dispatch: bool = True) -> None:
    """The tasks as parts of one tree, so that they find each other by their kinds."""
    root, *others = drafts
    children = [{**draft, "parent": {"clientKey": root["clientKey"]}} for draft in others]
    await board.create(root, *children, dispatch=dispatch)


async def test_what_is_sent_is_handled_once_and_in_order(board: Board) -> None:
    listener = talker("b", {"do": "hear", "name": "hear", "times": 12}, agent="listener")
    await family(
        board, talker("a", {"do": "send", "times": 8}, {"do": "send in step", "name": "s", "times": 4}), listener
    )
    assert (await report(board, "b"))["heard"] == [*range(1, 9), *range(1, 5)]
    await board.becomes("a", "COMPLETED")
    task = await seen(board, "b")
    messages = task["messages"]["nodes"]
    assert [one["sequence"] for one in messages] == list(range(1, 13))
    assert {(one["state"], one["deliveries"], one["deliveredTo"]["number"]) for one in messages} == {("HANDLED", 1, 1)}
    assert [one["handledBy"] for one in messages] == [f"hear-{number}" for number in range(1, 13)]
    assert [one["sentAs"] for one in messages] == [*(f"act-{number}" for number in range(1, 9)), *[None] * 4]
    assert {(one["sender"], one["receiver"]) for one in messages} == {("talker", "agent listener")}
    assert task["latestExecution"]["messages"]["totalCount"] == {"value": 12}


async def test_a_request_waits_without_a_worker_and_gets_its_answer(board: Board) -> None:
    hold = board.folder / "hold"
    hold.mkdir()
    asker = talker("a", {"do": "ask", "name": "q", "content": "why?", "timeout": 60})
    await family(board, asker, talker("b", {"do": "hear", "name": "hear", "hold": str(hold)}, agent="listener"))
    task = await waits(board, "a")
    (reason,) = task["blockedBy"]
    assert reason.pop("expiresAt") is not None
    assert reason == {
        "__typename": "WaitsForMessage",
        "name": "q",
        "messageTypes": [],
        "request": {"content": "why?"},
    }
    (hold / "hear").touch()
    assert (await report(board, "a"))["answers"] == {"q": "re why?"}
    request, reply = (await seen(board, "a"))["messages"]["nodes"]
    assert (request["type"], request["state"]) == ("REQUEST", "HANDLED")
    assert request["answer"] == {"content": "re why?", "type": "REPLY"}
    assert (reply["type"], reply["state"], reply["inReplyTo"]) == ("REPLY", "HANDLED", {"content": "why?"})
    assert (reply["senderTask"], reply["receiverTask"]) == ({"title": "b"}, {"title": "a"})
    assert (await seen(board, "a"))["latestExecution"]["waitedMs"] > 0


async def test_who_waits_for_a_message_goes_on_when_a_person_writes(board: Board) -> None:
    await board.create(talker("a", {"do": "hear", "name": "hear"}, {"do": "hear", "name": "again"}))
    task = await waits(board, "a")
    assert task["blockedBy"] == [
        {
            "__typename": "WaitsForMessage",
            "name": "hear",
            "messageTypes": ["INFORM", "REQUEST"],
            "expiresAt": None,
            "request": None,
        }
    ]
    answer = "message { state sequence sender receiverTask { key } }"
    sent = await board.do("sendMessage", answer, taskId=board.ids["a"], content={"go": "on"}, type="REQUEST")
    assert sent["message"] == {
        "state": "QUEUED",
        "sequence": 1,
        "sender": "user:local-owner",
        "receiverTask": {"key": task["key"]},
    }
    await board.do("sendMessage", "message { id }", taskId=board.ids["a"], content="bye")
    assert (await report(board, "a"))["heard"] == [{"go": "on"}, "bye"]
    replies = [one for one in (await seen(board, "a"))["messages"]["nodes"] if one["type"] == "REPLY"]
    assert [(one["state"], one["receiver"], one["content"]) for one in replies] == [
        ("DELIVERED", "user:local-owner", "re {'go': 'on'}")
    ]


@pytest.mark.verify
async def test_what_does_not_come_in_time_is_said_and_stays_so(board: Board) -> None:
    acts: list[Draft] = [
        {"do": "hear", "name": "nothing", "timeout": 0.05, "catch": True},
        {"do": "ask", "name": "deaf", "timeout": 0.05, "catch": True},
        {"do": "hear", "name": "then", "timeout": 60},
    ]
    await family(
        board,
        talker("a", *acts),
        talker("b", {"do": "hear", "types": ["INFORM"], "timeout": 60}, agent="listener"),
    )

    async def third() -> bool:
        task = await seen(board, "a")
        return any(reason.get("name") == "then" for reason in task["blockedBy"])

    await until(third)
    await board.do("sendMessage", "message { id }", taskId=board.ids["a"], content="late")
    done = await report(board, "a")
    assert done["codes"] == {"nothing": "MESSAGE_TIMED_OUT", "deaf": "MESSAGE_TIMED_OUT"}
    assert done["heard"] == ["late"]

    async def expired() -> bool:
        (request,) = (await seen(board, "b"))["messages"]["nodes"]
        return bool(request["state"] == "EXPIRED")

    await until(expired)
    (execution,) = (await board.task("a"))["executions"]["nodes"]
    kinds = [event["__typename"] for event in await board.events(execution["id"])]
    assert kinds.count("MessageWaitEnded") == 2


async def test_without_a_handler_for_it_a_timeout_fails_the_execution(board: Board) -> None:
    await board.create(talker("a", {"do": "hear", "timeout": 0.05}))
    task = await board.becomes("a", "FAILED")
    error = task["executions"]["nodes"][0]["error"]
    assert (error["code"], error["message"]) == ("MESSAGE_TIMED_OUT", "No message came in time for 'act'.")


async def test_whoever_was_asked_and_ends_without_an_answer_is_not_waited_for(board: Board) -> None:
    acts: list[Draft] = [
        {"do": "ask", "name": "silent", "catch": True},
        {"do": "ask", "name": "gone", "catch": True},
        {"do": "ask", "name": "nobody", "to": "agent-0", "catch": True},
        {"do": "send", "name": "none", "to": "inspector"},
    ]
    await family(board, talker("a", *acts), talker("b", {"do": "hear", "silent": True}, agent="listener"))
    codes = (await report(board, "a"))["codes"]
    assert {codes[name] for name in ("silent", "gone", "nobody")} == {"MESSAGE_UNDELIVERABLE"}
    assert "no task of the agent inspector" in codes["none"]
    states = {one["sentAs"]: (one["state"], one["reason"]) for one in (await seen(board, "a"))["messages"]["nodes"]}
    assert states["silent"] == ("HANDLED", None)
    assert [states[name][0] for name in ("gone", "nobody", "none")] == ["UNDELIVERABLE"] * 3
    assert "there is no task agent-0 here" in states["nobody"][1]


async def test_a_refusal_is_an_answer(board: Board) -> None:
    asker = talker("a", {"do": "ask", "name": "q", "content": "please", "catch": True})
    await family(board, asker, talker("b", {"do": "hear", "refuse": True}, agent="listener"))
    assert (await report(board, "a"))["codes"] == {"q": "MESSAGE_REFUSED"}


async def test_what_a_failed_attempt_has_not_handled_the_next_one_gets(board: Board) -> None:
    acts: list[Draft] = [{"do": "hear", "times": 2}, {"do": "ask", "name": "nobody", "to": "agent-0"}]
    listener = talker("b", *acts, agent="listener")
    await board.create({**listener, "retryPolicy": {"maxAttempts": 2, "backoff": "PT0S"}}, dispatch=False)
    for content in ("first", "second", "third", "fourth"):
        await board.do("sendMessage", "message { id }", taskId=board.ids["b"], content=content)
    await board.do("dispatchTask", "task { id }", taskId=board.ids["b"])
    await board.becomes("b", "FAILED")
    messages = [one for one in (await seen(board, "b"))["messages"]["nodes"] if one["type"] == "INFORM"]
    assert [one["state"] for one in messages] == ["HANDLED"] * 4
    assert [one["deliveredTo"]["number"] for one in messages] == [1, 1, 2, 2]


async def test_a_handler_that_is_tried_again_gets_the_same_message(board: Board) -> None:
    hears: list[Draft] = [{"do": "hear", "name": "one", "fail_first": True}, {"do": "hear", "name": "two"}]
    await board.create(talker("a", *hears, **board.inputs("a")))
    for content in ("first", "second"):
        await board.do("sendMessage", "message { id }", taskId=board.ids["a"], content=content)
    assert (await report(board, "a"))["heard"] == ["first", "second"]
    assert board.journal("a") == ["begun first", "begun first", "done first", "begun second", "done second"]


async def test_handlers_side_by_side_get_one_message_each(board: Board) -> None:
    hold = board.folder / "hold"
    hold.mkdir()
    hears: list[Draft] = [{"do": "hear", "name": f"h{number}", "hold": str(hold)} for number in range(3)]
    await board.create(talker("a", *hears, side_by_side=True, **board.inputs("a")))
    for content in ("x", "y", "z"):
        await board.do("sendMessage", "message { id }", taskId=board.ids["a"], content=content)

    async def all_begun() -> bool:
        return sorted(board.journal("a")) == ["begun x", "begun y", "begun z"]

    await until(all_begun)
    for number in range(3):
        (hold / f"h{number}").touch()
    assert sorted((await report(board, "a"))["heard"]) == ["x", "y", "z"]
    assert {one["deliveries"] for one in (await seen(board, "a"))["messages"]["nodes"]} == {1}


async def test_what_is_left_in_the_mailbox_of_a_task_that_ends_is_given_up(board: Board) -> None:
    gate = Path(board.folder / "gate")
    await board.create(talker("a", linger=str(gate)))
    await board.becomes("a", "IN_PROGRESS")
    execution_id = (await board.task("a"))["executions"]["nodes"][0]["id"]
    for to in ({"taskId": board.ids["a"]}, {"executionId": execution_id}):
        await board.do("sendMessage", "message { id }", content="unheard", **to)
    gate.touch()
    await board.becomes("a", "COMPLETED")
    messages = (await seen(board, "a"))["messages"]["nodes"]
    assert {one["state"] for one in messages} == {"UNDELIVERABLE"}
    assert all("did not handle it" in one["reason"] for one in messages)
    refused = await board.refused("sendMessage", taskId=board.ids["a"], content="too late")
    assert (refused["code"], refused["path"]) == ("MESSAGE_UNDELIVERABLE", ["input", "taskId"])
    events = [event["__typename"] for event in await board.events(execution_id)]
    assert events[-1] == "ExecutionFinished"
    assert events.count("MessageUndeliverable") == 1


async def test_who_waits_for_a_message_is_cancelled_at_once(board: Board) -> None:
    await board.create(talker("a", {"do": "hear"}))
    await waits(board, "a")
    payload = await board.do("cancelTask", "task { status }", taskId=board.ids["a"])
    assert payload["task"]["status"] == "CANCELLED"


async def test_a_name_is_used_once(board: Board) -> None:
    await board.create(
        talker("a", {"do": "send", "name": "same"}, {"do": "send", "name": "same"}),
        talker("b", {"do": "hear", "name": "same"}, {"do": "hear", "name": "same"}),
    )
    await board.do("sendMessage", "message { id }", taskId=board.ids["b"], content="once")
    for name in ("a", "b"):
        task = await board.becomes(name, "FAILED")
        assert task["executions"]["nodes"][0]["error"]["code"] == "AGENT_FAILED"
        assert "named 'same'" in task["executions"]["nodes"][0]["error"]["message"]
