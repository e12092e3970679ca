"""What a row is to the mappers."""

from __future__ import annotations

from typing import Any, Protocol


class AnyRow(Protocol):
    """A row of asyncpg, or a mapping of SQLAlchemy's results."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of a column."""
