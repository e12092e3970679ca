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
from domain.reads import FeedFilter, FeedStart
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

LEFT_ALONE = 60.0
"""Seconds; events are removed only when they are days old, so within this time none of those not yet read was."""

Read: TypeAlias = Callable[[], Awaitable[list[EventRecord]]]
Check: TypeAlias = Callable[[], Awaitable[None]]
"""Raises when what is waited for will not come."""


async def _no_check() -> None:
    """Nothing can go."""


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
    if not execution.events_removed_to <= sequence <= execution.sequence:
        raise CursorExpired(path=("after",))
    stream = _Stream(context, scope, f"execution:{execution_id}", _by_sequence)
    ended = execution.status in ENDED_EXECUTION
    while True:
        read = partial(context.read.events_after, context.workspace_id, execution_id, sequence, BATCH)
        kept = partial(_require_events_kept, context, execution_id, sequence)
        deliveries = await (stream.rest(read) if ended else stream.behind((sequence,), read, when_idle=kept))
        for delivery in deliveries:
            if delivery.event.sequence != sequence + 1:
                raise CursorExpired(path=("after",))
            sequence = delivery.event.sequence
            yield _checked(context, delivery)
            if isinstance(delivery.event.event, ExecutionFinished):
                return
        if ended and not deliveries:
            await kept()
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
    start = await context.read.feed_start()
    position = await _start(context, scope, after, start)
    stream = _Stream(context, scope, f"workspace:{context.workspace_id}", partial(_by_commit, start.era))
    while True:
        read = partial(context.read.feed_after, context.workspace_id, filter_by, position, BATCH)
        deliveries = await stream.behind(position, read)
        if stream.was_left_alone():
            # Not before the read: what was removed until then is behind the start that is read now.
            await _require_feed_kept(context, position)
        for delivery in deliveries:
            position = (delivery.event.xact, delivery.event.id)
            yield _checked(context, delivery)


Position: TypeAlias = tuple[int, ...]


def _by_sequence(record: EventRecord) -> Position:
    return (record.sequence or 0,)


def _by_commit(era: int, record: EventRecord) -> Position:
    return (record.xact, record.id, era) if era else (record.xact, record.id)


class _Stream:
    """One subscription's view of the reads of its stream, which it shares with all others on the same stream."""

    def __init__(
        self, context: Context, scope: str, topic: str, position_of: Callable[[EventRecord], Position]
    ) -> None:
        self._context = context
        self._scope = scope
        self._topic = topic
        self._position_of = position_of
        self._began = self._asked = asyncio.get_running_loop().time()
        self._pause = 0.0

    async def behind(self, position: Position, read: Read, when_idle: Check = _no_check) -> tuple[Delivery, ...]:
        """What comes first behind a position: at least one event, waited for when there is none yet.

        While it waits, ``when_idle`` is asked now and then whether there can still be one.
        """
        now = asyncio.get_running_loop().time()
        self._pause, self._asked = now - self._asked, now
        key = (self._context.workspace_id, self._scope, position)
        deliveries = await self._context.reads.share(key, partial(self._next, read, when_idle), since=self._began)
        self._asked = asyncio.get_running_loop().time()
        return deliveries

    def was_left_alone(self) -> bool:
        """Whether whoever reads the stream took so long since the last answer that events may have been removed."""
        return self._pause > LEFT_ALONE

    async def rest(self, read: Read) -> tuple[Delivery, ...]:
        """What can be read at this moment, perhaps nothing."""
        return tuple(
            Delivery(cursors.encode(self._scope, self._position_of(record)), record)
            for record in await _through_outages(read)
        )

    async def _next(self, read: Read, when_idle: Check) -> tuple[Delivery, ...]:
        async with self._context.wakeups.subscribe(self._topic) as wakeups:
            settling = _Settling(wakeups)
            while not (deliveries := await self.rest(read)):
                if settling.idle:
                    await when_idle()
                await settling.pause()
            return deliveries


async def _start(context: Context, scope: str, after: str | None, start: FeedStart) -> tuple[int, int]:
    if after is None:
        return await context.read.feed_head(context.workspace_id)
    xact, id_, era = (*_position(scope, after, 2, 3), 0)[:3]
    if era != start.era or (xact, id_) < start.position:
        raise CursorExpired(path=("after",))
    return xact, id_


async def _require_events_kept(context: Context, execution_id: UUID, sequence: int) -> None:
    (execution,) = await context.read.executions_by_id(context.workspace_id, [execution_id])
    if execution is not None and sequence < execution.events_removed_to:
        raise CursorExpired(path=("after",))


async def _require_feed_kept(context: Context, position: tuple[int, int]) -> None:
    if position < (await context.read.feed_start()).position:
        raise CursorExpired(path=("after",))


def _position(scope: str, after: str, *lengths: int) -> tuple[int, ...]:
    position = cursors.decode(scope, after)
    if len(position) not in lengths or not all(type(part) is int for part in position):
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

    @property
    def idle(self) -> bool:
        """Whether there has been no wake-up for a while."""
        return self._wait == LONGEST_WAIT

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
