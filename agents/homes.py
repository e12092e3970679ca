"""The home folder that a program has while it runs, and clearing away those that killed workers left behind."""

from __future__ import annotations

import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agents.process_family import owner_lives, owner_name

_PREFIX = "wrenchai-home-"
_NAME = re.compile(rf"^{_PREFIX}(?P<host>[0-9a-f]+)-(?P<pid>\d+)_(?P<born>\d+\.\d+)-\w+$")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder of its own, which is removed when the context is left. Its name says which process it belongs to."""
    owner = owner_name().replace(":", "_")  # a colon separates paths in many variables of the environment
    prefix = f"{_PREFIX}{_host()}-{owner}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as home:
        yield Path(home)


def remove_orphaned_homes() -> int:
    """Remove the homes of processes of this account on this host that are gone; return how many there were."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        named = _NAME.match(folder.name)
        if named is None or named["host"] != _host() or owner_lives(f"{named['pid']}:{named['born']}"):
            continue
        with suppress(OSError):
            if folder.lstat().st_uid == os.getuid() and not folder.is_symlink():
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
    return removed


def _host() -> str:
    """Containers may share the folder for temporary files, but not their process ids."""
    return socket.gethostname().encode().hex()[:32]
