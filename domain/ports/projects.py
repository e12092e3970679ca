"""Where workspaces and projects are kept, and which sources are allowed."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from domain.commands import SourceDraft
from domain.project import Project


class WorkspaceStore(Protocol):
    """The tenants."""

    async def ensure(self, workspace_id: UUID, name: str) -> None:
        """Create the workspace unless it exists."""


class ProjectStore(Protocol):
    """Projects of a workspace, and the numbers of their tasks."""

    async def get(self, workspace_id: UUID, project_id: UUID) -> Project | None:
        """The project, or ``None``."""

    async def lock_keys(self, workspace_id: UUID) -> None:
        """Let nobody else give a project of the workspace its key until the transaction ends."""

    async def with_key(self, workspace_id: UUID, key: str) -> Project | None:
        """The project with this key, or ``None``."""

    async def insert(self, project: Project) -> None:
        """Add a project with its source."""

    async def take_numbers(self, project_id: UUID, count: int) -> int:
        """Reserve ``count`` task numbers and return the first."""


class SourcePolicy(Protocol):
    """Which sources agents may work on."""

    def check(self, draft: SourceDraft) -> SourceDraft:
        """The source with its location made absolute.

        Raises:
            domain.errors.Invalid: outside the configured roots, not a folder, or a URL that the policy refuses.
        """
