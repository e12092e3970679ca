"""Live events: the event log read from a cursor, then read again at each wake-up.

Nothing is ever taken from a wake-up itself, so one that is lost costs latency and never an event; and the
subscription to wake-ups stands before the first read, so nothing falls between the two.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from domain.actor import Permission
from domain.errors import CursorExpired, InvalidCursor, NotFound, StoreLost
from domain.events import EventRecord, ExecutionFinished
from domain.reads import FeedFilter
from domain.states import ENDED_EXECUTION
from domain.wakeups import Subscription
from resolvers import cursors, executions
from resolvers.context import Context
from resolvers.events import execution_scope, feed_scope

BATCH = 100
LONGEST_WAIT = 5.0
"""Seconds after which the log is read again although there was no wake-up: one may have been lost."""
SHORTEST_WAIT = 0.05
SETTLING_WAIT = 0.5
SETTLING = 10.0
"""Seconds for which events that were announced may stay unreadable, see ``_Settling``."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event and where to resume after it."""

    cursor: str
    event: EventRecord


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
    async with context.wakeups.subscribe(f"execution:{execution_id}") as wakeups:
        execution = await context.load(executions.by_id, execution_id)
        if execution is None:
            raise NotFound("execution", str(execution_id), path=("executionId",))
        ended = execution.status in ENDED_EXECUTION
        while True:
            records = await _through_outages(
                partial(context.read.events_after, context.workspace_id, execution_id, sequence, BATCH)
            )
            for record in records:
                if record.sequence != sequence + 1:
                    raise CursorExpired(path=("after",))
                sequence = record.sequence
                yield _deliver(context, scope, record, (sequence,))
                if isinstance(record.event, ExecutionFinished):
                    return
            if ended and not records:
                return
            if len(records) < BATCH and not ended:
                await wakeups.wait(LONGEST_WAIT)


async def feed(context: Context, filter_by: FeedFilter, after: str | None) -> AsyncGenerator[Delivery, None]:
    """Events across executions in commit order, from now or from a cursor on; never ends by itself.

    Raises:
        Denied: the right to read is missing, or was lost meanwhile.
        InvalidCursor, CursorExpired: ``after`` is not of this feed, or what follows it is gone.
    """
    context.actor.require(Permission.READ)
    scope = feed_scope(context.workspace_id, filter_by)
    after = context.last_event_id if after is None else after
    async with context.wakeups.subscribe(f"workspace:{context.workspace_id}") as wakeups:
        position = await _start(context, scope, after)
        settling = _Settling(wakeups)
        while True:
            records = await _through_outages(
                partial(context.read.feed_after, context.workspace_id, filter_by, position, BATCH)
            )
            for record in records:
                position = (record.xact, record.id)
                yield _deliver(context, scope, record, position)
            if len(records) < BATCH:
                await settling.pause()


async def _start(context: Context, scope: str, after: str | None) -> tuple[int, int]:
    if after is None:
        return await context.read.feed_head()
    xact, id_ = _position(scope, after, 2)
    if (xact, id_) < await context.read.feed_start():
        raise CursorExpired(path=("after",))
    return xact, id_


def _position(scope: str, after: str, length: int) -> tuple[int, ...]:
    position = cursors.decode(scope, after)
    if len(position) != length or not all(type(part) is int for part in position):
        raise InvalidCursor(path=("after",))
    return position


def _deliver(context: Context, scope: str, record: EventRecord, position: tuple[int, ...]) -> Delivery:
    """Rights may have been taken away, and what was loaded for the event before is the past."""
    context.actor.require(Permission.READ)
    context.loaders.clear()
    return Delivery(cursors.encode(scope, position), record)


async def _through_outages(read: Callable[[], Awaitable[list[EventRecord]]]) -> list[EventRecord]:
    """Read, and while the database is away try again: whoever waits for events need not know."""
    pause = SHORTEST_WAIT
    while True:
        try:
            return await read()
        except StoreLost:
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_WAIT)


class _Settling:
    """Waits for a wake-up, for a feed.

    An event that was announced cannot be read while a transaction that began before it is still running. So for a
    while after a wake-up the log is read again, soon at first and then less often, without waiting for another one.
    """

    def __init__(self, wakeups: Subscription) -> None:
        self._wakeups = wakeups
        self._wait = LONGEST_WAIT
        self._settled_at = 0.0

    async def pause(self) -> None:
        """Return when the log should be read again."""
        now = asyncio.get_running_loop().time
        if await self._wakeups.wait(self._wait):
            self._wait = SHORTEST_WAIT
            self._settled_at = now() + SETTLING
        elif now() < self._settled_at:
            self._wait = min(self._wait * 2, SETTLING_WAIT)
        else:
            self._wait = LONGEST_WAIT
