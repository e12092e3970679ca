"""Where events are written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from domain.events import Event, Subject


class EventLog(Protocol):
    """The append-only log of events."""

    async def append(
        self,
        subject: Subject,
        events: Iterable[Event],
        *,
        actor: str,
        epoch: int | None = None,
    ) -> None:
        """Write events in order; those of an execution get the next sequence numbers.

        With ``epoch`` the write is fenced: it happens only while the execution is RUNNING in that epoch.

        Raises:
            LeaseLost: the fence refused.
        """
