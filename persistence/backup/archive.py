"""The file of a backup: a compressed tar whose first member says what it is and whose last one vouches for the others.

Members, in this order: ``wrenchai-backup.json``, ``database/00000`` … (the dump, cut into pieces, since its size is
not known when it begins), files of the data folder, ``artifacts/<sha256>`` …, ``manifest.json``. So it is written in
one go, to a pipe too; a file that was cut off lacks its manifest, and one that was altered disagrees with it.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from persistence.backup.facts import BackupFacts, BackupRefused

HEAD = "wrenchai-backup.json"
MANIFEST = "manifest.json"
DATABASE = "database/"
ARTIFACTS = "artifacts/"
KEPT_FILES = ("source-roots",)
"""Files of the data folder that are in a backup: what the owner has decided, and no secret."""

PIECE = 16 * 2**20
"""Bytes of the dump in one member."""
CHUNK = 2**20
LARGEST_HEAD = 2**16
COMPRESSION = 3
"""The dump is compressed already; for reports and logs the lower levels of gzip do nearly as well."""

NAME = re.compile(rf"{DATABASE}\d{{5,}}|{ARTIFACTS}[0-9a-f]{{64}}|{'|'.join(KEPT_FILES)}")
DAMAGED = (EOFError, OSError, zlib.error, tarfile.TarError)

Visit = Callable[[str, int, Iterator[bytes]], None]
"""Gets a member's name, its size in bytes and its content in chunks."""


class ArchiveWriter:
    """Writes a backup to an open binary file, front to end."""

    def __init__(self, file: IO[bytes], facts: BackupFacts) -> None:
        self._zipped = gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=COMPRESSION)
        self._tar = tarfile.open(fileobj=self._zipped, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115
        self._members: dict[str, dict[str, Any]] = {}
        self.add_bytes(HEAD, facts.encoded())

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a member."""
        self._members[name] = _sums(content)
        self._put(name, content)

    def add_artifact(self, sha256: str, path: Path) -> bool:
        """Add the file of an artifact, and say whether its content is still what its name says."""
        with path.open("rb") as file:
            entry = _entry(ARTIFACTS + sha256, os.fstat(file.fileno()).st_size)
            summed = _Summed(file)
            self._tar.addfile(entry, summed)
        self._members[entry.name] = {"size": entry.size, "sha256": summed.digest.hexdigest()}
        return summed.digest.hexdigest() == sha256

    def add_pieces(self, dump: IO[bytes]) -> int:
        """Add the dump as it comes, and answer its size in bytes."""
        number = size = 0
        while piece := _filled(dump, PIECE):
            self.add_bytes(f"{DATABASE}{number:05d}", piece)
            number += 1
            size += len(piece)
        return size

    def close(self) -> None:
        """Vouch for what was added. Without it the file is no backup."""
        self._put(MANIFEST, json.dumps({"members": self._members}).encode())
        self._tar.close()
        self._zipped.close()

    def _put(self, name: str, content: bytes) -> None:
        self._tar.addfile(_entry(name, len(content)), io.BytesIO(content))


class _Summed(io.RawIOBase):
    """A file that sums what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read and sum."""
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def read_facts(path: Path) -> BackupFacts:
    """What the file says it is; the rest is not looked at.

    Raises:
        BackupRefused: it is not a backup.
    """
    with _opened(path) as (tar, _):
        return BackupFacts.decode(_head(tar))


def verify(path: Path) -> BackupFacts:
    """Read the whole file and compare each byte's sum with the manifest; nothing is kept.

    Raises:
        BackupRefused: it is not a backup, was cut off, or was altered.
    """
    return walk(path, lambda *_: None)


def walk(path: Path, visit: Visit) -> BackupFacts:
    """Show each member but head and manifest to ``visit``, in order, and compare all of them with the manifest.

    Raises:
        BackupRefused: it is not a backup, was cut off, or was altered. Some members have been shown by then.
    """
    seen: dict[str, dict[str, Any]] = {}
    with _opened(path) as (tar, zipped):
        head = _head(tar)
        facts = BackupFacts.decode(head)
        seen[HEAD] = _sums(head)
        while (entry := tar.next()) is not None:
            if entry.name == MANIFEST:
                _compare(seen, _content(tar, entry))
                while zipped.read(CHUNK):  # to the end, where gzip compares its own sum
                    pass
                return facts
            if not entry.isreg() or not NAME.fullmatch(entry.name) or entry.name in seen:
                raise BackupRefused(f"The backup has a member {entry.name!r} that does not belong there: {REMEDY}.")
            seen[entry.name] = _show(tar, entry, visit)
    raise BackupRefused(f"The backup ends before its manifest, so it was cut off: {REMEDY}.")


REMEDY = "use another copy of it"


def _show(tar: tarfile.TarFile, entry: tarfile.TarInfo, visit: Visit) -> dict[str, Any]:
    digest = hashlib.sha256()
    file = tar.extractfile(entry)
    left = entry.size

    def chunks() -> Iterator[bytes]:
        nonlocal left
        while left and (chunk := file.read(min(CHUNK, left)) if file else b""):
            left -= len(chunk)
            digest.update(chunk)
            yield chunk

    content = chunks()
    visit(entry.name, entry.size, content)
    for _ in content:  # whatever the visitor left
        pass
    if left:
        raise EOFError
    return {"size": entry.size, "sha256": digest.hexdigest()}


def _head(tar: tarfile.TarFile) -> bytes:
    entry = tar.next()
    fits = entry is not None and entry.name == HEAD and entry.size <= LARGEST_HEAD
    return _content(tar, entry) if entry is not None and fits else b""


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(entry)
    content = file.read() if file else b""
    if len(content) != entry.size:
        raise EOFError
    return content


def _compare(seen: Mapping[str, Mapping[str, Any]], manifest: bytes) -> None:
    try:
        listed = json.loads(manifest)["members"]
    except (ValueError, KeyError, TypeError):
        listed = None
    if listed != seen:
        raise BackupRefused(f"The backup's content is not what its manifest says, so it was altered: {REMEDY}.")


def _sums(content: bytes) -> dict[str, Any]:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[tarfile.TarFile, gzip.GzipFile]]:
    with path.open("rb") as file:
        try:
            with gzip.GzipFile(fileobj=file, mode="rb") as zipped, tarfile.open(fileobj=zipped, mode="r|") as tar:
                yield tar, zipped
        except DAMAGED as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            if isinstance(error, gzip.BadGzipFile) and "Not a gzipped file" in str(error):
                BackupFacts.decode(b"")
            raise BackupRefused(f"The backup is damaged or was cut off: {REMEDY}.") from error


def _filled(file: IO[bytes], size: int) -> bytes:
    """So many bytes, fewer only at the end: a pipe gives what it has."""
    parts: list[bytes] = []
    while size and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
