"""Messages in the graph, without a worker: reading, sending, and the feed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.errors import Invalid, LeaseLost
from domain.message import Message, MessageDraft, MessageType, ToTask
from domain.ports import UnitOfWork
from domain.use_cases import lifecycle, recording
from domain.use_cases.messaging import overdue, receiving, sending
from schema.node_ids import encode
from tests.schema.conftest import Graph

ERRORS = """errors { __typename message code path
  ... on MessageNotDelivered { task { key } reason } ... on PermissionDenied { permission } }"""
SEND = f"""mutation ($input: SendMessageInput!) {{ sendMessage(input: $input) {{
  message {{ id type state sequence content metadata sender receiver expiresAt }} {ERRORS} }} }}"""
FEED = """subscription ($task: ID, $after: Cursor) { messages(taskId: $task, after: $after) {
  cursor message { content state }
  event { __typename ... on MessageSent { sender receiver type } ... on MessageDelivered { delivery }
    ... on MessageHandled { stepName about { content } } ... on MessageUndeliverable { reason } } } }"""
LISTED = """query ($id: ID!, $n: Int, $after: Cursor) { task(by: { id: $id }) { messages(first: $n, after: $after) {
  totalCount { value } pageInfo { hasNextPage endCursor }
  nodes { content senderTask { key } receiverTask { key } senderExecution { number } deliveredTo { number }
    inReplyTo { id } answer { id } } } } }"""
ANY = (MessageType.INFORM, MessageType.REQUEST)


async def two(graph: Graph) -> tuple[lifecycle.Segment, lifecycle.Segment]:
    """Two executions at work."""
    tasks = await graph.tasks(await graph.project(), {}, {}, dispatch=True)
    first, second = [await graph.start(task["latestExecution"]["id"]) for task in tasks]
    return first, second


def to(segment: lifecycle.Segment, content: Any = "hello", name: str | None = "m", **given: Any) -> MessageDraft:
    return MessageDraft(to=ToTask(segment.task.key), content=content, name=name, **given)


async def send(graph: Graph, sender: lifecycle.Segment, draft: MessageDraft) -> Message:
    sent: Message = await graph.do(lambda uow: sending.send(uow, sender.lease, draft))
    return sent


async def take(graph: Graph, segment: lifecycle.Segment, name: str = "hear", **given: Any) -> Message | None:
    wanted = receiving.Wanted(name=name, types=ANY, **given)
    return (await graph.do(lambda uow: receiving.take(uow, segment.lease, wanted)))[0]  # type: ignore[no-any-return]


async def handle(
    graph: Graph, segment: lifecycle.Segment, message: Message, *sent: MessageDraft, name: str = "hear", at: int = 1
) -> None:
    async def work(uow: UnitOfWork) -> None:
        step = await recording.start_step(uow, segment.lease, None, name, at)
        record = recording.StepRecord(output=None, handled=message.id, sent=sent)
        await recording.finish_step(uow, segment.lease, step, record, None)

    await graph.do(work)


async def say(graph: Graph, **given: Any) -> dict[str, Any]:
    return dict((await graph.run(SEND, input=given))["sendMessage"])


async def test_what_was_sent_is_found_by_its_name_and_not_sent_again(graph: Graph) -> None:
    a, b = await two(graph)
    first = await send(graph, a, to(b))
    assert await send(graph, a, to(b)) == first
    with pytest.raises(Invalid, match="What was sent stays as it is"):
        await send(graph, a, to(b, "something else"))
    page = (await graph.run(LISTED, id=encode("Task", b.task.id), n=10))["task"]["messages"]
    assert [node["content"] for node in page["nodes"]] == ["hello"]


async def test_a_worker_that_has_lost_its_execution_sends_takes_and_handles_nothing(graph: Graph) -> None:
    a, b = await two(graph)
    await send(graph, a, to(b))
    taken = await take(graph, b)
    assert taken is not None
    for segment in (a, b):
        lease = segment.lease
        await graph.do(
            lambda uow, lease=lease: lifecycle.requeue_execution(  # type: ignore[misc]
                uow, lease.execution_id, lease.epoch, crashed=True, reason="died"
            )
        )
    with pytest.raises(LeaseLost):
        await send(graph, a, to(b, name="other"))
    with pytest.raises(LeaseLost):
        await take(graph, b, "other")
    with pytest.raises(LeaseLost):
        await handle(graph, b, taken)
    again = await graph.start(encode("Execution", b.execution.id))
    redelivered = await take(graph, again)
    assert redelivered is not None
    assert (redelivered.id, redelivered.deliveries) == (taken.id, 2)


async def test_a_message_in_hand_belongs_to_its_step(graph: Graph) -> None:
    a, b = await two(graph)
    for number in (1, 2):
        await send(graph, a, to(b, number, f"m{number}"))
    first = await take(graph, b, "one")
    second = await take(graph, b, "two")
    assert (first and first.content, second and second.content) == (1, 2)
    assert await take(graph, b, "three") is None
    # After a crash each step gets its own again, whoever asks first.
    second, first = await take(graph, b, "two"), await take(graph, b, "one")
    assert (first and first.content, second and second.content) == (1, 2)


async def test_answers_come_once_and_not_too_late(graph: Graph) -> None:
    a, b = await two(graph)
    draft = to(b, "why?", "q", type=MessageType.REQUEST, expires_in=timedelta(hours=1))
    asked = await graph.do(lambda uow: receiving.request(uow, a.lease, draft))
    assert asked == await graph.do(lambda uow: receiving.request(uow, a.lease, draft))
    request = await take(graph, b)
    assert request is not None
    answers = [
        MessageDraft(type=MessageType.REPLY, content=content, in_reply_to=request.id) for content in ("yes", "no")
    ]
    await handle(graph, b, request, *answers)
    for _ in range(2):
        answer = await graph.do(lambda uow: receiving.answer(uow, a.lease, asked.request))
        assert (answer.content, answer.deliveries) == ("yes", 1)
    late = await graph.do(lambda uow: uow.messages.get(None, answer.id))
    assert late.state == "HANDLED"
    nodes = (await graph.run(LISTED, id=encode("Task", a.task.id), n=10))["task"]["messages"]["nodes"]
    assert [node["content"] for node in nodes] == ["why?", "yes"]
    of_b = (await graph.run(LISTED, id=encode("Task", b.task.id), n=10))["task"]["messages"]["nodes"]
    assert [node["content"] for node in of_b] == ["why?", "yes", "no"]  # it is on record, and was delivered to nobody
    assert nodes[0]["answer"] == {"id": encode("Message", answer.id)}
    strange = MessageDraft(type=MessageType.REPLY, content="?", in_reply_to=answer.id, name="strange")
    with pytest.raises(Invalid, match="no request to its task"):
        await send(graph, a, strange)


async def test_an_answer_and_the_end_of_the_time_exclude_each_other(graph: Graph) -> None:
    a, b = await two(graph)
    draft = to(b, "why?", "q", type=MessageType.REQUEST, expires_in=timedelta(microseconds=1))
    request = await graph.do(lambda uow: receiving.request(uow, a.lease, draft))
    await graph.do(lambda uow: lifecycle.pause_execution(uow, a.lease))
    assert (await graph.do(lambda uow: uow.executions.get(None, a.execution.id))).status == "AWAITING_MESSAGE"
    reply = MessageDraft(type=MessageType.REPLY, content="yes", in_reply_to=request.request.id, name="r")
    ended, answer = await asyncio.gather(
        graph.do(lambda uow: overdue.end_wait(uow, request.wait)), send(graph, b, reply)
    )
    assert (ended is None) == (answer.state == "QUEUED")
    assert (answer.state == "UNDELIVERABLE") == (ended is not None and ended.status == "EXPIRED")
    execution = await graph.do(lambda uow: uow.executions.get(None, a.execution.id))
    assert (execution.status, execution.epoch) == ("QUEUED", 2)
    assert await graph.do(lambda uow: overdue.end_wait(uow, request.wait)) is None


async def test_of_those_who_write_to_each_other_at_once_none_waits_for_the_other(graph: Graph) -> None:
    a, b = await two(graph)
    both = ((a, b), (b, a))
    await asyncio.gather(
        *(send(graph, one, to(other, number, f"m{number}")) for number in range(15) for one, other in both)
    )
    for segment in (a, b):
        page = (await graph.run(LISTED, id=encode("Task", segment.task.id), n=50))["task"]["messages"]
        assert page["totalCount"] == {"value": 30}
        waiting = await graph.do(lambda uow, id_=segment.task.id: uow.messages.open_in(id_))  # type: ignore[misc]
        assert [one.sequence for one in waiting] == list(range(1, 16))


async def test_an_execution_that_got_its_message_while_it_was_about_to_wait_goes_on(graph: Graph) -> None:
    a, b = await two(graph)
    assert await take(graph, b) is None
    await send(graph, a, to(b))

    async def is_there(uow: UnitOfWork) -> bool:
        return bool(await uow.messages.open_in(b.task.id))

    await graph.do(lambda uow: lifecycle.pause_execution(uow, b.lease, answered=is_there))
    execution = await graph.do(lambda uow: uow.executions.get(None, b.execution.id))
    assert (execution.status, execution.epoch) == ("QUEUED", 2)


async def test_a_person_writes_within_limits(graph: Graph, viewer: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    sent = await say(graph, taskId=task["id"], content="hello", metadata={"why": "test"}, idempotencyKey="k")
    again = await say(graph, taskId=task["id"], content="hello", metadata={"why": "test"}, idempotencyKey="k")
    assert sent == again
    assert (sent["message"]["sequence"], sent["message"]["metadata"]) == (1, {"why": "test"})

    async def refused(by: Graph, **given: Any) -> tuple[str, list[str]]:
        (error,) = (await say(by, **given))["errors"]
        return error["code"], error["path"]

    here = {"taskId": task["id"], "content": 1}
    assert await refused(viewer, **here) == ("PERMISSION_DENIED", [])
    assert await refused(graph, content=1) == ("VALIDATION_FAILED", ["input", "taskId"])
    assert await refused(graph, **here, type="REPLY") == ("VALIDATION_FAILED", ["input", "type"])
    assert await refused(graph, **here, expiresIn="PT0S") == ("VALIDATION_FAILED", ["input", "expiresIn"])
    assert await refused(graph, **here, metadata=[1]) == ("VALIDATION_FAILED", ["input", "metadata"])
    assert await refused(graph, taskId=task["id"], content="x" * 100_001) == ("VALIDATION_FAILED", ["input", "content"])
    assert await refused(graph, taskId=task["id"], content="\0") == ("VALIDATION_FAILED", ["input", "content"])
    assert (await refused(graph, taskId=encode("Task", uuid4()), content=1))[0] == "NOT_FOUND"
    assert (await refused(graph, executionId=encode("Execution", uuid4()), content=1))[0] == "NOT_FOUND"
    stranger = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    assert (await refused(stranger, **here))[0] == "NOT_FOUND"


async def test_lists_are_pages_and_take_the_same_few_statements(graph: Graph) -> None:
    a, b = await two(graph)
    for number in range(7):
        await send(graph, a, to(b, number, f"m{number}"))
    task_id = encode("Task", b.task.id)
    few, many = [await graph.counted(LISTED, id=task_id, n=n) for n in (2, 7)]
    assert few == many <= 10
    contents, after = [], None
    while True:
        page = (await graph.run(LISTED, id=task_id, n=3, after=after))["task"]["messages"]
        contents += [node["content"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert contents == list(range(7))
    document = "query ($id: ID!) { node(id: $id) { ... on Message { content } } }"
    message = await graph.do(lambda uow: uow.messages.named(a.execution.id, "m3"))
    assert (await graph.run(document, id=encode("Message", message.id)))["node"] == {"content": 3}
    stranger = replace(graph, actor=replace(graph.actor, workspace_id=uuid4()))
    assert (await stranger.run(document, id=encode("Message", message.id)))["node"] is None


async def test_messages_are_told_live_and_can_be_resumed(graph: Graph) -> None:
    a, b = await two(graph)
    (other,) = await graph.tasks(await graph.project(), {})
    watching = asyncio.create_task(graph.updates(FEED, take=1, task=encode("Task", b.task.id)))
    await asyncio.wait({watching}, timeout=0.3)
    await say(graph, taskId=other["id"], content="elsewhere")
    await send(graph, a, to(b))
    (first,) = await watching
    assert first["event"] == {
        "__typename": "MessageSent",
        "sender": "inspector",
        "receiver": f"task {b.task.key}",
        "type": "INFORM",
    }
    taken = await take(graph, b)
    assert taken is not None
    await handle(graph, b, taken)
    delivered, handled = await graph.updates(FEED, take=2, task=encode("Task", b.task.id), after=first["cursor"])
    assert delivered["event"] == {"__typename": "MessageDelivered", "delivery": 1}
    assert handled["event"] == {"__typename": "MessageHandled", "stepName": "hear", "about": {"content": "hello"}}
    assert handled["message"] == {"content": "hello", "state": "HANDLED"}
    with pytest.raises(Exception, match="cursor"):
        await graph.updates(FEED, take=1, after=first["cursor"])
