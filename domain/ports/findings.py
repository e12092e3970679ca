"""Where findings are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol
from uuid import UUID

from domain.finding import Finding, FindingState


class FindingStore(Protocol):
    """Findings of a source, and which execution saw which."""

    async def get(self, workspace_id: UUID, finding_id: UUID) -> Finding | None:
        """The finding, locked, or ``None``."""

    async def known(self, source_id: UUID, agent: str, fingerprints: Collection[str]) -> dict[str, Finding]:
        """What is known under these fingerprints, locked, by fingerprint; meanwhile nobody else adds to it."""

    async def put(self, findings: Sequence[Finding]) -> None:
        """Insert or overwrite findings."""

    async def mark_seen(self, execution_id: UUID, findings: Sequence[Finding]) -> None:
        """Note that the execution saw the findings, in the state they have now."""

    async def unseen(
        self, source_id: UUID, agent: str, execution_id: UUID, engines: Collection[str], skipped_paths: Collection[str]
    ) -> list[Finding]:
        """Open findings of these engines, outside the skipped files and folders, that the execution did not see."""

    async def seen(self, execution_id: UUID) -> list[tuple[Finding, FindingState]]:
        """What the execution saw, each with the state it had then."""

    async def audited_before(self, source_id: UUID, agent: str, execution_id: UUID) -> bool:
        """Whether another execution of the agent on this source has settled its findings."""
