"""Removing files of artifacts that no row refers to."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.artifacts import StoredArtifact
from persistence.artifacts import DiskArtifacts
from persistence.retention.policy import Removed
from persistence.retention.rows import OldRows
from persistence.selects import among
from persistence.tables import artifacts

GRACE = timedelta(days=1)
"""Since it was last put: the row of a file that was just written is inserted when its step ends."""


class LooseFiles:
    """The files of a store that nothing refers to."""

    def __init__(self, store: DiskArtifacts, rows: OldRows, engine: AsyncEngine) -> None:
        self._store = store
        self._rows = rows
        self._engine = engine

    async def count(self, removed: Removed) -> None:
        """Note what would go, and change nothing."""
        for group in await asyncio.to_thread(self._store.idle_groups, GRACE):
            async with self._engine.connect() as connection:
                _note(removed, await _loose(connection, group))

    async def remove(self, removed: Removed) -> None:
        """Remove them, and what writes that were cut off have left.

        Raises:
            HouseBusy: somebody else has the house.
        """
        for group in await asyncio.to_thread(self._store.idle_groups, GRACE):
            # The files go inside the transaction: as long as it lasts nobody begins a backup. No row is locked.
            async with self._rows.alone() as connection:
                loose = await _loose(connection, group)
                gone = await asyncio.to_thread(self._store.discard, [one.sha256 for one in loose], GRACE)
            _note(removed, [one for one in loose if one.sha256 in gone])
        await asyncio.to_thread(self._store.discard_unfinished, GRACE)


async def _loose(connection: AsyncConnection, group: list[StoredArtifact]) -> list[StoredArtifact]:
    digests = [one.sha256 for one in group]
    used = select(artifacts.c.sha256).where(among(artifacts.c.sha256, digests))
    known = set((await connection.execute(used)).scalars())
    return [one for one in group if one.sha256 not in known]


def _note(removed: Removed, loose: list[StoredArtifact]) -> None:
    removed.artifact_files += len(loose)
    removed.artifact_file_bytes += sum(one.size for one in loose)
