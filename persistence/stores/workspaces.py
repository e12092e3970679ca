"""Writing workspaces."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.tables import workspaces


class WorkspaceTable:
    """See :class:`domain.ports.WorkspaceStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def ensure(self, workspace_id: UUID, name: str) -> None:
        """Create the workspace unless it exists."""
        new = upsert(workspaces).values(id=workspace_id, name=name, created_at=self._now)
        await self._connection.execute(new.on_conflict_do_nothing())
