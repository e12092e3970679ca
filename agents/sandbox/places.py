"""What of the host a sandbox may be shown, and what the running Python needs of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agents.sandbox.outward_files import outward_files

TOO_MUCH = frozenset(
    Path("/", name)
    for name in (
        "", "boot", "dev", "etc", "home", "media", "mnt", "opt", "proc", "root", "run", "source", "srv", "sys", "tmp",
        "scratch", "var", "var/run", "var/tmp",
    )
)  # fmt: skip
"""Places that are never shown as a whole: what is not named stays unseen, and the sandbox has its own of some."""

MEMORY = 60
"""Seconds for which a read-only place is not searched for sockets again: an interpreter has a great many files."""


@dataclass(frozen=True, slots=True)
class Places:
    """Paths that exist, without links in them (``read_only`` keeps its spelling: programs refer to it).

    ``masked`` are the sockets and pipes in ``read_only``.
    """

    source: str | None
    scratch: str
    read_only: tuple[str, ...]
    masked: tuple[str, ...]


def checked_places(source: Path | None, scratch: Path, read_only: Sequence[Path]) -> Places:
    """Check the places of one run.

    Raises:
        ValueError: a place is not there, or it would show far too much.
    """
    for folder in (scratch, *((source,) if source else ())):
        if not folder.is_dir():
            raise ValueError(f"{folder} is no folder: the source and the scratch of a sandbox have to be.")
    for place in (scratch, *read_only, *((source,) if source else ())):
        if not place.is_absolute() or ".." in place.parts:
            raise ValueError(f"{place} is no absolute path without dots: name it in full.")
        if not place.exists():
            raise ValueError(f"{place} is not there, so a sandbox cannot show it.")
        if {place, place.resolve()} & {*TOO_MUCH, Path.home()}:
            raise ValueError(f"{place} would show far too much to a sandbox: name what is needed of it.")
    return Places(
        source=str(source.resolve()) if source else None,
        scratch=str(scratch.resolve()),
        read_only=tuple(dict.fromkeys(map(str, read_only))),
        masked=tuple(path for place in read_only for path in _outward_files(place, int(time.monotonic() // MEMORY))),
    )


@lru_cache(maxsize=64)
def _outward_files(place: Path, _moment: int) -> tuple[str, ...]:
    return tuple(map(str, outward_files(place)))


def interpreter_places() -> tuple[Path, ...]:
    """What the running Python needs to run in a sandbox: its environment, and the installation that it stands on.

    Those below ``/usr`` are left out, since the system's programs are there anyway.
    """
    links = [Path(sys.executable)]
    while links[-1].is_symlink():
        links.append(links[-1].parent / links[-1].readlink())
    real = Path(sys.executable).resolve()
    found = [Path(sys.prefix), Path(sys.base_prefix), real.parent.parent]
    found += [link.parent.parent for link in links]
    needed = dict.fromkeys(place for place in found if not place.is_relative_to("/usr"))
    return tuple(place for place in needed if place not in TOO_MUCH)
