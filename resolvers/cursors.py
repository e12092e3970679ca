"""Cursors: opaque places in a list, each bound to the one list it came from.

A cursor holds the values of the ordering columns and a digest over them and the list's scope (which list, of which
parent, with which filter and order). A cursor of another list, or one that was altered, fails the digest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from domain.errors import InvalidCursor
from resolvers.canonical import canonical_json

DIGEST_BYTES = 6


def scope(name: str, *parts: object) -> str:
    """What a cursor is bound to: the list's name and whatever selects or orders its items."""
    return f"{name}{canonical_json(parts)}"


def encode(scope: str, position: tuple[Any, ...]) -> str:
    """An opaque cursor for a keyset position, in the alphabet of base64url without padding."""
    payload = json.dumps([_tag(value) for value in position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_digest(scope, payload) + payload).rstrip(b"=").decode()


def decode(scope: str, cursor: str, *, path: tuple[str, ...] = ("after",)) -> tuple[Any, ...]:
    """The keyset position in a cursor.

    Raises:
        InvalidCursor: it is malformed, or came from another list, filter or order.
    """
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidCursor(path=path) from None
    digest, payload = raw[:DIGEST_BYTES], raw[DIGEST_BYTES:]
    if digest != _digest(scope, payload):
        raise InvalidCursor(path=path)
    try:
        return tuple(_untag(value) for value in json.loads(payload))
    except (ValueError, TypeError, KeyError):
        raise InvalidCursor(path=path) from None


def _digest(scope: str, payload: bytes) -> bytes:
    return hashlib.sha256(scope.encode() + b"\0" + payload).digest()[:DIGEST_BYTES]


def _tag(value: Any) -> Any:
    if isinstance(value, UUID):
        return {"u": value.hex}
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    return value


def _untag(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "u" in value:
        return UUID(hex=value["u"])
    return datetime.fromisoformat(value["t"])
