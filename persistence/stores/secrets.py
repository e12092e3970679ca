"""Writing secrets, and reading their sealed values."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.secret import SealedSecret, Secret
from persistence.mappers import to_sealed_secret, to_secret
from persistence.tables import secrets


class SecretTable:
    """See :class:`domain.ports.SecretStore`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, secret: Secret, sealed: SealedSecret) -> Secret:
        """Insert or overwrite a secret; its id and the time of its creation stay."""
        changing = {
            "key_id": sealed.key_id,
            "wrapped": sealed.wrapped,
            "sealed": sealed.sealed,
            "updated_by": secret.updated_by,
            "updated_at": secret.updated_at,
        }
        fixed = {
            "id": secret.id,
            "workspace_id": secret.workspace_id,
            "name": secret.name,
            "created_at": secret.created_at,
        }
        written = (
            upsert(secrets)
            .values({**fixed, **changing})
            .on_conflict_do_update(index_elements=["workspace_id", "name"], set_=changing)
            .returning(secrets)
        )
        return to_secret((await self._connection.execute(written)).mappings().one())

    async def get(self, workspace_id: UUID, name: str) -> Secret | None:
        """The secret without its value, or ``None``."""
        row = (await self._connection.execute(select(secrets).where(_named(workspace_id, name)))).mappings().first()
        return None if row is None else to_secret(row)

    async def sealed(self, workspace_id: UUID, name: str) -> SealedSecret | None:
        """The sealed value, or ``None``."""
        row = (await self._connection.execute(select(secrets).where(_named(workspace_id, name)))).mappings().first()
        return None if row is None else to_sealed_secret(row)

    async def delete(self, workspace_id: UUID, name: str) -> None:
        """Forget a secret."""
        await self._connection.execute(delete(secrets).where(_named(workspace_id, name)))

    async def all(self) -> list[tuple[UUID, str, SealedSecret]]:
        """Every secret of every workspace, locked, with its workspace and name."""
        found = select(secrets).order_by(secrets.c.workspace_id, secrets.c.name).with_for_update()
        rows = (await self._connection.execute(found)).mappings()
        return [(row["workspace_id"], row["name"], to_sealed_secret(row)) for row in rows]

    async def rewrap(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> None:
        """Replace the wrapped key of a secret whose value stays."""
        values = {"key_id": sealed.key_id, "wrapped": sealed.wrapped}
        await self._connection.execute(update(secrets).where(_named(workspace_id, name)).values(values))


def _named(workspace_id: UUID, name: str) -> ColumnElement[bool]:
    return and_(secrets.c.workspace_id == workspace_id, secrets.c.name == name)
