"""The data folder: private to its owner, and stamped with the release that wrote it last."""

from __future__ import annotations

import re
from pathlib import Path

from persistence.addresses import DatabaseUnavailable
from persistence.restore_mark import interrupted

STAMP = "wrenchai-version"
IGNORED = ".gitignore"


def prepare(data_dir: Path, *, version: str) -> Path:
    """Create the data folder if needed, refuse one of a newer release, stamp it, and return its absolute path.

    Raises:
        DatabaseUnavailable: a newer WrenchAI (by major and minor) wrote it, a restore into it was interrupted, or it
            cannot be written.
    """
    folder = check(data_dir, version=version)
    stamp = folder / STAMP
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not stamp.exists() or stamp.read_text().strip() != version:
            stamp.write_text(version + "\n")
        # It holds the token and the database: where it lies in a repository, git must not see it.
        (folder / IGNORED).write_text("*\n")
    except OSError as error:
        raise _unwritable(folder, error) from error
    return folder


def check(data_dir: Path, *, version: str) -> Path:
    """Refuse a folder that this release cannot work on, change nothing, and return its absolute path.

    Raises:
        DatabaseUnavailable: see :func:`prepare`.
    """
    folder = data_dir.expanduser().absolute()
    try:
        written_by = (folder / STAMP).read_text().strip() if (folder / STAMP).exists() else version
        unfinished = interrupted(folder)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if _release(written_by) > _release(version):
        raise DatabaseUnavailable(
            f"{folder} was written by WrenchAI {written_by} and this is {version}: "
            "update WrenchAI, or choose another WRENCHAI_DATA_DIR."
        )
    if unfinished is not None:
        raise DatabaseUnavailable(
            f"A restore into {folder} did not come to its end: run `wrenchai db restore` with the same backup (of "
            f"{unfinished.made_at}) again, or choose another WRENCHAI_DATA_DIR."
        )
    return folder


def _unwritable(folder: Path, error: OSError) -> DatabaseUnavailable:
    return DatabaseUnavailable(
        f"The data folder {folder} cannot be written ({error.strerror}): "
        "make it yours, free some space, or choose another WRENCHAI_DATA_DIR."
    )


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
