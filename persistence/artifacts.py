"""Artifacts on disk, each in a file named after its SHA-256: ``<root>/ab/cdef…``."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from domain.artifacts import ArtifactAltered, ArtifactMissing, ArtifactNotStored, StoredArtifact
from persistence.whole_file import written_whole

GATE = ".gate"
UNFINISHED = ".new-"
DIGEST = re.compile(r"[0-9a-f]{64}")


class DiskArtifacts:
    """Implements the port ``ArtifactStore`` in one folder; several processes may write to it at once.

    ``max_bytes`` is the largest content that is accepted.
    """

    def __init__(self, root: Path, *, max_bytes: int) -> None:
        self._root = root
        self._max_bytes = max_bytes

    async def put(self, content: bytes) -> StoredArtifact:
        """Keep the bytes; when this returns they survive a crash.

        Raises:
            ArtifactNotStored: too large, or they cannot be written.
        """
        if len(content) > self._max_bytes:
            raise ArtifactNotStored(
                f"The artifact has {len(content)} bytes and {self._max_bytes} are allowed: "
                "raise WRENCHAI_MAX_ARTIFACT_BYTES."
            )
        return await asyncio.to_thread(self.keep, content)

    async def read(self, sha256: str, *, offset: int = 0, length: int | None = None) -> bytes:
        """Read ``length`` bytes from ``offset``, or all that follow it; fewer when the content ends before.

        Raises:
            ArtifactMissing: not in the store.
        """
        return await asyncio.to_thread(self._read, sha256, offset, length)

    async def stream(self, sha256: str, *, chunk_size: int = 1 << 20) -> AsyncIterator[bytes]:
        """Read everything in chunks of at most ``chunk_size`` bytes.

        Raises:
            ArtifactMissing: not in the store.
        """
        offset = 0
        while chunk := await self.read(sha256, offset=offset, length=chunk_size):
            yield chunk
            offset += len(chunk)

    async def check(self, stored: StoredArtifact) -> None:
        """See that what is held has this size and this digest. A wrong size is seen without reading.

        Raises:
            ArtifactMissing: not in the store.
            ArtifactAltered: it has another size or digest.
        """
        await asyncio.to_thread(self._check, stored)

    async def iterate(self) -> AsyncIterator[StoredArtifact]:
        """Go through everything that is kept, in the order of the digests."""
        for prefix in await asyncio.to_thread(_prefixes, self._root):
            for stored in await asyncio.to_thread(_listed, prefix):
                yield stored

    async def delete(self, sha256: str) -> bool:
        """Forget the bytes; say whether there were any."""
        try:
            await asyncio.to_thread(self._path(sha256).unlink)
        except (FileNotFoundError, ArtifactMissing):
            return False
        return True

    def idle_groups(self, age: timedelta) -> list[list[StoredArtifact]]:
        """What was put for the last time so long ago, in groups by prefix. Blocks."""
        now = self._now()
        groups = [
            [stored for stored in _listed(prefix) if _put_at(prefix / stored.sha256[2:]) < now - age.total_seconds()]
            for prefix in _prefixes(self._root)
        ]
        return [group for group in groups if group]

    def discard(self, digests: Iterable[str], age: timedelta) -> set[str]:
        """Forget those that have not been put again since; answers which. Blocks."""
        gone = set()
        with self._gate(fcntl.LOCK_EX):
            now = self._now()
            for sha256 in digests:
                path = self._path(sha256)
                if path.exists() and _put_at(path) < now - age.total_seconds():
                    path.unlink()
                    gone.add(sha256)
        return gone

    def discard_unfinished(self, age: timedelta) -> None:
        """Remove what writes have left that were cut off so long ago. Blocks."""
        now = self._now()
        for prefix in _prefixes(self._root):
            for path in prefix.glob(f"{UNFINISHED}*"):
                if _put_at(path) < now - age.total_seconds():
                    path.unlink(missing_ok=True)

    @contextmanager
    def _gate(self, kind: int) -> Iterator[None]:
        """Held shared by those that put, alone by those that discard, over all processes."""
        descriptor = os.open(self._root / GATE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    def _now(self) -> float:
        """The time by the clock that the files have their times from."""
        if not self._root.is_dir():
            return 0.0
        gate = self._root / GATE
        gate.touch(mode=0o600)
        return _put_at(gate)

    def _path(self, sha256: str) -> Path:
        if not DIGEST.fullmatch(sha256):
            raise ArtifactMissing(sha256)
        return self._root / sha256[:2] / sha256[2:]

    def keep(self, content: bytes) -> StoredArtifact:
        """Do what ``put`` does at once, without asking for the size. Blocks.

        Raises:
            ArtifactNotStored: they cannot be written.
        """
        stored = StoredArtifact(hashlib.sha256(content).hexdigest(), len(content))
        path = self._path(stored.sha256)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Nobody discards it between the look and the touch.
            with self._gate(fcntl.LOCK_SH):
                if path.exists():
                    os.utime(path)
                else:
                    with written_whole(path, prefix=UNFINISHED) as file:
                        file.write(content)
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT}
            remedy = "free some space" if full else f"make {self._root} writable"
            raise ArtifactNotStored(f"The artifact cannot be written ({error.strerror}): {remedy}.") from error
        return stored

    def _check(self, stored: StoredArtifact) -> None:
        try:
            with self._path(stored.sha256).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size != stored.size:
                    raise ArtifactAltered(stored.sha256, f"it has {size} bytes and had {stored.size}")
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError as error:
            raise ArtifactMissing(stored.sha256) from error
        if found != stored.sha256:
            raise ArtifactAltered(stored.sha256, f"its SHA-256 is {found}")

    def _read(self, sha256: str, offset: int, length: int | None) -> bytes:
        try:
            with self._path(sha256).open("rb") as file:
                file.seek(offset)
                return file.read(-1 if length is None else length)
        except FileNotFoundError as error:
            raise ArtifactMissing(sha256) from error


def stored_files(root: Path) -> Iterator[tuple[StoredArtifact, Path]]:
    """Everything that is kept in a folder of artifacts, with its file, in the order of the digests. Blocks."""
    for prefix in _prefixes(root):
        for stored in _listed(prefix):
            yield stored, prefix / stored.sha256[2:]


def _put_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _prefixes(root: Path) -> list[Path]:
    return sorted(root.glob("[0-9a-f][0-9a-f]"))


def _listed(prefix: Path) -> list[StoredArtifact]:
    names = (entry for entry in os.scandir(prefix) if DIGEST.fullmatch(prefix.name + entry.name))
    return sorted(
        (StoredArtifact(prefix.name + entry.name, entry.stat().st_size) for entry in names), key=lambda it: it.sha256
    )
