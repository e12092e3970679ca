"""What a client left out."""

from __future__ import annotations

from typing import TypeVar

from strawberry import UNSET

Value = TypeVar("Value")


def given(value: Value | None) -> Value | None:
    """The value, or ``None`` when it was left out. An empty text is a value."""
    return None if value is UNSET else value
