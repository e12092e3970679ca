"""The mark of a restore in a data folder: there from before the first file is put in place until all of it is."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

MARK = "restoring.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreMark:
    """Which backup is being restored. ``made_at`` is RFC 3339."""

    id: str
    made_at: str


def begin(folder: Path, mark: RestoreMark) -> None:
    """Set the mark; it survives a crash."""
    temporary = folder / f"{MARK}.new"
    with temporary.open("w") as file:
        file.write(json.dumps(asdict(mark)))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / MARK)
    _sync(folder)


def end(folder: Path) -> None:
    """Remove the mark: everything is in place."""
    _sync(folder)
    (folder / MARK).unlink(missing_ok=True)
    _sync(folder)


def interrupted(folder: Path) -> RestoreMark | None:
    """The mark of a restore that is going on or did not come to its end."""
    try:
        return RestoreMark(**json.loads((folder / MARK).read_text()))
    except FileNotFoundError:
        return None


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
