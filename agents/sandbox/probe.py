"""Which sandbox works on this machine, found by running something in each and not by its presence."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from agents.contract.failures import ToolFailure
from agents.contract.sandbox import SandboxLimits
from agents.sandbox.candidates import Candidate, candidates
from agents.sandbox.kept import KeptSandbox

INSTALL = "apt-get install bubblewrap"
LIMITS = SandboxLimits(timeout=timedelta(seconds=15), max_output=4096)
CHECK = ["/bin/sh", "-c", "test -r /source/here && echo works >/scratch/done && cat /scratch/done"]


@dataclass(frozen=True, slots=True)
class SandboxProbe:
    """The first sandbox that works (``None``: none does), and what each candidate said."""

    chosen: Candidate | None
    findings: tuple[str, ...]

    @property
    def name(self) -> str | None:
        """What the chosen one is called."""
        return self.chosen.label if self.chosen else None


@lru_cache
def probe_sandbox(choice: str) -> SandboxProbe:
    """Try the candidates for ``auto``, ``bubblewrap``, ``sandlock`` or ``none`` in order; each takes under a second.

    It is asked once for each process. Call it from a thread: it runs an event loop of its own.
    """
    findings = []
    for candidate in candidates(choice):
        problem = problem_of(candidate)
        findings.append(f"{candidate.label}: {problem or 'works'}")
        if problem is None:
            return SandboxProbe(candidate, tuple(findings))
    if not findings and choice != "none":
        wanted = "no sandbox" if choice == "auto" else choice
        findings.append(f"{wanted} is not installed" if choice != "auto" else "no sandbox is installed")
    return SandboxProbe(None, tuple(findings))


def problem_of(candidate: Candidate) -> str | None:
    """Why a sandbox does not work here, ``None`` when it does: something is run in it, as it will be later."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-probe-") as folder:
        source, scratch = Path(folder) / "source", Path(folder) / "scratch"
        source.mkdir()
        scratch.mkdir()
        (source / "here").touch()
        try:
            result = asyncio.run(KeptSandbox(candidate).run(CHECK, source=source, scratch=scratch, limits=LIMITS))
        except ToolFailure as error:
            return str(error)
        return None if result.stdout == "works\n" else (result.stderr.strip() or f"exit code {result.exit_code}")[-300:]
