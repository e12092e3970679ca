"""The outlines of one document: one for each operation in it and each setting of its switches."""

from __future__ import annotations

from collections.abc import Hashable

from server.transport.breadth_first.outline import AnyExecutor, Outline, Unsuited, outline_of

MOST = 32
"""Settings of switches that are kept for a document; a client has few, and an attacker gets no more."""


class OutlineCache:
    """Remembers what was outlined, and what cannot be."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Outline | None] = {}

    def of(self, executor: AnyExecutor, key: Hashable) -> Outline | None:
        """The outline of the executor's operation, ``None`` when it has to go the long way."""
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            try:
                self._known[key] = outline_of(executor)
            except Unsuited:
                self._known[key] = None
        return self._known[key]
