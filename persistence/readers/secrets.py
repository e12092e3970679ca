"""Reading which secrets there are."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from domain.pages import Page, PageRequest
from domain.secret import Secret
from persistence.keyset import Ordering, read_page
from persistence.mappers import to_secret
from persistence.readers.lookup import Lookup
from persistence.readers.session import ReadSession
from persistence.tables import secrets

BY_NAME = Ordering((secrets.c.name,))
WITHOUT_VALUE = (
    secrets.c.id,
    secrets.c.workspace_id,
    secrets.c.name,
    secrets.c.key_id,
    secrets.c.updated_by,
    secrets.c.created_at,
    secrets.c.updated_at,
)
SECRETS_BY_ID = Lookup(select(*WITHOUT_VALUE), secrets.c.id, to_secret, secrets.c.workspace_id)


class SecretReader(ReadSession):
    """The part of :class:`domain.ports.Reader` that is about secrets."""

    async def secrets(self, workspace_id: UUID, page: PageRequest) -> Page[Secret]:
        """All secrets by name, without their values."""
        base = select(*WITHOUT_VALUE).where(secrets.c.workspace_id == workspace_id)
        async with self.connection() as connection:
            return await read_page(connection, base, BY_NAME, page, to_secret)

    async def secrets_by_id(self, workspace_id: UUID, ids: Sequence[UUID]) -> list[Secret | None]:
        """By id, without their values."""
        return await SECRETS_BY_ID.find(self, ids, workspace_id)
