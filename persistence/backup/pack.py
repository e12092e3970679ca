"""Making the file of a backup and putting its content in place. All of it blocks: run it in a thread."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from persistence.artifacts import stored_files
from persistence.backup import programs
from persistence.backup.archive import KEPT_FILES, ArchiveWriter
from persistence.backup.facts import BackupFacts
from persistence.whole_file import written_whole

Say = Callable[[str], None]

STDOUT = "-"
DUMPED = ("--format=custom", "--no-owner", "--no-privileges", "--exclude-schema=memory_index", "--exclude-extension=*")
"""Owners and rights are given anew by the migrations; extensions belong to the server's administrator.
What is made of the memories for finding them is made anew, and needs extensions that another server may not have."""
SINCE_17 = "--exclude-extension"


def pack(
    target: str, facts: BackupFacts, *, client: programs.Client, dsn: str, snapshot: str, data_dir: Path, say: Say
) -> int:
    """Write the backup and answer its size in bytes. The dump comes first, then the artifacts.

    An artifact's file is there before its row and is never changed, so every row of the dump finds its file.

    Raises:
        ProgramFailed: pg_dump did not succeed.
        OSError: the file cannot be written.
    """
    with _destination(target) as file:
        archive = ArchiveWriter(file, facts)
        arguments = [one for one in DUMPED if client.major >= 17 or not one.startswith(SINCE_17)]
        with programs.output_of(client, "pg_dump", [*arguments, f"--snapshot={snapshot}"], dsn) as dump:
            size = archive.add_pieces(dump)
        say(f"database: {size / 2**20:.1f} MiB")
        for name in KEPT_FILES:
            if (data_dir / name).is_file():
                archive.add_bytes(name, (data_dir / name).read_bytes())
        _add_artifacts(archive, data_dir / "artifacts", say)
        archive.close()
        file.flush()
        return file.tell() if target != STDOUT else 0


def _add_artifacts(archive: ArchiveWriter, folder: Path, say: Say) -> None:
    count = size = 0
    for stored, path in stored_files(folder):
        if archive.add_artifact(stored.sha256, path):
            count, size = count + 1, size + stored.size
        else:
            say(f"the artifact {stored.sha256} is damaged on this disk; it is kept as it is")
    say(f"artifacts: {count} files, {size / 2**20:.1f} MiB")


@contextmanager
def _destination(target: str) -> Iterator[IO[bytes]]:
    """The open file; it gets its name when it is complete and on the disk, and is removed when it is not."""
    if target == STDOUT:
        yield sys.stdout.buffer
        return
    path = Path(target).expanduser().absolute()
    if path.is_dir():
        raise IsADirectoryError(21, "Is a directory", str(path))
    with written_whole(path, prefix=f".{path.name}.", suffix=".partial") as file:
        yield file
