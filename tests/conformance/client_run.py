"""One run of a client: its script is started, watched, and cut off twice from a platform that goes on meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.severable import SeverableLine

STEPS = 3
CUT_DURING = (1, 2)
"""The steps whose beginning is the sign to cut the line. It is mended when the next step has begun."""
PATIENCE = 90.0
"""Seconds for a whole run."""


@dataclass
class Observations:
    """What a script wrote, one attribute for each kind of line."""

    query: dict[str, Any] = field(default_factory=dict)
    mutation: dict[str, Any] = field(default_factory=dict)
    errors: list[list[str] | None] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    exchanges: list[dict[str, str | None]] = field(default_factory=list)
    completed: bool = False

    def note(self, line: Mapping[str, Any]) -> None:
        """Take one line in."""
        ((kind, value),) = line.items()
        if kind in ("update", "exchange"):
            getattr(self, f"{kind}s").append(value)
        else:
            setattr(self, kind, value)


@dataclass(frozen=True)
class ClientRun:
    """``folder`` gets the journal of the probe and its gates."""

    line: SeverableLine
    folder: Path
    token: str
    project: str

    async def of(self, *command: str, cwd: Path, environment: Mapping[str, str] = os.environ) -> Observations:
        """Run a script to its end; fails with its output when it does not come there."""
        gates = self.folder / "gates"
        gates.mkdir()
        inputs = {"steps": STEPS, "log_lines": 3, "journal": str(self._journal), "hold": str(gates)}
        draft = {"title": "Be watched", "agent": "probe", "inputs": inputs}
        given = {
            "ADDRESS": self.line.address,
            "TOKEN": self.token,
            "PROJECT": self.project,
            "DRAFT": json.dumps(draft),
        }
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env={**environment, **given},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                observed = await self._observe(process)
                _, complaints = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        assert process.returncode == 0, complaints.decode()
        return observed

    @property
    def _journal(self) -> Path:
        return self.folder / "journal"

    def _journaled(self) -> list[str]:
        return self._journal.read_text().splitlines() if self._journal.exists() else []

    async def _observe(self, process: asyncio.subprocess.Process) -> Observations:
        assert process.stdout is not None
        observed = Observations()
        async for written in process.stdout:
            line = json.loads(written)
            observed.note(line)
            step = line.get("update", {}).get("event", {}).get("step")
            if step is not None:
                await self._step_began(int(step.removeprefix("step-")), process)
        return observed

    async def _step_began(self, number: int, process: asyncio.subprocess.Process) -> None:
        if number not in CUT_DURING:
            self._let(number)
            return
        self.line.cut()
        self._let(number)
        while f"start {number + 1}" not in self._journaled():
            await asyncio.sleep(0.02)
        tried = self.line.turned_away
        while self.line.turned_away == tried and process.returncode is None:
            await asyncio.sleep(0.02)
        self.line.mend()

    def _let(self, number: int) -> None:
        (self.folder / "gates" / str(number)).touch()
