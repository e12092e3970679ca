"""Playbooks as they are kept: those of a workspace, with their versions, and those that come with WrenchAI."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

MOST_SAVED = 1_000
"""Playbooks of a workspace."""
MOST_VERSIONS = 100
"""Versions of a playbook that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlaybook:
    """A playbook with its document. A shipped one has no workspace, nobody who saved it and no time of saving."""

    id: UUID
    workspace_id: UUID | None = None
    name: str
    title: str
    description: str = ""
    document: str
    version: int = 1
    saved_by: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def shipped(self) -> bool:
        """Whether it comes with WrenchAI, and cannot be changed."""
        return self.workspace_id is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybookVersion:
    """A playbook as it was saved at some time."""

    id: UUID
    playbook_id: UUID
    version: int
    document: str
    saved_by: str
    saved_at: datetime
