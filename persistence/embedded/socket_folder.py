"""Where the server's unix socket lives: a folder only its owner can enter, with a path the kernel accepts."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from persistence.addresses import DatabaseUnavailable
from persistence.embedded.account import ServerAccount

LONGEST_SOCKET_PATH = 103  # macOS; Linux has 107
SOCKET_NAME = ".s.PGSQL.5432"


def socket_folder(data_dir: Path, account: ServerAccount) -> Path:
    """A folder of mode 0700 for the socket: in the data folder, or, when that lies too deep, a short one elsewhere.

    Raises:
        DatabaseUnavailable: the short folder exists and belongs to somebody else.
    """
    inside = data_dir / "run"
    folder = inside if _fits(inside) else _short(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), account.uid}:
        raise DatabaseUnavailable(
            f"{folder} belongs to another user: remove it, or choose a shorter WRENCHAI_DATA_DIR."
        )
    account.own(folder)
    account.let_through(folder)
    return folder


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET_NAME)) <= LONGEST_SOCKET_PATH


def _short(data_dir: Path) -> Path:
    name = f"wrenchai-{os.geteuid()}-{hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]}"
    candidates = [Path(os.environ[name]) for name in ("XDG_RUNTIME_DIR",) if os.environ.get(name)]
    for parent in (*candidates, Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - owner and mode are checked
        if parent.is_dir() and os.access(parent, os.W_OK) and _fits(parent / name):
            return parent / name
    raise DatabaseUnavailable(
        f"The path of {data_dir} is too long for a database socket: choose a shorter WRENCHAI_DATA_DIR."
    )
