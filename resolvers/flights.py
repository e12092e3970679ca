"""Identical work done once: whoever asks for what is under way, or was lately done, gets the same outcome.

A thousand subscribers that wait for the same event ask for the same rows, and then for the same JSON. Two things are
shared, each under a key that holds everything its outcome depends on:

- the read of the event log behind one position, by workspace, kind of stream and filter (``resolvers.subscriptions``);
- the execution and the text of one event's payload, by document, operation, the variables its selection uses, whoever
  asks, and the event as one read returned it (``server.transport.sharing``).

It is safe because nobody skips a check or a step for it: a subscriber has its own position, is checked for its rights
at each event, and takes from others only what it would have computed itself. A read is never handed to somebody who
subscribed after it, so a payload is never older than the subscription. Nobody waits for anybody's client, only for the
work itself; and work that failed is forgotten at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Flights(Generic[Value]):
    """Work by key. What was done is kept for ``lifetime`` seconds, the latest up to a total weight of ``capacity``.

    ``weigh`` tells what an outcome counts, ``None`` when only those who already wait for it may have it.
    """

    def __init__(self, *, lifetime: float, capacity: int, weigh: Callable[[Value], int | None]) -> None:
        self._lifetime = lifetime
        self._capacity = capacity
        self._weigh = weigh
        self._flights: dict[Hashable, _Flight[Value]] = {}
        self._kept: dict[Hashable, int] = {}
        self._weight = 0

    async def share(
        self, key: Hashable, work: Callable[[], Coroutine[Any, Any, Value]], *, since: float = 0.0
    ) -> Value:
        """The outcome of the work under ``key``: joined, remembered, or begun now.

        An outcome from before ``since`` (in the loop's time) does not count. The work runs in a task of its own: it
        goes on when one who waits is cancelled. When the last one is, it is cancelled too, and has ended on return.

        Raises:
            Whatever the work raised, to everybody who waited for it.
        """
        flight = self._flights.get(key)
        if flight is None or flight.ended < since:
            flight = self._begin(key, work)
        if flight.task.done():
            return flight.task.result()
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._forget(key, flight)
                flight.task.cancel()
                await asyncio.wait([flight.task])

    def _begin(self, key: Hashable, work: Callable[[], Coroutine[Any, Any, Value]]) -> _Flight[Value]:
        if (outdated := self._flights.get(key)) is not None:
            self._forget(key, outdated)
        flight = self._flights[key] = _Flight(asyncio.create_task(work()))
        flight.task.add_done_callback(lambda _: self._landed(key, flight))
        return flight

    def _landed(self, key: Hashable, flight: _Flight[Value]) -> None:
        if self._flights.get(key) is not flight:
            return
        failed = flight.task.cancelled() or flight.task.exception() is not None
        weight = None if failed else self._weigh(flight.task.result())
        if weight is None or weight > self._capacity:
            self._forget(key, flight)
            return
        loop = asyncio.get_running_loop()
        flight.ended = loop.time()
        loop.call_later(self._lifetime, self._forget, key, flight)
        self._kept[key] = weight
        self._weight += weight
        while self._weight > self._capacity:
            oldest = next(iter(self._kept))
            self._forget(oldest, self._flights[oldest])

    def _forget(self, key: Hashable, flight: _Flight[Value]) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]
            self._weight -= self._kept.pop(key, 0)


class _Flight(Generic[Value]):
    """Work under way or done, and how many wait for it. ``ended`` is the loop's time at which it was done."""

    __slots__ = ("ended", "task", "waiting")

    def __init__(self, task: asyncio.Task[Value]) -> None:
        self.task = task
        self.waiting = 0
        self.ended = float("inf")
