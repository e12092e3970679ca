"""Removing rows: one batch a transaction, each under the lock of the house, until nothing is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import CursorResult, Select, Table, case, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from persistence.retention import due
from persistence.retention.lock import HOUSE
from persistence.retention.policy import DEAD_WORKERS, HouseBusy, Policy, Removed
from persistence.tables import (
    artifacts,
    events,
    executions,
    feed_horizon,
    idempotency_keys,
    memories,
    messages,
    workers,
)

BATCH = 2_000
"""Rows in one transaction."""
EXECUTIONS = 50
"""Executions in one transaction."""
PAUSE = 0.02
"""Seconds between two transactions: others come first."""


class OldRows:
    """The rows that are due by a policy."""

    def __init__(self, engine: AsyncEngine, policy: Policy) -> None:
        self._engine = engine
        self._policy = policy

    async def count(self, removed: Removed) -> None:
        """Note what is due, and change nothing."""
        policy = self._policy
        async with self._engine.connect() as connection:
            if policy.logs is not None:
                ids = due.executions_with_old_logs(policy.logs).order_by(None)
                removed.log_events = await _count(connection, due.events_of(ids, logs_only=True))
            if policy.events is not None:
                ids = due.executions_with_old_events(policy.events).order_by(None)
                removed.events = await _count(connection, due.events_of(ids, logs_only=False))
                removed.events += await _count(connection, due.events_of_no_execution(policy.events))
                removed.messages = await _count(connection, due.old_messages(policy.events))
            for selection in self._artifacts():
                removed.artifacts = max(removed.artifacts, await _count(connection, selection))
            if policy.keys is not None:
                removed.idempotency_keys = await _count(connection, due.old_keys(policy.keys))
            removed.memories = await _count(connection, due.old_memories(policy.memories))
            removed.dead_workers = await _count(connection, due.dead_workers(DEAD_WORKERS))

    async def remove(self, removed: Removed) -> None:
        """Remove what is due; what was done before an error stays done.

        Raises:
            HouseBusy: somebody else has the house.
        """
        policy = self._policy
        if policy.logs is not None:
            removed.log_events += await self._events_of_ended(policy.logs, logs_only=True)
        if policy.events is not None:
            removed.events += await self._events_of_ended(policy.events, logs_only=False)
            removed.events += await self._events_of_no_execution(policy.events)
            removed.messages += await self._plain(messages, (messages.c.id,), due.old_messages(policy.events))
        for selection in self._artifacts():
            removed.artifacts += await self._plain(artifacts, (artifacts.c.id,), selection)
        if policy.keys is not None:
            key = (idempotency_keys.c.workspace_id, idempotency_keys.c.actor, idempotency_keys.c.key)
            removed.idempotency_keys += await self._plain(idempotency_keys, key, due.old_keys(policy.keys))
        removed.memories += await self._plain(memories, (memories.c.id,), due.old_memories(policy.memories))
        removed.dead_workers += await self._plain(workers, (workers.c.id,), due.dead_workers(DEAD_WORKERS))

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else removes and no backup is being made.

        Raises:
            HouseBusy: somebody does.
        """
        async with self._engine.begin() as connection:
            if not (await connection.execute(select(func.pg_try_advisory_xact_lock(HOUSE)))).scalar_one():
                raise HouseBusy
            yield connection

    def _artifacts(self) -> list[Select[Any]]:
        policy = self._policy
        by_age = [] if policy.artifacts is None else [due.old_artifacts(policy.artifacts)]
        by_size = [] if policy.artifact_bytes is None else [due.artifacts_beyond(policy.artifact_bytes)]
        return by_age + by_size

    async def _events_of_ended(self, age: timedelta, *, logs_only: bool) -> int:
        wanted = due.executions_with_old_logs(age) if logs_only else due.executions_with_old_events(age)
        total = 0
        while True:
            async with self.alone() as connection:
                # Locked before their events, as everywhere; one that somebody else has locked can wait.
                locked = wanted.limit(EXECUTIONS).with_for_update(skip_locked=True)
                ids = list((await connection.execute(locked)).scalars())
                if not ids:
                    return total
                gone = await _delete_events(connection, due.events_of(ids, logs_only=logs_only))
                if len(gone) < BATCH:
                    state = due.WITHOUT_LOGS if logs_only else due.WITHOUT_EVENTS
                    await connection.execute(update(executions).where(executions.c.id.in_(ids)).values(pruning=state))
            total += len(gone)
            await asyncio.sleep(PAUSE)

    async def _events_of_no_execution(self, age: timedelta) -> int:
        total = 0
        while True:
            async with self.alone() as connection:
                gone = await _delete_events(connection, due.events_of_no_execution(age))
            total += len(gone)
            if len(gone) < BATCH:
                return total
            await asyncio.sleep(PAUSE)

    async def _plain(self, table: Table, key: Sequence[Any], selection: Select[Any]) -> int:
        total = 0
        while True:
            async with self.alone() as connection:
                which = tuple_(*key).in_(selection.limit(BATCH))
                result: CursorResult[Any] = await connection.execute(delete(table).where(which))
            total += result.rowcount
            if result.rowcount < BATCH:
                return total
            await asyncio.sleep(PAUSE)


async def _delete_events(connection: AsyncConnection, selection: Select[Any]) -> Sequence[Any]:
    """Delete a batch, and say in the same transaction up to where executions and feeds have lost events."""
    xact, event_id = due.feed_position()
    returned = (events.c.execution_id, events.c.sequence, events.c.in_feed, xact, event_id)
    statement = delete(events).where(events.c.id.in_(selection.limit(BATCH))).returning(*returned)
    gone = (await connection.execute(statement)).all()
    last: dict[Any, int] = {}
    for row in gone:
        if row.execution_id is not None:
            last[row.execution_id] = max(last.get(row.execution_id, 0), row.sequence)
    if last:
        reached = case(last, value=executions.c.id)
        await connection.execute(
            update(executions)
            .where(executions.c.id.in_(last))
            .values(pruned_to=func.greatest(executions.c.pruned_to, reached))
        )
    shown = [(row.xact, row.id) for row in gone if row.in_feed]
    if shown:
        await _move_horizon(connection, max(shown))
    return gone


async def _move_horizon(connection: AsyncConnection, position: tuple[int, int]) -> None:
    statement = upsert(feed_horizon).values(id=1, xact=position[0], event_id=position[1])
    new = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["id"],
            set_={"xact": new.xact, "event_id": new.event_id},
            where=tuple_(feed_horizon.c.xact, feed_horizon.c.event_id) < tuple_(new.xact, new.event_id),
        )
    )


async def _count(connection: AsyncConnection, selection: Select[Any]) -> int:
    counted: int = (
        await connection.execute(select(func.count()).select_from(selection.order_by(None).subquery()))
    ).scalar_one()
    return counted
