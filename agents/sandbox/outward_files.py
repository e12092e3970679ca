"""Sockets and named pipes among what a sandbox is to see: each would be a way out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def outward_files(folder: Path) -> Iterator[Path]:
    """The sockets, pipes and devices below ``folder``. A read-only mount does not stop anyone from using them.

    What cannot be listed is left out: the sandbox, which has no more rights than we, cannot list it either.
    """
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False) or entry.is_symlink():
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        yield Path(entry.path)
        except OSError:
            continue


def remove_outward(folder: Path) -> None:
    """Remove them from a scratch folder: left over from another run, or put there by somebody who listens.

    Call it as the sandbox's own account: a program that works in the same folder meanwhile may put a link in our way.
    """
    for path in outward_files(folder):
        with suppress(OSError):
            path.unlink()
