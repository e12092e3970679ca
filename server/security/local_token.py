"""The token by which programs of the same user reach the server: ``Authorization: Bearer …``."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from server.security.private_file import ExposedSecret, create_private, read_private

FILE_NAME: Final = "local-token"
_FORM: Final = re.compile(r"wr_local_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class LocalToken:
    """256 random bits. Being able to read the file is the proof of being the owner."""

    value: str = field(repr=False)

    @classmethod
    def ensure(cls, data_dir: Path) -> LocalToken:
        """Read the token of this data folder, making it the first time; processes that start together get the same.

        Raises:
            ExposedSecret: other users can read it, or the file holds something else.
        """
        path = data_dir / FILE_NAME
        try:
            return cls.read(data_dir)
        except FileNotFoundError:
            create_private(path, f"wr_local_{secrets.token_urlsafe(32)}\n")
            return cls.read(data_dir)

    @classmethod
    def read(cls, data_dir: Path) -> LocalToken:
        """Read the token without making one, as a client does.

        Raises:
            FileNotFoundError: no server has been started on this data folder.
            ExposedSecret: other users can read it, or the file holds something else.
        """
        path = data_dir / FILE_NAME
        value = read_private(path).strip()
        if not _FORM.fullmatch(value):
            raise ExposedSecret(f"{path} does not hold a token: delete it, and a new one is made at the next start.")
        return cls(value)

    def matches(self, offered: str) -> bool:
        """Compare in a time that tells nothing about where they differ."""
        return hmac.compare_digest(self.value.encode(), offered.encode(errors="surrogatepass"))

    @property
    def key(self) -> bytes:
        """Key for hashing what else is stored in the data folder; a new token makes all of it void."""
        return self.value.encode()
