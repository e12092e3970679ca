"""The key pair that this installation signs receipts with: the private half in a file, the public one for everybody."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from server import __version__
from server.security.private_file import ExposedSecret, create_private, read_private

FILE = "receipt-key"
PREFIX = "ed25519:"


class ReceiptKey:
    """See :class:`domain.ports.Notary`. The private key is 32 bytes in hex in ``<data dir>/receipt-key``."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        public = private.public_key().public_bytes_raw()
        self.platform = __version__
        self.public_key = public.hex()
        self.key_id = key_id(public)

    @classmethod
    def ensure(cls, data_dir: Path) -> Self:
        """The key of a data folder, made if there is none.

        Raises:
            ExposedSecret: others can read the file, or it does not hold a key.
        """
        try:
            return cls.read(data_dir)
        except FileNotFoundError:
            made = Ed25519PrivateKey.generate().private_bytes_raw().hex()
            create_private(data_dir / FILE, f"{PREFIX}{made}\n")
            return cls.read(data_dir)

    @classmethod
    def read(cls, data_dir: Path) -> Self:
        """The key of a data folder.

        Raises:
            FileNotFoundError: there is none yet.
            ExposedSecret: as for ``ensure``.
        """
        path = data_dir / FILE
        text = read_private(path).strip()
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text.removeprefix(PREFIX))))
        except ValueError:
            raise ExposedSecret(
                f"{path} does not hold a key: delete it, and a new one is made at the next start. Receipts that were "
                "signed before can still be verified with the old public key."
            ) from None

    def sign(self, message: bytes) -> bytes:
        """The signature of 64 bytes."""
        return self._private.sign(message)


def key_id(public: bytes) -> str:
    """What a public key is called in signatures."""
    return hashlib.sha256(public).hexdigest()


def is_signed_by(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature of the message is that of the public key, 32 bytes.

    Raises:
        ValueError: that is no public key.
    """
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True
