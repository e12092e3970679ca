"""Finds the tools that agents drive: in a venv of their own, beside our Python, or on the PATH."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from agents.processes import clean_environment
from agents.toolbox.known import ALL_TOOLS, KNOWN_TOOLS, OWN_VENV_TOOLS, KnownTool
from agents.toolbox.own_venvs import OwnVenvs

UNKNOWN = "unknown"
"""The version of a program that does not say it."""


@dataclass(frozen=True, slots=True)
class Program:
    """An installed program; ``version`` is ``UNKNOWN`` when it does not say."""

    name: str
    path: Path
    version: str
    facts: KnownTool | None = None


class Toolbox:
    """The tools of this machine. What was found is remembered; what is missing is looked for again each time."""

    def __init__(self, venvs: OwnVenvs | None = None) -> None:
        self._found: dict[str, Program] = {}
        self._venvs = venvs

    def find(self, name: str) -> Program | None:
        """The tool of that name, or ``None``. One that is no Python package is run once for its version."""
        known = self._found.get(name)
        if known is not None and known.path.exists():
            return known
        path = self._locate(name)
        if path is None:
            self._found.pop(name, None)
            return None
        facts = ALL_TOOLS.get(name)
        self._found[name] = Program(name, path, _version(path, facts), facts)
        return self._found[name]

    def _locate(self, name: str) -> Path | None:
        if name in OWN_VENV_TOOLS:  # one on the PATH may be of any version
            return self._venvs.program(name) if self._venvs is not None else None
        return _locate(name)

    async def survey(self, names: Iterable[str] = KNOWN_TOOLS) -> dict[str, Program | None]:
        """Look for several tools without blocking the loop."""
        wanted = list(names)
        return dict(zip(wanted, await asyncio.to_thread(lambda: [self.find(name) for name in wanted]), strict=True))

    def missing(self, names: Sequence[str]) -> dict[str, str]:
        """The tools that are not installed, each with the command that installs it."""
        return {name: install_hint(name) for name in names if self.find(name) is None}


def install_hint(name: str) -> str:
    """The command that installs a tool."""
    facts = ALL_TOOLS.get(name)
    return facts.install if facts else f"install {name} so that it is on the PATH"


def _locate(name: str) -> Path | None:
    beside = str(Path(sys.executable).parent)
    found = (
        shutil.which(name, path=beside)
        or shutil.which(name, path=clean_environment(Path())["PATH"])
        or shutil.which(name)
    )
    return Path(found) if found else None


def _version(path: Path, facts: KnownTool | None) -> str:
    if facts and facts.distribution and path.parent == Path(sys.executable).parent:
        try:
            return metadata.version(facts.distribution)
        except metadata.PackageNotFoundError:
            pass  # the program is there without its package's metadata: ask it
    arguments = facts.version_arguments if facts else ("--version",)
    try:
        said = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=20, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return UNKNOWN
    found = re.search(r"\d+(?:\.\d+)+", said.stdout + said.stderr)
    return found.group() if found else UNKNOWN
