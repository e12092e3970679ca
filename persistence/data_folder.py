"""The data folder: private to its owner, and stamped with the release that wrote it last."""

from __future__ import annotations

import re
from pathlib import Path

from persistence.addresses import DatabaseUnavailable

STAMP = "wrenchai-version"


def prepare(data_dir: Path, *, version: str) -> Path:
    """Create the data folder if needed, refuse one of a newer release, stamp it, and return its absolute path.

    Raises:
        DatabaseUnavailable: a newer WrenchAI (by major and minor) wrote it, or it cannot be written.
    """
    folder = data_dir.expanduser().absolute()
    stamp = folder / STAMP
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        written_by = stamp.read_text().strip() if stamp.exists() else version
        if _release(written_by) > _release(version):
            raise DatabaseUnavailable(
                f"{folder} was written by WrenchAI {written_by} and this is {version}: "
                "update WrenchAI, or choose another WRENCHAI_DATA_DIR."
            )
        if not stamp.exists() or written_by != version:
            stamp.write_text(version + "\n")
        # It holds the token and the database: where it lies in a repository, git must not see it.
        (folder / ".gitignore").write_text("*\n")
    except OSError as error:
        raise DatabaseUnavailable(
            f"The data folder {folder} cannot be written ({error.strerror}): "
            "make it yours, free some space, or choose another WRENCHAI_DATA_DIR."
        ) from error
    return folder


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])
