"""Putting the content of a backup in place. All of it blocks: run it in a thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from persistence.artifacts import DiskArtifacts
from persistence.backup import programs
from persistence.backup.archive import ARTIFACTS, DATABASE, walk

Say = Callable[[str], None]

LOADED = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges")
"""All or nothing: a load that was interrupted leaves the database empty."""


def unpack_files(path: Path, data_dir: Path, say: Say) -> None:
    """Put artifacts and files of the data folder in place; doing it again is harmless.

    Raises:
        BackupRefused: the file has changed since it was verified.
        ArtifactNotStored: the disk is full, or cannot be written.
    """
    store, count = DiskArtifacts(data_dir / "artifacts", max_bytes=0), 0

    def visit(name: str, _size: int, content: Iterator[bytes]) -> None:
        nonlocal count
        if name.startswith(ARTIFACTS):
            stored = store.keep(b"".join(content))
            count += 1
            if stored.sha256 != name.removeprefix(ARTIFACTS):
                say(f"the artifact {name.removeprefix(ARTIFACTS)} was damaged already when the backup was made")
        elif not name.startswith(DATABASE):
            _write_private(data_dir / name, b"".join(content))

    walk(path, visit)
    say(f"artifacts: {count} files")


def load_database(path: Path, *, client: programs.Client, dsn: str) -> None:
    """Load the dump into an empty database, in one transaction.

    Raises:
        BackupRefused: the file has changed since it was verified.
        ProgramFailed: pg_restore did not succeed; the database is as empty as before.
        OSError: the disk of the database is full.
    """
    with programs.input_of(client, "pg_restore", list(LOADED), dsn) as dump:

        def visit(name: str, _size: int, content: Iterator[bytes]) -> None:
            if name.startswith(DATABASE):
                for chunk in content:
                    dump.write(chunk)

        walk(path, visit)


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
