"""The trace that a transaction is part of."""

from __future__ import annotations

from typing import Protocol

from domain.execution import Execution


class Traces(Protocol):
    """Where what is done here is noted for those who watch the platform from outside."""

    def dispatched(self, execution: Execution) -> str | None:
        """Note that the execution was created, and answer the ``traceparent`` (W3C Trace Context) from which its worker
        goes on; ``None`` when nobody traces."""


class Untraced:
    """Nobody traces."""

    def dispatched(self, execution: Execution) -> str | None:
        """Note nothing."""
        return None
