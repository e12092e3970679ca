"""Reading playbooks of workspaces."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.pages import Page, PageRequest
from domain.playbooks.saved import PlaybookVersion, SavedPlaybook
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_playbook, to_playbook_version
from persistence.readers.lists import Lists
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.tables import playbook_versions, playbooks

BY_NAME = Ordering((playbooks.c.name,))
NEWEST = Ordering((playbook_versions.c.version,), descending=True)
PLAYBOOKS_BY_ID = Lookup(select(playbooks), playbooks.c.id, to_playbook, playbooks.c.workspace_id)
PLAYBOOKS_BY_NAME = Lookup(select(playbooks), playbooks.c.name, to_playbook, playbooks.c.workspace_id)
VERSIONS_BY_ID = Lookup(
    select(playbook_versions), playbook_versions.c.id, to_playbook_version, playbook_versions.c.workspace_id
)
VERSIONS_OF = Lists(
    select(playbook_versions),
    playbook_versions.c.playbook_id,
    playbook_versions.c.workspace_id,
    NEWEST,
    to_playbook_version,
)


class PlaybookReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about playbooks."""

    async def playbooks(self, workspace_id: UUID, page: PageRequest) -> Page[SavedPlaybook]:
        """Those of the workspace by name, in the order of the characters."""
        base = select(playbooks).where(playbooks.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, BY_NAME, page, to_playbook)

    async def playbooks_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[SavedPlaybook | None]:
        """By id."""
        return await PLAYBOOKS_BY_ID.find(self, ids, workspace_id)

    async def playbooks_by_name(self, workspace_id: UUID, names: Sequence[str]) -> list[SavedPlaybook | None]:
        """By name."""
        return await PLAYBOOKS_BY_NAME.find(self, names, workspace_id)

    async def playbook_versions_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[PlaybookVersion | None]:
        """By id."""
        return await VERSIONS_BY_ID.find(self, ids, workspace_id)

    async def versions_of_playbooks(
        self, workspace_id: UUID, playbook_ids: Sequence[UUID], page: PageRequest
    ) -> list[Page[PlaybookVersion]]:
        """The versions of each playbook that are kept, the newest first."""
        return await VERSIONS_OF.read(self, workspace_id, playbook_ids, page)
