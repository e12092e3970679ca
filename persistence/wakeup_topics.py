"""Who waits for which topic in this process, and the format of a wake-up on its way between processes."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

from domain.wakeups import Subscription

CHANNEL = "wrenchai_events"
FIELDS = {"w": "workspace", "t": "task", "e": "execution"}


def payload(workspace_id: UUID, task_id: UUID | None = None, execution_id: UUID | None = None) -> str:
    """The wake-up for a change in a workspace, of a task and an execution where it has them; under 200 bytes."""
    ids = {"w": workspace_id, "t": task_id, "e": execution_id}
    return json.dumps(
        {name: None if value is None else str(value) for name, value in ids.items()}, separators=(",", ":")
    )


def topics_of(text: str | bytes) -> list[str]:
    """The topics a payload wakes; none when it is not one of ours."""
    try:
        ids = json.loads(text)
    except ValueError:
        return []
    if not isinstance(ids, dict):
        return []
    return [f"{noun}:{ids[name]}" for name, noun in FIELDS.items() if isinstance(ids.get(name), str)]


class _Waiting:
    """A subscription: an event that stays set until somebody has waited for it."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def wait(self, timeout: float) -> bool:
        try:
            async with asyncio.timeout(timeout):
                await self._woken.wait()
        except TimeoutError:
            return False
        self._woken.clear()
        return True


class Topics:
    """The subscriptions of this process, by topic."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, set[_Waiting]] = defaultdict(set)

    @asynccontextmanager
    async def subscribe(self, topic: str) -> AsyncIterator[Subscription]:
        """Be woken for a topic while the context is entered."""
        waiting = _Waiting()
        self._waiting[topic].add(waiting)
        try:
            yield waiting
        finally:
            self._waiting[topic].discard(waiting)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def wake(self, topics: Iterable[str]) -> None:
        """Wake whoever waits for one of the topics."""
        for topic in topics:
            for waiting in self._waiting.get(topic, ()):
                waiting.wake()

    def wake_all(self) -> None:
        """Wake everybody: something may have been missed."""
        self.wake(list(self._waiting))
