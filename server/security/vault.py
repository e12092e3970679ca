"""Envelope encryption of secrets: AES-256-GCM under a data key each, and that under a master key."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import SecretUnreadable
from domain.secret import SealedSecret
from server.security.master_keys import BYTES, MasterKey, MasterKeys, UnusableKey
from server.security.private_file import ExposedSecret

NONCE = 12
FORM = b"\x01"
"""Stands in front of all that is sealed, so that another form can be told from it."""


class EnvelopeVault:
    """See :class:`domain.ports.Vault`. What is sealed is bound to its workspace, name and part in the envelope."""

    def __init__(self, keys: MasterKeys, *, hide: Callable[[str], None] = lambda _: None) -> None:
        """``hide`` is told every value that comes by, so that the log of this process does not show it."""
        self._keys, self._hide = keys, hide

    def seal(self, workspace_id: UUID, name: str, value: str) -> SealedSecret:
        """Encrypt a value under a fresh data key, wrapped under the current master key."""
        self._hide(value)
        try:
            master = self._keys.current()
        except (UnusableKey, ExposedSecret, OSError) as error:
            raise SecretUnreadable(name, f"the master key cannot be had: {error}", purpose="kept") from error
        data_key = secrets.token_bytes(BYTES)
        return SealedSecret(
            key_id=master.id,
            wrapped=_sealed(master.value, data_key, _bound(workspace_id, name, b"key")),
            sealed=_sealed(data_key, value.encode(), _bound(workspace_id, name, b"value")),
        )

    def open(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> str:
        """The value."""
        data_key = self._data_key(workspace_id, name, sealed)
        value = _opened(data_key, sealed.sealed, _bound(workspace_id, name, b"value"), name).decode()
        self._hide(value)
        return value

    def rewrap(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> SealedSecret:
        """The same value, with its data key under the current master key. It is opened once, to see that it can be."""
        self.open(workspace_id, name, sealed)
        master = self._keys.current()
        if master.id == sealed.key_id:
            return sealed
        data_key = self._data_key(workspace_id, name, sealed)
        wrapped = _sealed(master.value, data_key, _bound(workspace_id, name, b"key"))
        return replace(sealed, key_id=master.id, wrapped=wrapped)

    def _data_key(self, workspace_id: UUID, name: str, sealed: SealedSecret) -> bytes:
        master = self._master(name, sealed.key_id)
        return _opened(master.value, sealed.wrapped, _bound(workspace_id, name, b"key"), name)

    def _master(self, name: str, key_id: str) -> MasterKey:
        try:
            known = {key.id: key for key in self._keys.known()}
        except (UnusableKey, ExposedSecret, OSError) as error:
            raise SecretUnreadable(name, f"the master key cannot be had: {error}") from error
        if key_id not in known:
            raise SecretUnreadable(
                name,
                f"its master key {key_id} is not here. Restore the file secrets-key of the data folder or "
                "WRENCHAI_SECRETS_KEY as it was, or set the secret anew",
            )
        return known[key_id]


def _bound(workspace_id: UUID, name: str, part: bytes) -> bytes:
    return b"\0".join((b"wrenchai", part, workspace_id.bytes, name.encode()))


def _sealed(key: bytes, value: bytes, bound: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return FORM + nonce + AESGCM(key).encrypt(nonce, value, bound)


def _opened(key: bytes, sealed: bytes, bound: bytes, name: str) -> bytes:
    nonce, content = sealed[len(FORM) : len(FORM) + NONCE], sealed[len(FORM) + NONCE :]
    try:
        if not sealed.startswith(FORM):
            raise InvalidTag
        return AESGCM(key).decrypt(nonce, content, bound)
    except (InvalidTag, ValueError):
        raise SecretUnreadable(
            name, "what is kept of it was altered, or belongs to another name or workspace. Set it anew"
        ) from None
