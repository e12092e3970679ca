"""The port behind which the bytes of artifacts are kept, each under the digest of its content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """What is kept: the SHA-256 of the content (64 lower-case hex digits) and its size in bytes."""

    sha256: str
    size: int


class ArtifactMissing(Exception):
    """The store does not hold these bytes."""

    def __init__(self, sha256: str) -> None:
        super().__init__(f"The content {sha256} is not in the artifact store: run the execution that made it again.")
        self.sha256 = sha256


class ArtifactAltered(Exception):
    """What the store holds under a digest is something else by now."""

    def __init__(self, sha256: str, how: str) -> None:
        super().__init__(
            f"The content {sha256} is not what was stored: {how}. Bring it back from a backup, or run the execution "
            "that made it again."
        )
        self.sha256 = sha256


class ArtifactNotStored(Exception):
    """The bytes cannot be kept: too large, disk full or no permission. The message is one sentence that says which."""


class ArtifactStore(Protocol):
    """Content-addressed storage: what is put twice is kept once, and what is kept never changes."""

    async def put(self, content: bytes) -> StoredArtifact:
        """Keep the bytes; when this returns they survive a crash.

        Raises:
            ArtifactNotStored: too large, or they cannot be written.
        """

    async def read(self, sha256: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read ``length`` bytes from ``offset``, or all that follow it; fewer when the content ends before.

        Raises:
            ArtifactMissing: not in the store.
        """

    def stream(self, sha256: str, *, chunk_size: int = 1 << 20) -> AsyncIterator[bytes]:
        """Read everything in chunks of at most ``chunk_size`` bytes.

        Raises:
            ArtifactMissing: not in the store.
        """

    async def check(self, stored: StoredArtifact) -> None:
        """See that what is held has this size and this digest.

        Raises:
            ArtifactMissing: not in the store.
            ArtifactAltered: it has another size or digest.
        """

    def iterate(self) -> AsyncIterator[StoredArtifact]:
        """Go through everything that is kept, in the order of the digests."""

    async def delete(self, sha256: str) -> bool:
        """Forget the bytes; say whether there were any."""
