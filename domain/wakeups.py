"""The port through which readers learn that there may be something new to read."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Subscription(Protocol):
    """Interest in one topic. A wake-up carries nothing: whoever is woken reads the event log again from its cursor."""

    async def wait(self, timeout: float) -> bool:
        """Wait at most ``timeout`` seconds for a wake-up.

        Returns:
            ``True`` when there was one since the last ``wait`` returned (or since subscribing), ``False`` on timeout.
            One that arrives between two calls is kept, so reading between them loses nothing.
        """


class Wakeups(Protocol):
    """Where wake-ups come from. A lost one costs latency, never data: readers also read again after each timeout."""

    @property
    def healthy(self) -> bool:
        """Whether wake-ups arrive at this moment."""

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[Subscription]:
        """Subscribe to ``execution:<id>``, ``task:<id>`` or ``workspace:<id>`` while the context is entered."""
