"""How long what is kept, and what a run has removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

DEAD_WORKERS = timedelta(days=1)
"""How long the row of a worker that does not beat is kept: it is still named where somebody looks for its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The age at which each kind of thing goes; ``None`` keeps it for ever.

    That of a memory counts from its last correction; one that says when it expires goes then in any case.

    Ages count from the end of the execution that something belongs to, so nothing of a live one is ever due.
    ``artifact_bytes`` is how much the artifacts of ended executions may take up, the oldest go first.
    """

    logs: timedelta | None
    events: timedelta | None
    artifacts: timedelta | None
    artifact_bytes: int | None
    keys: timedelta | None
    segments: timedelta | None
    memories: timedelta | None = None


@dataclass(slots=True, kw_only=True)
class Removed:
    """How many of each kind went, or would go."""

    log_events: int = 0
    events: int = 0
    messages: int = 0
    artifacts: int = 0
    artifact_files: int = 0
    artifact_file_bytes: int = 0
    idempotency_keys: int = 0
    dead_workers: int = 0
    checkouts: int = 0
    engine_segments: int = 0
    memories: int = 0

    @property
    def any(self) -> bool:
        """Whether there was anything."""
        return any(getattr(self, name) for name in self.__slots__)


class HouseBusy(Exception):
    """Another process removes just now, or a backup is being made: what is left is removed the next time."""

    def __init__(self) -> None:
        super().__init__(
            "Another process is removing old data, or a backup is being made: try again when that is done."
        )
