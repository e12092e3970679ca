"""Where secrets are kept, and who can open them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.secret import SealedSecret, Secret


class SecretStore(Protocol):
    """Sealed secrets, by workspace and name."""

    async def put(self, secret: Secret, sealed: SealedSecret) -> Secret:
        """Insert or overwrite a secret; its id and the time of its creation stay."""

    async def get(self, workspace_id: UUID, name: str) -> Secret | None:
        """The secret without its value, or ``None``."""

    async def sealed(self, workspace_id: UUID, name: str) -> SealedSecret | None:
        """The sealed value, or ``None``."""

    async def delete(self, workspace_id: UUID, name: str) -> None:
        """Forget a secret."""

    async def all(self) -> Sequence[tuple[UUID, str, SealedSecret]]:
        """Every secret of every workspace, locked, with its workspace and name."""

    async def rewrap(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> None:
        """Replace the wrapped key of a secret whose value stays."""


class Vault(Protocol):
    """Seals and opens values. What was sealed for one name and workspace cannot be opened for another."""

    def seal(self, workspace_id: UUID, name: str, value: str) -> SealedSecret:
        """Encrypt a value under a fresh data key, wrapped under the current master key.

        Raises:
            domain.errors.SecretUnreadable: the master key cannot be had.
        """

    def open(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> str:
        """The value.

        Raises:
            domain.errors.SecretUnreadable: its master key is not here, or it was altered.
        """

    def rewrap(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> SealedSecret:
        """The same value, with its data key under the current master key.

        Raises:
            domain.errors.SecretUnreadable: its master key is not here, or it was altered.
        """
