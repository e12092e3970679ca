"""Reading the event log: history, and the feeds in commit order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal, or_, select, tuple_

from domain.events import ApprovalEvent, EventRecord, MessageEvent
from domain.pages import Page, PageRequest
from domain.reads import FeedFilter, FeedStart
from persistence.event_codec import to_record
from persistence.keyset import Ordering
from persistence.readers.lists import Lists
from persistence.readers.session import ReadSession
from persistence.selects import among, select_events
from persistence.tables import Xid8, events, feed_horizon

BY_SEQUENCE = Ordering((events.c.sequence,))
EVENTS_OF = Lists(select_events(), events.c.execution_id, events.c.workspace_id, BY_SEQUENCE, to_record)


class EventReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about events."""

    async def events_of(
        self, workspace_id: UUID, execution_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[EventRecord]]:
        """Events of each execution by sequence; a position is ``(sequence,)``."""
        return await EVENTS_OF.read(self, workspace_id, execution_ids, page)

    async def events_after(
        self, workspace_id: UUID, execution_id: UUID, sequence: int, limit: int
    ) -> list[EventRecord]:
        """The execution's events behind a sequence number, in order."""
        wanted = (
            select_events()
            .where(
                events.c.workspace_id == workspace_id,
                events.c.execution_id == execution_id,
                events.c.sequence > sequence,
            )
            .order_by(events.c.sequence)
            .limit(limit)
        )
        async with self.connection() as connection:
            return [to_record(row) for row in await connection.rows(wanted)]

    async def feed_head(self, workspace_id: UUID) -> tuple[int, int]:
        """The position of the last event that a feed can show now: ``(xact, id)``; the same until there is another."""
        last = (
            select(cast(cast(events.c.xact, Text), BigInteger).label("xact"), events.c.id)
            .where(events.c.workspace_id == workspace_id, events.c.in_feed, events.c.xact < _oldest_running())
            .order_by(events.c.xact.desc(), events.c.id.desc())
            .limit(1)
        )
        async with self.connection() as connection:
            row = await connection.row(last)
        return (0, 0) if row is None else (row["xact"], row["id"])

    async def feed_after(
        self, workspace_id: UUID, filter_by: FeedFilter, position: tuple[int, int], limit: int
    ) -> list[EventRecord]:
        """Events behind a position, in commit order; only what no running transaction can still get in front of."""
        xact, event_id = position
        behind = tuple_(events.c.xact, events.c.id) > tuple_(
            cast(literal(str(xact), Text), Xid8), literal(event_id, BigInteger)
        )
        wanted = (
            select_events()
            .where(events.c.workspace_id == workspace_id, events.c.in_feed, behind, events.c.xact < _oldest_running())
            .order_by(events.c.xact, events.c.id)
            .limit(limit)
        )
        if filter_by.project_id is not None:
            wanted = wanted.where(events.c.project_id == filter_by.project_id)
        if filter_by.message_events_only:
            wanted = wanted.where(among(events.c.kind, [kind.__name__ for kind in get_args(MessageEvent)]))
        if filter_by.task_ids and filter_by.message_events_only:
            sides = (events.c.payload[name].astext for name in ("sender_task_id", "receiver_task_id"))
            wanted = wanted.where(or_(*(among(side, map(str, filter_by.task_ids)) for side in sides)))
        elif filter_by.task_ids:
            wanted = wanted.where(or_(*(events.c.task_id == task_id for task_id in filter_by.task_ids)))
        if filter_by.task_events_only:
            wanted = wanted.where(events.c.task_id.is_not(None))
        if filter_by.approval_events_only:
            wanted = wanted.where(among(events.c.kind, [kind.__name__ for kind in get_args(ApprovalEvent)]))
        async with self.connection() as connection:
            return [to_record(row) for row in await connection.rows(wanted)]

    async def feed_start(self) -> FeedStart:
        """From where on feeds can be resumed."""
        async with self.connection() as connection:
            row = await connection.row(select(feed_horizon.c.xact, feed_horizon.c.event_id, feed_horizon.c.era))
        return FeedStart() if row is None else FeedStart(position=(row["xact"], row["event_id"]), era=row["era"])


def _oldest_running() -> ColumnElement[Any]:
    return func.pg_snapshot_xmin(func.pg_current_snapshot(), type_=Xid8)
