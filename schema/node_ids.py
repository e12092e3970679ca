"""Global ids: the type and the UUID of a thing, opaque, in one text that only the server reads."""

from __future__ import annotations

import base64
import binascii
from uuid import UUID

from strawberry import ID

from domain.errors import InvalidId

UUID_BYTES = 16


def encode(type_name: str, uuid: UUID) -> ID:
    """The global id of a thing: ``base64url(type ":" uuid)`` without padding."""
    return ID(base64.urlsafe_b64encode(type_name.encode() + b":" + uuid.bytes).rstrip(b"=").decode())


def decode(global_id: str, *, path: tuple[str, ...] = ("id",)) -> tuple[str, UUID]:
    """The type's name and the UUID in a global id.

    Raises:
        InvalidId: it is malformed.
    """
    try:
        raw = base64.b64decode(global_id + "=" * (-len(global_id) % 4), altchars=b"-_", validate=True)
        type_name = raw[: -UUID_BYTES - 1].decode("ascii")
        uuid = UUID(bytes=raw[-UUID_BYTES:])
    except (binascii.Error, ValueError):
        raise InvalidId(global_id, path=path) from None
    if encode(type_name, uuid) != global_id:
        raise InvalidId(global_id, path=path)
    return type_name, uuid


def decode_as(expected: str, global_id: str, *, path: tuple[str, ...] = ("id",)) -> UUID:
    """The UUID in the global id of a thing of the expected type.

    Raises:
        InvalidId: it is malformed, or names a thing of another type.
    """
    type_name, uuid = decode(global_id, path=path)
    if type_name != expected:
        raise InvalidId(global_id, expected, path=path)
    return uuid
