"""Which tools there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.tool import ToolFacts


class ToolCatalogue(Protocol):
    """The tools of this machine: programs that are known, installed or not, and typed tools."""

    async def all(self) -> Sequence[ToolFacts]:
        """Every tool, by name."""
