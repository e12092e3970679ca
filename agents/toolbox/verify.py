"""Whether the tools work: each says its version and does a tiny piece of work."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agents.processes import ProcessNotStarted, ProcessTimedOut, run
from agents.toolbox.known import ALL_TOOLS, KnownTool, Trial
from agents.toolbox.programs import Program, Toolbox
from agents.toolbox.registry import ToolRegistry
from domain.tool import ToolFacts, ToolKind, ToolStatus

PATIENCE = timedelta(seconds=120)
MOST_OUTPUT = 2**20


async def verify(registry: ToolRegistry, toolbox: Toolbox, name: str | None = None) -> list[ToolFacts]:
    """The tools (or the one of that name), BROKEN with its problem where one does not do what it should.

    Raises:
        KeyError: there is no tool of that name.
    """
    facts = [one for one in await registry.all() if name is None or one.name == name]
    if not facts:
        raise KeyError(name)
    return [await _verified(one, toolbox) for one in facts]


async def _verified(facts: ToolFacts, toolbox: Toolbox) -> ToolFacts:
    if facts.kind is ToolKind.TYPED or facts.status is ToolStatus.MISSING:
        return facts
    program, known = await asyncio.to_thread(toolbox.find, facts.name), ALL_TOOLS[facts.name]
    if program is None:  # it went between the two looks
        return replace(facts, status=ToolStatus.MISSING, problem="it is not installed")
    problem = await _problem(program, known, Trial(arguments=known.version_arguments))
    if problem is None and known.trial is not None:
        problem = await _problem(program, known, known.trial)
    return facts if problem is None else replace(facts, status=ToolStatus.BROKEN, problem=problem)


async def _problem(program: Program, known: KnownTool, trial: Trial) -> str | None:
    """What goes wrong when it is tried; ``None`` when nothing does."""
    with tempfile.TemporaryDirectory(prefix="wrenchai-verify-") as folder:
        for name, content in trial.files.items():
            await asyncio.to_thread((Path(folder) / name).write_text, content)
        try:
            done = await run(program.path, trial.arguments, cwd=Path(folder), timeout=PATIENCE, max_output=MOST_OUTPUT)
        except (ProcessNotStarted, ProcessTimedOut) as error:
            return str(error)
    shown = f"`{known.name} {' '.join(trial.arguments)}`"
    if done.exit_code != trial.exit_code:
        said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[-1]
        meaning = known.exit_codes.get(done.exit_code, "a failure")
        return f"{shown} ended with exit code {done.exit_code} ({meaning}), not {trial.exit_code}: {said[:300]}"
    if trial.says not in done.stdout + done.stderr:
        return f"{shown} did not find {trial.says!r}, which is there."
    return None
