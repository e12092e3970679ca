"""Rules for text that people type, and for what agents return."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from domain.errors import Invalid

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def check_text(value: str, name: str, *, most: int, required: bool = False) -> str:
    """The text without white space around it.

    Raises:
        Invalid: empty although required, longer than ``most`` characters, or with a character that cannot be stored.
    """
    text = value.strip()
    path = ("input", name)
    if required and not text:
        raise Invalid(f"{name} must not be empty.", path=path)
    if len(text) > most:
        raise Invalid(f"{name} may have at most {most:,} characters; this has {len(text):,}.", path=path)
    if not is_storable(text):
        raise Invalid(
            f"{name} contains a character that cannot be stored (NUL or half of a surrogate pair).", path=path
        )
    return text


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return UNSTORABLE.search(text) is None


def storable(value: Any) -> Any:
    """The same JSON value as PostgreSQL can hold it: other characters become �, numbers that are not finite null."""
    if isinstance(value, str):
        return UNSTORABLE.sub("�", value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {storable(key): storable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable(part) for part in value]
    return value


def check_document(value: Mapping[str, Any], name: str, *, most: int = 100_000) -> None:
    """Check a JSON object that a client sent.

    Raises:
        Invalid: it is nested deeper than 32 levels, holds more than ``most`` characters, or text that cannot be stored.
    """
    path = ("input", name)
    size = 0
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > 32:
            raise Invalid(f"{name} is nested deeper than 32 levels.", path=path)
        if isinstance(node, Mapping):
            pending.extend((part, depth + 1) for pair in node.items() for part in pair)
        elif isinstance(node, list | tuple):
            pending.extend((part, depth + 1) for part in node)
        elif isinstance(node, str):
            size += len(node)
            if not is_storable(node):
                raise Invalid(f"{name} contains a character that cannot be stored.", path=path)
        elif isinstance(node, float) and not math.isfinite(node):
            raise Invalid(f"{name} contains a number that cannot be stored: {node}.", path=path)
        size += 1
        if size > most:
            raise Invalid(f"{name} is too large: at most {most:,} characters.", path=path)
