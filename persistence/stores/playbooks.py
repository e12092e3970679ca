"""Writing playbooks and their versions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.playbooks.saved import MOST_VERSIONS, PlaybookVersion, SavedPlaybook
from persistence.mappers import from_playbook, to_playbook
from persistence.tables import playbook_versions, playbooks

FIXED = frozenset({"id", "workspace_id", "name", "created_at"})


class PlaybookTable:
    """See :class:`domain.ports.PlaybookStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock_names(self, workspace_id: UUID) -> None:
        """Let nobody else save a playbook of the workspace until the transaction ends."""
        key = func.hashtextextended(f"playbooks:{workspace_id}", 0)
        await self._connection.execute(select(func.pg_advisory_xact_lock(key)))

    async def get(self, workspace_id: UUID, name: str) -> SavedPlaybook | None:
        """The playbook, or ``None``."""
        found = select(playbooks).where(playbooks.c.workspace_id == workspace_id, playbooks.c.name == name)
        row = (await self._connection.execute(found)).mappings().one_or_none()
        return None if row is None else to_playbook(row)

    async def count(self, workspace_id: UUID) -> int:
        """How many the workspace has."""
        found = select(func.count()).select_from(playbooks).where(playbooks.c.workspace_id == workspace_id)
        return int((await self._connection.execute(found)).scalar_one())

    async def put(self, playbook: SavedPlaybook, version: PlaybookVersion) -> None:
        """Insert or overwrite a playbook, and add the version; the oldest versions above the limit are removed."""
        row = from_playbook(playbook)
        changing = {name: value for name, value in row.items() if name not in FIXED}
        written = upsert(playbooks).values(row).on_conflict_do_update(index_elements=["id"], set_=changing)
        await self._connection.execute(written)
        await self._connection.execute(
            insert(playbook_versions).values(
                id=version.id,
                workspace_id=playbook.workspace_id,
                playbook_id=version.playbook_id,
                version=version.version,
                document=version.document,
                saved_by=version.saved_by,
                saved_at=version.saved_at,
            )
        )
        old = playbook_versions.c.version <= version.version - MOST_VERSIONS
        await self._connection.execute(
            delete(playbook_versions).where(playbook_versions.c.playbook_id == playbook.id, old)
        )

    async def delete(self, playbook_id: UUID) -> None:
        """Remove a playbook with its versions."""
        await self._connection.execute(delete(playbooks).where(playbooks.c.id == playbook_id))
