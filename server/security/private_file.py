"""Files that hold secrets: readable by their owner only, replaced as a whole, never half written."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

OWNER_ONLY = 0o600


class ExposedSecret(Exception):
    """A secret lies open to other users of this machine; the message says which file and how to mend it."""


def read_private(path: Path) -> str:
    """The content of a private file.

    Raises:
        FileNotFoundError: there is none.
        ExposedSecret: somebody besides the owner can read or write it, or it belongs to another user.
    """
    # Checked on the open descriptor, so that nothing can be exchanged in between.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if stat.S_IMODE(status.st_mode) & 0o077:
            raise ExposedSecret(
                f"{path} can be read by other users: delete it, and a new secret is made at the next start."
            )
        if status.st_uid not in (os.geteuid(), 0):
            raise ExposedSecret(f"{path} belongs to another user: use a data folder of your own.")
        return file.read()


def write_private(path: Path, content: str) -> None:
    """Replace the file in one step; readers see the old content or the new."""
    temporary = _written_beside(path, content)
    try:
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def create_private(path: Path, content: str) -> bool:
    """Create the file unless it exists; whoever is second learns so by ``False`` and finds a complete file."""
    temporary = _written_beside(path, content)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    return True


def _written_beside(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, OWNER_ONLY)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    return Path(name)
