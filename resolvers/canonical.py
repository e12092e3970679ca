"""One text for one meaning: canonical JSON of domain values, and the hash of a request made of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID


def canonical_json(value: Any) -> str:
    """JSON with sorted keys and no white space; equal values give equal texts.

    Raises:
        TypeError: the value holds something that is neither JSON nor a type of the domain.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=_plain)


def request_hash(name: str, command: object) -> str:
    """Hex SHA-256 of a use case's name and its command: what an idempotency key stands for."""
    return hashlib.sha256(f"{name}\n{canonical_json(command)}".encode()).hexdigest()


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(canonical_json(item) for item in value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no canonical JSON.")
