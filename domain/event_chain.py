"""The hash chain over the events of an execution.

``head(0)`` is empty, ``head(n) = SHA-256(head(n - 1) + leaf(n))``, and the leaf of an event is the SHA-256 of the
canonical form of what it says. Its number is not in the leaf, being its place in the chain.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.canonical import canonical

EMPTY = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventHead:
    """The end of a chain: how many events it has, and its last hash in hex.

    ``head`` is ``None`` for an execution that was begun before there were chains.
    """

    count: int
    head: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedEvent:
    """An event exactly as it was written: what its leaf is made of."""

    sequence: int
    kind: str
    payload: Mapping[str, Any]
    actor: str
    at: datetime

    def plain(self) -> dict[str, Any]:
        """The event as JSON."""
        return {
            "sequence": self.sequence,
            "kind": self.kind,
            "payload": dict(self.payload),
            "actor": self.actor,
            "at": moment(self.at),
        }


def leaf(execution_id: UUID, kind: str, payload: Mapping[str, Any], actor: str, at: str) -> bytes:
    """The hash of one event. ``at`` as :func:`moment` writes it."""
    said = {"execution": str(execution_id), "kind": kind, "payload": payload, "actor": actor, "at": at}
    return hashlib.sha256(canonical(said)).digest()


def extended(head: bytes, leaves: Iterable[bytes]) -> bytes:
    """The head after more events."""
    for one in leaves:
        head = hashlib.sha256(head + one).digest()
    return head


def moment(at: datetime) -> str:
    """A time as it is hashed: RFC 3339 in UTC, always with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
