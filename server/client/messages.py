"""The messages of a task, and saying something to its agent, through the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Any

from server.client.graphql_client import GraphQLClient, Refused
from server.client.named import task_named

_SHOWN = """
        id type state reason sender receiver content sentAt handledBy deliveries sequence
        inReplyTo { id }
        senderTask { key }
        receiverTask { key }
"""

MESSAGES = f"""
query Messages($id: ID!, $before: Cursor) {{
  task(by: {{ id: $id }}) {{
    key status
    messages(last: 100, before: $before) {{
      nodes {{ {_SHOWN} }}
      pageInfo {{ hasPreviousPage startCursor }}
    }}
  }}
}}
"""

MESSAGES_NAMED = f"""
query MessagesNamed($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on Message {{ {_SHOWN} }} }}
}}
"""

MESSAGES_LIVE = """
subscription MessagesLive($id: ID!) {
  messages(taskId: $id) { cursor message { id } }
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
MOST_NAMED = 100
"""Ids that one query may have."""

Show = Callable[[dict[str, Any]], None]


async def messages_of(client: GraphQLClient, name: str) -> list[dict[str, Any]]:
    """All messages of a task, the oldest first.

    Raises:
        Refused: there is no such task.
    """
    task = await task_named(client, name)
    return await _Followed(client, task["id"]).look(whole=True)


async def follow_messages(client: GraphQLClient, name: str, show: Show) -> None:
    """Hand each message of a task to ``show``, and again whenever its state has changed, until the task has ended.

    Raises:
        Refused: there is no such task.
    """
    task = await task_named(client, name)
    followed, heard = _Followed(client, task["id"]), _Heard()
    listening = asyncio.create_task(heard.listen(client.subscribe(MESSAGES_LIVE, {"id": task["id"]})))
    first, streams = True, False
    try:
        while True:
            ids = heard.taken()
            # What changed after the first look and before the stream began is in no event: its first says that it has.
            whole = first or (bool(ids) and not streams)
            first, streams = False, streams or bool(ids)
            fresh = [*await followed.named(ids), *await followed.look(whole=whole)]
            if followed.ended and not whole:
                fresh += await followed.look(whole=True)
            for message in fresh:
                show(message)
            if followed.ended:
                return
            if listening.done():
                await listening
            with suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_WAIT):
                    await heard.something.wait()
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
    said = {**to, "content": content, "type": "REQUEST" if request else "INFORM"}
    payload = (await client.query(SEND_MESSAGE, {"input": said}))["sendMessage"]
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
    sent: dict[str, Any] = payload["message"]
    return sent


class _Heard:
    """The ids of messages that something has happened to, until they are taken."""

    def __init__(self) -> None:
        self.something = asyncio.Event()
        self._ids: dict[str, None] = {}

    async def listen(self, updates: AsyncIterator[dict[str, Any]]) -> None:
        """Take in what the subscription brings."""
        async for update in updates:
            message = update["messages"]["message"]
            if message is not None:
                self._ids[message["id"]] = None
            self.something.set()

    def taken(self) -> list[str]:
        """What was heard since the last time."""
        self.something.clear()
        ids, self._ids = list(self._ids), {}
        return ids


class _Followed:
    """The messages of a task, each in the state in which it was seen last."""

    def __init__(self, client: GraphQLClient, task_id: str) -> None:
        self._client = client
        self._task_id = task_id
        self._states: dict[str, str] = {}
        self.ended = False

    async def named(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those of the messages that are in another state than they were."""
        fresh: list[dict[str, Any]] = []
        for start in range(0, len(ids), MOST_NAMED):
            found = await self._client.query(MESSAGES_NAMED, {"ids": ids[start : start + MOST_NAMED]})
            fresh += self._fresh([message for message in found["nodes"] if message])
        return fresh

    async def look(self, *, whole: bool) -> list[dict[str, Any]]:
        """Messages that are new or in another state than they were, the oldest first; sees whether the task has ended.

        Unless ``whole``, older pages than one that has nothing new are left alone.

        Raises:
            Refused: the task is gone.
        """
        found: list[dict[str, Any]] = []
        before = None
        while True:
            task = (await self._client.query(MESSAGES, {"id": self._task_id, "before": before}))["task"]
            if task is None:
                raise Refused("The task is gone.")
            if before is None:
                self.ended = task["status"] in ENDED
            fresh = self._fresh(task["messages"]["nodes"])
            found = [*fresh, *found]
            info = task["messages"]["pageInfo"]
            if not info["hasPreviousPage"] or not (whole or fresh):
                return found
            before = info["startCursor"]

    def _fresh(self, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        fresh = [message for message in messages if self._states.get(message["id"]) != message["state"]]
        self._states |= {message["id"]: message["state"] for message in fresh}
        return fresh
