"""Retention as the settings say it: of the database, of the files, and of the engine's own rows."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from dbos import DBOSClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from agents.runtime.checkouts import Checkouts
from agents.runtime.ended_segments import count_ended_segments, remove_ended_segments
from domain.ports import Transactor
from domain.use_cases import memory
from persistence.artifacts import DiskArtifacts
from persistence.retention.files import LooseFiles
from persistence.retention.policy import HouseBusy, Policy, Removed
from persistence.retention.rows import OldRows
from server.settings import Settings

log = structlog.get_logger(__name__)

EMBEDDED_AT_ONCE = 50
"""Memories whose vectors are made in one transaction."""


def policy_of(settings: Settings) -> Policy:
    """What the settings say; 0 is for ever."""
    return Policy(
        logs=_days(settings.retain_log_days),
        events=_days(settings.retain_event_days),
        artifacts=_days(settings.retain_artifact_days),
        artifact_bytes=settings.retain_artifact_bytes or None,
        keys=_days(settings.retain_key_days),
        segments=_days(settings.retain_segment_days),
        memories=_days(settings.retain_memory_days),
    )


class Housekeeping:
    """Removes what is due. It may be interrupted at any time: what is left is removed the next time."""

    def __init__(
        self,
        *,
        policy: Policy,
        engine: AsyncEngine,
        client: DBOSClient,
        transactor: Transactor,
        artifacts: DiskArtifacts,
        checkouts: Checkouts,
    ) -> None:
        self._policy = policy
        self._engine = engine
        self._client = client
        self._transactor = transactor
        self._checkouts = checkouts
        self._rows = OldRows(engine, policy)
        self._files = LooseFiles(artifacts, self._rows, engine)

    async def due(self) -> Removed:
        """What would go; nothing is changed."""
        removed = Removed()
        await self._rows.count(removed)
        await self._files.count(removed)
        removed.checkouts = len(await self._ended_checkouts())
        if self._policy.segments is not None:
            now = await self._now()
            removed.engine_segments = await count_ended_segments(
                self._client, self._transactor, self._policy.segments, now
            )
        return removed

    async def remove(self) -> Removed:
        """Remove it.

        Raises:
            HouseBusy: another process removes just now, or a backup is being made.
        """
        removed = Removed()
        await self._rows.remove(removed)
        await self._files.remove(removed)
        for execution_id in await self._ended_checkouts():
            await self._checkouts.remove(execution_id)
            removed.checkouts += 1
        if self._policy.segments is not None:
            now = await self._now()
            removed.engine_segments = await remove_ended_segments(
                self._client, self._transactor, self._policy.segments, now
            )
        return removed

    async def tidy(self) -> None:
        """Remove it and say so in the log; when somebody else is at it, leave it to them."""
        try:
            removed = await self.remove()
        except HouseBusy:
            log.info("retention_left_to_others")
            return
        if removed.any:
            log.info("retention", **{name: count for name, count in asdict(removed).items() if count})
        await self.embed_waiting()

    async def embed_waiting(self) -> int:
        """Make the vectors that are missing: of memories of before the model was installed, or of a restored backup."""
        made = 0
        while done := await self._transactor.run(lambda uow: memory.embed_waiting(uow, EMBEDDED_AT_ONCE)):
            made += done
            await asyncio.sleep(0)
        if made:
            log.info("memories_embedded", memories=made)
        return made

    async def _ended_checkouts(self) -> Collection[UUID]:
        kept = await asyncio.to_thread(self._checkouts.kept)
        return await self._transactor.run(lambda uow: uow.executions.ended_among(kept))

    async def _now(self) -> datetime:
        async with self._engine.connect() as connection:
            now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            return now


def _days(days: int) -> timedelta | None:
    return timedelta(days=days) if days else None
