"""A repository of several thousand files, put together from published source distributions."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SDISTS = ("Django==5.1.4", "ansible-core==2.17.7", "fava==1.29")
"""More than 4,000 Python files between them, 1,800 of YAML, 200 shell scripts, and JavaScript and TypeScript."""

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wrenchai-tests" / "sdists"


def sdist(requirement: str) -> Path:
    """The source distribution of a pinned requirement (``name==version``), downloaded once for this machine."""
    place = CACHE / requirement
    if not place.is_dir():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            whole = Path(folder) / "whole"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:"]
            subprocess.run([*command, f"--dest={whole}", requirement], check=True)
            try:
                whole.rename(place)
            except OSError:
                assert place.is_dir()  # another run was faster
    [archive] = place.glob("*.tar.gz")
    return archive


def unpack(requirement: str, folder: Path) -> Path:
    """Unpack a source distribution below ``folder`` and return its root."""
    before = set(folder.iterdir())
    with tarfile.open(sdist(requirement)) as packed:
        packed.extractall(folder, filter="data")
    [root] = set(folder.iterdir()) - before
    return root


def assemble(folder: Path) -> Path:
    """Unpack all of ``SDISTS`` into one repository."""
    root = folder / "large"
    root.mkdir()
    for requirement in SDISTS:
        unpack(requirement, root)
    return root
