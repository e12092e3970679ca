"""Where the answers to repeated requests are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID


class IdempotencyStore(Protocol):
    """Answers kept under the keys that clients gave."""

    async def recall(self, workspace_id: UUID, actor: str, key: str) -> tuple[str, Mapping[str, Any]] | None:
        """Lock the key; the stored hash of its request and the answer, or ``None`` when it is fresh."""

    async def remember(
        self, workspace_id: UUID, actor: str, key: str, request_hash: str, answer: Mapping[str, Any]
    ) -> None:
        """Keep an answer."""
