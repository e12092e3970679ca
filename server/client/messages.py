"""The messages of a task, and saying something to its agent, through the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from server.client.graphql_client import GraphQLClient, Refused
from server.client.named import task_named

MESSAGES = """
query Messages($id: ID!, $before: Cursor) {
  task(by: { id: $id }) {
    key status
    messages(last: 100, before: $before) {
      nodes {
        id messageType state reason sender receiver content sentAt handledBy deliveries sequence
        inReplyTo { id }
        senderTask { key }
        receiverTask { key }
      }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}
"""

MESSAGES_LIVE = """
subscription MessagesLive($id: ID!) {
  messages(taskId: $id) { cursor event { __typename } }
}
"""

SEND_MESSAGE = """
mutation SendMessage($input: SendMessageInput!) {
  sendMessage(input: $input) { message { id state sequence receiver } errors { message code } }
}
"""

ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED", "SKIPPED"})
LONGEST_WAIT = 2.0
"""Seconds after which it is looked again though no event came: the end of a task is none of its messages' events."""

Show = Callable[[dict[str, Any]], None]


async def messages_of(client: GraphQLClient, name: str) -> list[dict[str, Any]]:
    """All messages of a task, the oldest first.

    Raises:
        Refused: there is no such task.
    """
    task = await task_named(client, name)
    return (await _fresh(client, task["id"], {}))[0]


async def follow_messages(client: GraphQLClient, name: str, show: Show) -> None:
    """Hand each message of a task to ``show``, and again whenever its state has changed, until the task has ended.

    Raises:
        Refused: there is no such task.
    """
    task = await task_named(client, name)
    woken = asyncio.Event()
    listening = asyncio.create_task(_listen(client.subscribe(MESSAGES_LIVE, {"id": task["id"]}), woken))
    states: dict[str, str] = {}
    try:
        while True:
            woken.clear()
            fresh, ended = await _fresh(client, task["id"], states)
            for message in fresh:
                states[message["id"]] = message["state"]
                show(message)
            if ended:
                return
            if listening.done():
                await listening
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT):
                    await woken.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def send_message(
    client: GraphQLClient, name: str, content: Any, *, request: bool, only_this_attempt: bool
) -> dict[str, Any]:
    """Say something to whoever works on the task; with ``only_this_attempt`` to its latest execution alone.

    Raises:
        Refused: there is no such task, it has ended, or has no execution yet.
    """
    task = await task_named(client, name)
    if only_this_attempt and task["latestExecution"] is None:
        raise Refused(f"{name} has no execution: it was not dispatched yet.")
    to = {"executionId": task["latestExecution"]["id"]} if only_this_attempt else {"taskId": task["id"]}
    said = {**to, "content": content, "messageType": "REQUEST" if request else "INFORM"}
    payload = (await client.query(SEND_MESSAGE, {"input": said}))["sendMessage"]
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
    sent: dict[str, Any] = payload["message"]
    return sent


async def _listen(events: AsyncIterator[dict[str, Any]], woken: asyncio.Event) -> None:
    async for _ in events:
        woken.set()


async def _fresh(client: GraphQLClient, task_id: str, states: dict[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """Messages that are new or in another state than they were, the oldest first; and whether the task has ended."""
    found: list[dict[str, Any]] = []
    before, ended = None, False
    while True:
        task = (await client.query(MESSAGES, {"id": task_id, "before": before}))["task"]
        if task is None:
            raise Refused("The task is gone.")
        if before is None:
            ended = task["status"] in ENDED
        page = task["messages"]["nodes"]
        fresh = [message for message in page if states.get(message["id"]) != message["state"]]
        found = [*fresh, *found]
        info = task["messages"]["pageInfo"]
        if not info["hasPreviousPage"] or (states and not fresh):
            return found, ended
        before = info["startCursor"]
