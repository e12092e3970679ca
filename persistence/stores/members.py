"""Writing who belongs to a workspace."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.actor import Permission
from persistence.tables import members


class MemberTable:
    """See :class:`domain.ports.MemberStore`."""

    def __init__(self, connection: AsyncConnection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    async def ensure(self, workspace_id: UUID, actor_id: str, permissions: Collection[Permission]) -> None:
        """Add a member, or give it these permissions."""
        names = sorted(permission.value for permission in permissions)
        new = upsert(members).values(workspace_id=workspace_id, actor=actor_id, permissions=names, created_at=self._now)
        await self._connection.execute(
            new.on_conflict_do_update(index_elements=["workspace_id", "actor"], set_={"permissions": names})
        )

    async def others_who_may(self, workspace_id: UUID, permissions: Collection[Permission], actor_id: str) -> int:
        """How many members beside the actor have all of the permissions."""
        counted = (
            select(func.count())
            .select_from(members)
            .where(
                members.c.workspace_id == workspace_id,
                members.c.actor != actor_id,
                members.c.permissions.contains([permission.value for permission in permissions]),
            )
        )
        return int((await self._connection.execute(counted)).scalar_one())
