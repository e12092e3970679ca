"""Copy listed files, and only what is safe and useful of them, and name exactly what was copied."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from agents.checkout.policy import CheckoutPolicy, SourceUnavailable

FICLONE = 0x40049409
CHUNK = 1 << 20
DEEPEST = 100
DELETED = "deleted in the work tree"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was copied: its state as in ``Checkout.state``, and what was not copied, with the reason."""

    state: str
    excluded: Mapping[str, str]


@dataclass(slots=True)
class Copier:
    """Copies files of ``source`` into ``destination`` within the limits, and remembers each file's git blob id.

    ``stop`` ends a copy that runs in a thread nobody waits for any more.
    """

    source: Path
    destination: Path
    policy: CheckoutPolicy
    stop: threading.Event = field(default_factory=threading.Event)
    excluded: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, str] = field(default_factory=dict)
    _bytes: int = 0
    _clones: bool = True
    _safe: dict[Path, bool] = field(default_factory=dict)

    def copy(self, paths: Iterable[str]) -> None:
        """Copy the files with the given relative paths.

        Raises:
            SourceUnavailable: more files or bytes than the policy allows.
        """
        links: list[str] = []
        for path in paths:
            if self.stop.is_set():
                return
            if len(self.blobs) >= self.policy.max_files:
                raise SourceUnavailable(
                    f"{self.source} holds more than {self.policy.max_files} files: name a smaller folder as the source."
                )
            reason = _unfit(path) or self._try(path, links)
            if reason is not None:
                self.excluded[os.fsencode(path).decode(errors="replace").rstrip("/")] = reason
        for link in links:  # when everything else is there, for a link may point at what was not copied
            if link in self.blobs and not (self.destination / link).exists():
                (self.destination / link).unlink()
                del self.blobs[link]
                self.excluded[link] = "a symbolic link to nothing in the checkout"

    def digest(self) -> str:
        """SHA-256 over the paths, modes and contents that were copied."""
        whole = hashlib.sha256()
        for path, blob in sorted(self.blobs.items()):
            whole.update(f"{path}\0{blob}\0".encode())
        return whole.hexdigest()

    def _try(self, path: str, links: list[str]) -> str | None:
        """Copy one file, and say why when it is left out."""
        try:
            return self._copy(path, links)
        except FileNotFoundError:
            return DELETED
        except PermissionError:
            return "it may not be read"
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            return "its path is too long"

    def _copy(self, path: str, links: list[str]) -> str | None:
        origin, target = self.source / path, self.destination / path
        found = origin.lstat()
        if stat.S_ISDIR(found.st_mode):
            return "a git repository of its own (a submodule or a nested clone)"
        if not self._inside(origin.parent):
            return "it lies behind a symbolic link that leaves the source"
        if stat.S_ISLNK(found.st_mode):
            links.append(path)
            return self._link(path, origin, target)
        if not stat.S_ISREG(found.st_mode):
            return "not a regular file"
        if found.st_size > self.policy.max_file_bytes:
            return f"larger than {self.policy.max_file_bytes} bytes"
        self._count(found.st_size)
        target.parent.mkdir(parents=True, exist_ok=True)
        mode = "100755" if found.st_mode & stat.S_IXUSR else "100644"
        self.blobs[path] = f"{mode} {self._contents(origin, target, executable=mode == '100755')}"
        return None

    def _inside(self, folder: Path) -> bool:
        if folder not in self._safe:
            self._safe[folder] = folder.resolve().is_relative_to(self.source)
        return self._safe[folder]

    def _link(self, path: str, origin: Path, target: Path) -> str | None:
        try:
            goal = origin.resolve()
        except (OSError, RuntimeError):
            return "a symbolic link that leads in a circle"
        if not goal.is_relative_to(self.source):
            return "a symbolic link that leaves the source"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.path.relpath(goal, origin.parent.resolve()))
        self.blobs[path] = f"120000 {_blob(os.fsencode(origin.readlink()))}"
        return None

    def _contents(self, origin: Path, target: Path, *, executable: bool) -> str:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with os.fdopen(os.open(origin, flags), "rb") as reading, target.open("w+b") as writing:
            if executable:
                os.fchmod(writing.fileno(), 0o700)
            if not self._clone(reading.fileno(), writing.fileno()):
                shutil.copyfileobj(reading, writing, CHUNK)
            # The copy is what is hashed: the original may change under our hands.
            size = writing.tell() or os.fstat(writing.fileno()).st_size
            writing.seek(0)
            blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
            while chunk := writing.read(CHUNK):
                blob.update(chunk)
            return blob.hexdigest()

    def _clone(self, reading: int, writing: int) -> bool:
        if not self._clones:
            return False
        try:
            fcntl.ioctl(writing, FICLONE, reading)
        except OSError:
            self._clones = False  # another file system, or one that cannot: do not ask for each file
        return self._clones

    def _count(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.policy.max_bytes:
            raise SourceUnavailable(
                f"{self.source} is larger than {self.policy.max_bytes} bytes: name a smaller folder as the source, "
                "or raise WRENCHAI_MAX_CHECKOUT_BYTES."
            )


async def copy_in_thread(copier: Copier, paths: Iterable[str]) -> None:
    """Copy without blocking the loop; when cancelled, return only once the thread has stopped.

    Raises:
        SourceUnavailable: more files or bytes than the policy allows.
    """
    copying = asyncio.ensure_future(asyncio.to_thread(copier.copy, paths))
    try:
        await asyncio.shield(copying)
    except asyncio.CancelledError:
        copier.stop.set()
        await asyncio.wait([copying])
        raise


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _unfit(path: str) -> str | None:
    """Why a path cannot be copied whatever is there, if so."""
    parts = PurePosixPath(path).parts
    if not _is_unicode(path) or "\N{REPLACEMENT CHARACTER}" in path:
        return "its name is not valid UTF-8"
    if ".." in parts:
        return "it lies outside the source"
    return "nested too deeply" if len(parts) > DEEPEST else None


def _is_unicode(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
