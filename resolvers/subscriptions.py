"""Live events: the event log read from a position, then read again at each wake-up.

Nothing is ever taken from a wake-up itself, so one that is lost costs latency and never an event; and the
subscription to wake-ups stands before the first read, so nothing falls between the two. All subscribers that wait
behind the same position share one wait and one read, see ``resolvers.flights``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import partial
from typing import TypeAlias
from uuid import UUID

from domain.actor import Permission
from domain.errors import CursorExpired, InvalidCursor, NotFound, StoreLost
from domain.events import EventRecord, ExecutionFinished
from domain.reads import FeedFilter
from domain.states import ENDED_EXECUTION
from domain.wakeups import Subscription
from resolvers import cursors, executions
from resolvers.context import Context
from resolvers.delivery import Delivery
from resolvers.events import execution_scope, feed_scope

BATCH = 100
LONGEST_WAIT = 5.0
"""Seconds after which the log is read again although there was no wake-up: one may have been lost."""
SHORTEST_WAIT = 0.05
SETTLING_WAIT = 0.5
SETTLING = 10.0
"""Seconds for which events that were announced may stay unreadable, see ``_Settling``."""

Read: TypeAlias = Callable[[], Awaitable[list[EventRecord]]]


async def execution_events(context: Context, execution_id: UUID, after: str | None) -> AsyncGenerator[Delivery, None]:
    """The events of one execution in order, without gap or duplicate; ends after the execution's last event.

    Raises:
        Denied: the right to read is missing, or was lost meanwhile.
        NotFound: no such execution for whoever asks.
        InvalidCursor, CursorExpired: ``after`` is not of this execution, or what follows it is gone.
    """
    context.actor.require(Permission.READ)
    scope = execution_scope(execution_id)
    after = context.last_event_id if after is None else after
    (sequence,) = (0,) if after is None else _position(scope, after, 1)
    execution = await context.load(executions.by_id, execution_id)
    if execution is None:
        raise NotFound("execution", str(execution_id), path=("executionId",))
    stream = _Stream(context, scope, f"execution:{execution_id}", _by_sequence)
    ended = execution.status in ENDED_EXECUTION
    while True:
        read = partial(context.read.events_after, context.workspace_id, execution_id, sequence, BATCH)
        deliveries = await (stream.rest(read) if ended else stream.behind((sequence,), read))
        for delivery in deliveries:
            if delivery.event.sequence != sequence + 1:
                raise CursorExpired(path=("after",))
            sequence = delivery.event.sequence
            yield _checked(context, delivery)
            if isinstance(delivery.event.event, ExecutionFinished):
                return
        if ended and not deliveries:
            return


async def feed(context: Context, filter_by: FeedFilter, after: str | None) -> AsyncGenerator[Delivery, None]:
    """Events across executions in commit order, from now or from a cursor on; never ends by itself.

    Raises:
        Denied: the right to read is missing, or was lost meanwhile.
        InvalidCursor, CursorExpired: ``after`` is not of this feed, or what follows it is gone.
    """
    context.actor.require(Permission.READ)
    scope = feed_scope(context.workspace_id, filter_by)
    after = context.last_event_id if after is None else after
    position = await _start(context, scope, after)
    stream = _Stream(context, scope, f"workspace:{context.workspace_id}", _by_commit)
    while True:
        read = partial(context.read.feed_after, context.workspace_id, filter_by, position, BATCH)
        for delivery in await stream.behind(position, read):
            position = (delivery.event.xact, delivery.event.id)
            yield _checked(context, delivery)


Position: TypeAlias = tuple[int, ...]


def _by_sequence(record: EventRecord) -> Position:
    return (record.sequence or 0,)


def _by_commit(record: EventRecord) -> Position:
    return (record.xact, record.id)


class _Stream:
    """One subscription's view of the reads of its stream, which it shares with all others on the same stream."""

    def __init__(
        self, context: Context, scope: str, topic: str, position_of: Callable[[EventRecord], Position]
    ) -> None:
        self._context = context
        self._scope = scope
        self._topic = topic
        self._position_of = position_of
        self._began = asyncio.get_running_loop().time()

    async def behind(self, position: Position, read: Read) -> tuple[Delivery, ...]:
        """What comes first behind a position: at least one event, waited for when there is none yet."""
        key = (self._context.workspace_id, self._scope, position)
        return await self._context.reads.share(key, partial(self._next, read), since=self._began)

    async def rest(self, read: Read) -> tuple[Delivery, ...]:
        """What can be read at this moment, perhaps nothing."""
        return tuple(
            Delivery(cursors.encode(self._scope, self._position_of(record)), record)
            for record in await _through_outages(read)
        )

    async def _next(self, read: Read) -> tuple[Delivery, ...]:
        async with self._context.wakeups.subscribe(self._topic) as wakeups:
            settling = _Settling(wakeups)
            while not (deliveries := await self.rest(read)):
                await settling.pause()
            return deliveries


async def _start(context: Context, scope: str, after: str | None) -> tuple[int, int]:
    if after is None:
        return await context.read.feed_head(context.workspace_id)
    xact, id_ = _position(scope, after, 2)
    if (xact, id_) < await context.read.feed_start():
        raise CursorExpired(path=("after",))
    return xact, id_


def _position(scope: str, after: str, length: int) -> tuple[int, ...]:
    position = cursors.decode(scope, after)
    if len(position) != length or not all(type(part) is int for part in position):
        raise InvalidCursor(path=("after",))
    return position


def _checked(context: Context, delivery: Delivery) -> Delivery:
    """Rights may have been taken away, and what was loaded for the event before is the past."""
    context.actor.require(Permission.READ)
    context.loaders.clear()
    return delivery


async def _through_outages(read: Read) -> list[EventRecord]:
    """Read, and while the database is away try again: whoever waits for events need not know."""
    pause = SHORTEST_WAIT
    while True:
        try:
            return await read()
        except StoreLost:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_WAIT)


class _Settling:
    """Waits for a wake-up.

    An event of a feed that was announced cannot be read while a transaction that began before it is still running. So
    at first, and for a while after a wake-up, the log is read again without waiting for another one: soon, and then
    less often.
    """

    def __init__(self, wakeups: Subscription) -> None:
        self._wakeups = wakeups
        self._wait = SHORTEST_WAIT
        self._settled_at = self._now() + SETTLING

    async def pause(self) -> None:
        """Return when the log should be read again."""
        if await self._wakeups.wait(self._wait):
            self._wait = SHORTEST_WAIT
            self._settled_at = self._now() + SETTLING
        elif self._now() < self._settled_at:
            self._wait = min(self._wait * 2, SETTLING_WAIT)
        else:
            self._wait = LONGEST_WAIT

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
