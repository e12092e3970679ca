"""What the keeper of a sandbox is told, and what it says at the end: two small files of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

BUBBLEWRAP = "bubblewrap"
SANDLOCK = "sandlock"
COPY = "source"
"""Beside the run's own folder for temporary files: the source, where a copy of it is needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run. Times are seconds, sizes bytes; ``parent`` is the worker's pid.

    ``masked`` are files in ``read_only`` that are not to be reached all the same. ``program`` is bubblewrap,
    ``program_parts`` the folders it needs of its own.
    """

    kind: str
    program: str
    program_parts: Sequence[str]
    parent: int
    command: Sequence[str]
    source: str | None
    scratch: str
    tmp: str
    cwd: str
    read_only: Sequence[str]
    masked: Sequence[str]
    env: Mapping[str, str]
    timeout: float
    cpu_seconds: float
    max_memory: int
    max_processes: int
    max_files: int
    max_disk: int

    @property
    def places(self) -> tuple[Path, ...]:
        """Every place of the host that the program is to see, besides the system's."""
        source = (self.source,) if self.source else ()
        return tuple(Path(place) for place in (self.scratch, self.tmp, *source, *self.read_only))

    def write(self, path: Path) -> None:
        """Write it as a file."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, path: Path) -> Order:
        """Read what :meth:`write` wrote."""
        return cls(**json.loads(path.read_text()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """How a run ended. ``refused`` says why nothing was run."""

    exit_code: int = 0
    cpu_seconds: float = 0.0
    exceeded: str | None = None
    refused: str | None = None

    def write(self, file: IO[str]) -> None:
        """Write it."""
        json.dump(asdict(self), file)

    @classmethod
    def read(cls, path: Path) -> Account:
        """Read what :meth:`write` wrote."""
        return cls(**json.loads(path.read_text()))


class CannotBeSetUp(Exception):
    """The sandbox cannot be set up on this machine or with these places; the message is a sentence that says why."""
