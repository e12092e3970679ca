"""Whether a folder has a file whose path fits a pattern."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Event


def first_match(root: Path, pattern: str, stop: Event) -> str | None:
    """The path, relative to ``root``, of a regular file that fits; ``None`` when there is none, or on ``stop``. Blocks.

    ``*`` and ``?`` stay within a folder, ``**`` is any number of folders. Links are neither followed nor counted: what
    they lead to may lie outside.
    """
    wanted = pattern.split("/")
    for folder, folders, files in os.walk(root):
        if stop.is_set():
            return None
        folders.sort()
        above = Path(folder).relative_to(root).parts
        for name in sorted(files):
            if fits([*above, name], wanted):
                path = Path(folder, name)
                if path.is_file() and not path.is_symlink():
                    return path.relative_to(root).as_posix()
    return None


def fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path fits a pattern, both in parts. The time is that of one look at each pair of parts."""
    reached = {0}  # how many parts of the path the pattern so far can have used up
    for wanted in pattern:
        if wanted == "**":
            reached = set(range(min(reached), len(parts) + 1)) if reached else set()
        else:
            reached = {at + 1 for at in reached if at < len(parts) and fnmatchcase(parts[at], wanted)}
    return len(parts) in reached
