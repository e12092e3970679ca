"""Runs the command of a check in the sandbox, and nowhere else."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from agents.contract import Checkout, ToolFailure
from agents.contract.sandbox import SOURCE, Sandbox, SandboxLimits, SandboxResult
from domain.acceptance import CommandCheck

MOST_KEPT = 2_000
"""Characters of each output stream that are kept with the result, from its end."""
MOST_OUTPUT = 2**20
"""Bytes of each that are read at all."""

Recorded = Callable[[Sequence[str], Callable[[], Awaitable[SandboxResult]]], Awaitable[SandboxResult]]
"""Puts a command on record before it is run by the function given with it, and how it ended; answers what that does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a command. With ``error`` it was refused, could not be started, or was ended for a limit."""

    sandbox: str | None = None
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    error: str | None = None


async def run_command(check: CommandCheck, sandbox: Sandbox, checkout: Checkout, recorded: Recorded) -> Ran:
    """Run the command on what the agent has left in its checkout. It never raises for what the command does.

    Raises:
        BudgetExceeded: a budget does not allow it; it was not run.
    """
    try:
        with tempfile.TemporaryDirectory(dir=checkout.scratch, prefix="acceptance-") as scratch:
            run = partial(
                sandbox.run,
                check.command,
                source=checkout.path,
                scratch=Path(scratch),
                cwd=SOURCE,
                limits=SandboxLimits(timeout=check.timeout, max_output=MOST_OUTPUT),
            )
            done = await recorded(check.command, run)
    except (ToolFailure, ValueError) as failure:
        return Ran(error=f"refused: {failure}")
    return Ran(
        sandbox=done.sandbox,
        exit_code=done.exit_code,
        stdout=done.stdout[-MOST_KEPT:],
        stderr=done.stderr[-MOST_KEPT:],
        error=f"the command was ended: it used too much ({done.exceeded})" if done.exceeded else None,
    )
