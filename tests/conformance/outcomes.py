"""What the page about conformance is made from: one row for each client or tool, kept in pytest's cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

FOLDER = "conformance"
"""Below ``.pytest_cache/v``; ``scripts.conformance`` reads it."""


@dataclass
class Row:
    """One client or tool. ``shown`` has what was shown of it, in the words of the page's columns."""

    tool: str
    version: str
    shown: dict[str, str] = field(default_factory=dict)

    def show(self, column: str, what: str = "yes") -> None:
        """Fill a cell; call it once the assertions behind it hold."""
        self.shown[column] = what


@contextmanager
def recorded(request: pytest.FixtureRequest, tool: str, version: str) -> Iterator[Row]:
    """A row that is stored when the block ends, with its result."""
    row, result = Row(tool, version), "fails"
    try:
        yield row
        result = "passes"
    finally:
        stored = {
            "tool": tool,
            "version": version,
            **row.shown,
            "result": row.shown.get("result", result) if result == "passes" else result,
            "command": f"pytest {request.node.nodeid}",
        }
        cache = request.config.cache
        assert cache is not None
        cache.set(f"{FOLDER}/{re.sub(r'[^a-z0-9]+', '-', tool.lower()).strip('-')}", stored)
