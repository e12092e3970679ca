"""A connection that listens for wake-ups and comes back by itself whenever it is lost."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager, suppress
from typing import Self

import structlog

from domain.wakeups import Subscription
from persistence.wakeup_topics import Topics

LONGEST_PAUSE = 5.0
log = structlog.stdlib.get_logger(__name__)


class WakeupListener(ABC):
    """Base of the implementations of the port ``Wakeups``: a background task between ``start`` and ``stop``.

    After every (re)connection everybody is woken, for what was sent meanwhile is lost.
    """

    def __init__(self) -> None:
        self._topics = Topics()
        self._task: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()

    @abstractmethod
    async def _listen(self) -> None:
        """Connect, call ``_listening`` once wake-ups arrive, and pass them on until the connection is lost."""

    @property
    @abstractmethod
    def _losses(self) -> tuple[type[BaseException], ...]:
        """What is raised when the connection cannot be had or is lost."""

    @property
    def healthy(self) -> bool:
        """Whether wake-ups arrive at this moment."""
        return self._connected.is_set() and self._task is not None and not self._task.done()

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Subscription]:
        """Subscribe to ``execution:<id>``, ``task:<id>`` or ``workspace:<id>`` while the context is entered."""
        return self._topics.subscribe(topic)

    async def start(self, timeout: float = 10.0) -> None:
        """Begin to listen; wait at most ``timeout`` seconds for the connection, which is tried for ever."""
        self._task = asyncio.create_task(self._run(), name="wake-ups")
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._connected.wait()

    async def stop(self) -> None:
        """Close the connection and end the task."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _listening(self) -> None:
        self._connected.set()
        self._topics.wake_all()

    async def _run(self) -> None:
        pause = 0.05
        while True:
            why = "closed"
            try:
                await self._listen()
            except self._losses as error:
                why = type(error).__name__
            finally:
                had_connection = self._connected.is_set()
                self._connected.clear()
            pause = 0.05 if had_connection else min(pause * 2, LONGEST_PAUSE)
            log.warning("wake-ups lost, connecting again", reason=why, pause_seconds=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret
