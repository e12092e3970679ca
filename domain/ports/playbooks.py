"""Where the playbooks of workspaces are kept."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from domain.playbooks.saved import PlaybookVersion, SavedPlaybook


class PlaybookStore(Protocol):
    """Playbooks by workspace and name, and their versions."""

    async def lock_names(self, workspace_id: UUID) -> None:
        """Let nobody else save a playbook of the workspace until the transaction ends."""

    async def get(self, workspace_id: UUID, name: str) -> SavedPlaybook | None:
        """The playbook, or ``None``."""

    async def count(self, workspace_id: UUID) -> int:
        """How many the workspace has."""

    async def put(self, playbook: SavedPlaybook, version: PlaybookVersion) -> None:
        """Insert or overwrite a playbook, and add the version; the oldest versions above the limit are removed."""

    async def delete(self, playbook_id: UUID) -> None:
        """Remove a playbook with its versions."""
