"""The one shape of all engines, and how any of them is run: timed, logged, and skipped with a reason when it dies."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from agents.contract import Step, ToolFailure, ToolResult
from agents.inspector.inputs import EngineName, InspectorInputs
from agents.inspector.inventory import Inventory
from agents.inspector.languages import Language
from agents.toolbox import install_hint
from domain.finding import FindingDraft, fingerprinted
from domain.reports.inspector import EngineRun, FunctionMetrics, NotAnalysed

_ARGUMENT_BYTES = 96 * 1024
"""Room for paths in one call: Linux allows 128 KiB for an argument and far more for all of them, others less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What every engine is given. ``scratch`` is a folder for temporary files; ``version_of`` says which version of a
    tool is installed, ``None`` for none."""

    root: Path
    scratch: Path
    inventory: Inventory
    inputs: InspectorInputs
    version_of: Callable[[str], str | None]


@dataclass(slots=True, kw_only=True)
class EngineResult:
    """What an engine found, and how much it looked at. ``settles``: what it did not find again is gone."""

    files: int
    drafts: list[FindingDraft] = field(default_factory=list)
    not_analysed: list[NotAnalysed] = field(default_factory=list)
    functions: list[FunctionMetrics] = field(default_factory=list)
    duplicated_lines: int = 0
    patch: str = ""
    settles: bool = True


class Engine(Protocol):
    """A part of an audit."""

    @property
    def name(self) -> EngineName:
        """Its name, which is the ``engine`` of its findings."""

    @property
    def languages(self) -> tuple[Language, ...]:
        """The languages it reads; without a file of one of them it has nothing to do."""

    @property
    def programs(self) -> tuple[str, ...]:
        """The tools it drives; the first one is essential to it."""

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Analyse the source.

        Raises:
            Skipped: there is nothing for this engine in the source.
            ToolFailure: its tool died.
        """


class Skipped(Exception):
    """An engine has nothing to do; the message says why."""


class EngineOutcome(BaseModel):
    """What the step of one engine records. ``settles``: what it did not find again is gone."""

    model_config = ConfigDict(frozen=True)

    run: EngineRun
    settles: bool
    not_analysed: list[NotAnalysed] = []
    functions: list[FunctionMetrics] = []
    duplicated_lines: int = 0
    patch: str = ""
    autofixable: int = 0


async def run_engine(engine: Engine, audit: Audit, step: Step) -> EngineOutcome:
    """Run one engine and record its findings in the step; whatever its tools do, the audit goes on."""
    started = monotonic()
    missing = [program for program in engine.programs if audit.version_of(program) is None]
    try:
        if not audit.inventory.has(engine.languages):
            result = EngineResult(files=0)
        elif engine.programs[0] in missing:
            raise ToolFailure(f"{engine.programs[0]} is not installed; run: {install_hint(engine.programs[0])}")
        else:
            result = await engine.run(audit, step)
    except (Skipped, ToolFailure) as reason:
        await step.log(f"{engine.name}: skipped: {reason}")
        run = _engine_run(engine, audit, started, EngineResult(files=0), skipped_reason=str(reason))
        return EngineOutcome(run=run, settles=isinstance(reason, Skipped))
    result.drafts = fingerprinted(result.drafts)
    for draft in result.drafts:
        step.finding(draft)
    for program in missing if result.files else ():
        why = f"{program} is not installed, so its part is missing; run: {install_hint(program)}"
        result.not_analysed.append(NotAnalysed(path=".", engine=engine.name, reason=why))
    await step.log(f"{engine.name}: {len(result.drafts)} findings in {result.files} files")
    return EngineOutcome(
        run=_engine_run(engine, audit, started, result),
        settles=result.settles,
        not_analysed=result.not_analysed,
        functions=result.functions,
        duplicated_lines=result.duplicated_lines,
        patch=result.patch,
        autofixable=sum(1 for draft in result.drafts if draft.fix),
    )


def _engine_run(
    engine: Engine, audit: Audit, started: float, result: EngineResult, skipped_reason: str | None = None
) -> EngineRun:
    versions = [version for program in engine.programs if (version := audit.version_of(program))]
    return EngineRun(
        engine=engine.name,
        tool=", ".join(engine.programs),
        version=", ".join(versions) or None,
        files=result.files,
        findings=len(result.drafts),
        duration_ms=round((monotonic() - started) * 1000),
        skipped_reason=skipped_reason,
    )


def unparsed_by(engine: EngineName, inventory: Inventory) -> list[NotAnalysed]:
    """The modules that an engine which relies on Python's own parser leaves out."""
    return [NotAnalysed(path=path, engine=engine, reason=reason) for path, reason in sorted(inventory.unparsed.items())]


def in_chunks(paths: Sequence[str], most: int | None = None) -> Iterator[list[str]]:
    """Paths as arguments (``./`` in front: a name may begin with a dash), as many as fit into one call, or ``most``."""
    chunk: list[str] = []
    size = 0
    for path in paths:
        argument = f"./{path}"
        length = len(argument.encode()) + 1
        if chunk and (size + length > _ARGUMENT_BYTES or len(chunk) == most):
            yield chunk
            chunk, size = [], 0
        chunk.append(argument)
        size += length
    if chunk:
        yield chunk


_MOST_DEADLY = 3


async def call_in_halves(paths: list[str], call: Callable[[list[str]], Awaitable[None]]) -> list[tuple[str, str]]:
    """Call a tool with ``paths``; where it dies, with ever smaller parts. Returns the files it dies of, and why.

    Raises:
        ToolFailure: it dies of more than a few files, so the files are not the reason.
    """
    deadly: list[tuple[str, str]] = []
    pending = [paths]
    while pending:
        part = pending.pop()
        try:
            await call(part)
        except ToolFailure as failure:
            if len(part) > 1:
                pending += [part[len(part) // 2 :], part[: len(part) // 2]]
                continue
            deadly.append((part[0].removeprefix("./"), str(failure)))
            if len(deadly) > _MOST_DEADLY:
                raise
    return deadly


async def run_program(step: Step, program: str, request: Any, cwd: Path) -> Any:
    """Run one of our stand-alone programs in ``cwd``: JSON in, JSON out.

    Raises:
        ToolFailure: it died or took longer than ten minutes.
    """
    script = Path(__file__).with_name("programs") / f"{program}.py"
    result = await step.tool(
        "python",
        ["-I", str(script)],
        cwd=cwd,
        stdin=json.dumps(request).encode(),
        timeout=timedelta(minutes=10),
    )
    return parse_json(whole(result, program), program)


def whole(result: ToolResult, tool: str) -> str:
    """All that a tool wrote.

    Raises:
        ToolFailure: it wrote more than is kept, so findings would be lost.
    """
    if result.truncated:
        raise ToolFailure(f"{tool} wrote more than can be kept; exclude a part of the source")
    return result.stdout


def parse_json(text: str, tool: str) -> Any:
    """What a tool wrote as JSON.

    Raises:
        ToolFailure: it is not JSON, so the tool did not finish its work.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise ToolFailure(
            f"{tool} wrote something that is not JSON ({error}); its output was cut or it died"
        ) from error
