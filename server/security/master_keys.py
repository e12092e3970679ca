"""The master keys under which secrets are kept: from the environment, else from a file of the data folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from server.security.private_file import create_private, read_private, write_private

FILE_NAME: Final = "secrets-key"
BYTES: Final = 32


class UnusableKey(Exception):
    """A master key is not one. The message is a sentence that says where it stands and what to do."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """256 bits; ``id`` is stored with what was sealed under it and tells nothing about it."""

    id: str
    value: bytes = field(repr=False)

    @classmethod
    def of(cls, value: bytes) -> MasterKey:
        """The key of these bytes."""
        return cls(hashlib.sha256(b"wrenchai master key\0" + value).hexdigest()[:16], value)

    @property
    def text(self) -> str:
        """As it is written down."""
        return base64.b64encode(self.value).decode()


class MasterKeys:
    """The keys in force, read anew each time: another process may have rotated them.

    ``environment`` is what ``WRENCHAI_SECRETS_KEY`` holds: keys in base64, separated by commas, the current one first.
    Those of the file are still good for opening then, so that one can move from the file to the environment.
    """

    def __init__(self, data_dir: Path, environment: SecretStr | None) -> None:
        self._path = data_dir / FILE_NAME
        self._environment = environment

    @property
    def from_environment(self) -> bool:
        """Whether the current key comes from the environment."""
        return self._environment is not None

    def known(self) -> list[MasterKey]:
        """All keys, the current one first; none when nothing was ever sealed here.

        Raises:
            UnusableKey: one of them is none.
            ExposedSecret: others can read the file.
        """
        given = self._environment.get_secret_value().split(",") if self._environment is not None else []
        keys = [_parsed(one, "WRENCHAI_SECRETS_KEY") for one in given]
        return list({key.id: key for key in [*keys, *self._kept()]}.values())

    def current(self) -> MasterKey:
        """The key to seal under; a file is made for one when there is none.

        Raises:
            UnusableKey: it is none.
            ExposedSecret: others can read the file.
        """
        if not (keys := self.known()):
            create_private(self._path, f"{_fresh().text}\n")
            keys = self.known()
        return keys[0]

    def renew(self) -> MasterKey:
        """Make a fresh key the current one of the file; the others stay good for opening.

        Raises:
            UnusableKey: the current one comes from the environment, where only its owner can change it.
        """
        if self.from_environment:
            raise UnusableKey(
                "The key comes from WRENCHAI_SECRETS_KEY: put a fresh one in front of it there, separated by a comma, "
                "restart, and rotate again."
            )
        fresh = _fresh()
        self._write([fresh, *self._kept()])
        return fresh

    def forget_others(self) -> int:
        """Remove from the file all keys but the current one; how many went."""
        kept, current = self._kept(), self.current()
        staying = [key for key in kept if key.id == current.id]
        if len(staying) != len(kept):
            self._write(staying)
        return len(kept) - len(staying)

    def _kept(self) -> list[MasterKey]:
        try:
            lines = read_private(self._path).split()
        except FileNotFoundError:
            return []
        return [_parsed(line, str(self._path)) for line in lines]

    def _write(self, keys: Sequence[MasterKey]) -> None:
        write_private(self._path, "".join(f"{key.text}\n" for key in keys))


def _fresh() -> MasterKey:
    return MasterKey.of(secrets.token_bytes(BYTES))


def _parsed(text: str, where: str) -> MasterKey:
    try:
        value = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    if len(value) != BYTES:
        raise UnusableKey(
            f"{where} does not hold a key of {BYTES} bytes in base64: make one with "
            f"`openssl rand -base64 {BYTES}`, or restore the one that was there."
        )
    return MasterKey.of(value)
