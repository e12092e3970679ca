"""The sandbox of this process: what the setting asks for, if it works here, else one that refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from agents.contract.sandbox import DEFAULT_LIMITS, SCRATCH, Sandbox, SandboxLimits, SandboxRefused, SandboxResult
from agents.sandbox.kept import KeptSandbox
from agents.sandbox.probe import INSTALL, SandboxProbe, probe_sandbox

WHAT = "Running tests, builds and other code of the source is refused"
SWITCHED_OFF = f"{WHAT}: WRENCHAI_SANDBOX is none. To allow it, unset WRENCHAI_SANDBOX, or set it to auto."


def open_sandbox(choice: str) -> Sandbox:
    """The sandbox for ``auto``, ``bubblewrap``, ``sandlock`` or ``none``. It is looked for when it is first needed."""
    return ChosenSandbox(choice)


def refusal(choice: str, probe: SandboxProbe) -> str:
    """Why nothing is run, and what to do about it."""
    if choice == "none":
        return SWITCHED_OFF
    tried = "; ".join(probe.findings)
    otherwise = "" if choice == "auto" else f", or set WRENCHAI_SANDBOX=auto instead of {choice}"
    remedy = f"To allow it, run `{INSTALL}`{otherwise}; `wrenchai doctor` checks it."
    return f"{WHAT}: no sandbox works here ({tried}). {remedy}"


class ChosenSandbox:
    """See :class:`agents.contract.sandbox.Sandbox`. There is never a plain process in its stead."""

    def __init__(self, choice: str) -> None:
        self._choice = choice

    @property
    def name(self) -> str:
        """Kind and version; ``none`` when everything is refused."""
        chosen = probe_sandbox(self._choice).chosen
        return chosen.name if chosen else "none"

    async def run(
        self,
        command: Sequence[str],
        *,
        source: Path | None,
        scratch: Path,
        cwd: str = SCRATCH,
        read_only: Sequence[Path] = (),
        env: Mapping[str, str] = {},
        stdin: bytes | None = None,
        limits: SandboxLimits = DEFAULT_LIMITS,
    ) -> SandboxResult:
        """Run a program in the sandbox that works here."""
        probe = await asyncio.to_thread(probe_sandbox, self._choice)
        if probe.chosen is None:
            raise SandboxRefused(refusal(self._choice, probe))
        return await KeptSandbox(probe.chosen).run(
            command, source=source, scratch=scratch, cwd=cwd, read_only=read_only, env=env, stdin=stdin, limits=limits
        )
