"""A set of random secrets that expire, of which only keyed hashes are stored."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from server.security.private_file import ExposedSecret, read_private, write_private

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class SecretBook(Protocol):
    """What sessions and sign-in links are kept in."""

    def issue(self, lifetime: timedelta) -> str:
        """Make a secret of 256 bits that is valid for ``lifetime``, and return it: nobody can read it again."""

    def knows(self, secret: str) -> bool:
        """Whether it was issued, and is neither expired nor struck out."""

    def strike(self, secret: str) -> bool:
        """Make it invalid; ``True`` for exactly one caller, and only if it was valid."""


class MemoryBook:
    """Lasts as long as the process."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._expiries: dict[str, float] = {}

    def issue(self, lifetime: timedelta) -> str:
        """See ``SecretBook``."""
        secret = secrets.token_urlsafe(32)
        self._expiries[_digest(self._key, secret)] = (self._clock() + lifetime).timestamp()
        return secret

    def knows(self, secret: str) -> bool:
        """See ``SecretBook``."""
        return self._expiries.get(_digest(self._key, secret), 0.0) > self._clock().timestamp()

    def strike(self, secret: str) -> bool:
        """See ``SecretBook``."""
        return self._expiries.pop(_digest(self._key, secret), 0.0) > self._clock().timestamp()


class FileBook:
    """Lasts across restarts and is shared by the processes of one data folder."""

    def __init__(self, path: Path, key: bytes, *, clock: Clock = utc_now) -> None:
        self._path = path
        self._key = key
        self._clock = clock
        self._seen: tuple[int, int, int] | None = None
        self._expiries: dict[str, float] = {}

    def issue(self, lifetime: timedelta) -> str:
        """See ``SecretBook``."""
        secret = secrets.token_urlsafe(32)
        with self._exclusive() as expiries:
            expiries[_digest(self._key, secret)] = (self._clock() + lifetime).timestamp()
            self._store(expiries)
        return secret

    def knows(self, secret: str) -> bool:
        """See ``SecretBook``. Reads the file only when it has changed."""
        return self._load().get(_digest(self._key, secret), 0.0) > self._clock().timestamp()

    def strike(self, secret: str) -> bool:
        """See ``SecretBook``."""
        with self._exclusive() as expiries:
            expiry = expiries.pop(_digest(self._key, secret), None)
            if expiry is None:
                return False
            self._store(expiries)
            return expiry > self._clock().timestamp()

    @contextmanager
    def _exclusive(self) -> Iterator[dict[str, float]]:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._path.with_name(f"{self._path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield dict(self._load())

    def _load(self) -> dict[str, float]:
        try:
            status = self._path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen != self._seen:
                self._expiries = _parse(self._path, read_private(self._path))
                self._seen = seen
        except FileNotFoundError:
            self._expiries, self._seen = {}, None
        return self._expiries

    def _store(self, expiries: dict[str, float]) -> None:
        now = self._clock().timestamp()
        write_private(self._path, json.dumps({digest: at for digest, at in expiries.items() if at > now}))


def _parse(path: Path, content: str) -> dict[str, float]:
    try:
        stored = json.loads(content)
        return {str(digest): float(expiry) for digest, expiry in stored.items()}
    except (ValueError, TypeError, AttributeError):
        raise ExposedSecret(f"{path} is damaged: delete it, and sign in again.") from None


def _digest(key: bytes, secret: str) -> str:
    return hmac.new(key, secret.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
