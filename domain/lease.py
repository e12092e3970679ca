"""A worker's right to write to an execution."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.events import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Held by the worker that runs one segment of an execution; it ends when the epoch moves on."""

    subject: Subject
    execution_id: UUID
    epoch: int
    worker_id: UUID

    @property
    def actor(self) -> str:
        """Who the events of this segment are attributed to."""
        return f"worker:{self.worker_id}"
