"""Where evidence, the results of acceptance checks, and receipts are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.acceptance import AcceptanceResult
from domain.event_chain import EventHead
from domain.evidence import Evidence
from domain.execution import Artifact, ToolCall
from domain.receipt import SignedReceipt


class EvidenceStore(Protocol):
    """What is known of an execution for sure, and what was made of it when it ended."""

    async def tool_calls(self, execution_id: UUID) -> list[ToolCall]:
        """All its tool calls, the oldest first."""

    async def artifacts(self, execution_id: UUID) -> list[Artifact]:
        """All its artifacts by name."""

    async def findings_recorded(self, execution_id: UUID) -> int:
        """How many findings it saw, those not counted that it found fixed."""

    async def event_head(self, execution_id: UUID) -> EventHead:
        """The end of the chain of its events."""

    async def put(self, execution_id: UUID, evidence: Evidence, results: Sequence[AcceptanceResult]) -> None:
        """Keep the verdict, and how its acceptance checks came out."""

    async def put_receipt(self, receipt: SignedReceipt) -> None:
        """Keep its receipt."""


class Notary(Protocol):
    """Signs for this installation."""

    @property
    def platform(self) -> str:
        """The version of the platform that signs."""

    @property
    def public_key(self) -> str:
        """The Ed25519 public key: 64 hex digits."""

    @property
    def key_id(self) -> str:
        """What the key is called in signatures: the SHA-256 of its 32 bytes, in hex."""

    def sign(self, message: bytes) -> bytes:
        """The signature of 64 bytes."""
