"""Writing answers under idempotency keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.tables import idempotency_keys


class IdempotencyTable:
    """See :class:`domain.ports.IdempotencyStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def recall(self, workspace_id: UUID, actor: str, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Lock the key; the stored hash of its request and the answer, or ``None`` when it is fresh."""
        # The row may not exist yet, so a lock on the row would let two first requests through.
        lock = func.hashtextextended(f"idempotency:{workspace_id}:{actor}:{key}", 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(lock)))
        table = idempotency_keys.c
        found = select(table.request_hash, table.answer).where(
            table.workspace_id == workspace_id, table.actor == actor, table.key == key
        )
        row = (await self._connection.execute(found)).one_or_none()
        return None if row is None else (row.request_hash, row.answer)

    async def remember(
        self, workspace_id: UUID, actor: str, key: str, request_hash: str, answer: Mapping[str, Any]
    ) -> None:
        """Keep an answer."""
        await self._connection.execute(
            insert(idempotency_keys).values(
                workspace_id=workspace_id,
                actor=actor,
                key=key,
                request_hash=request_hash,
                answer=dict(answer),
                created_at=self._now,
            )
        )
