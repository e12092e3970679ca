"""Complexity of functions: cyclomatic by radon, cognitive by complexipy, one finding for a function over a limit."""

from __future__ import annotations

import asyncio
import heapq
from collections import defaultdict
from pathlib import Path
from typing import Any

from agents.contract import Step, ToolFailure
from agents.inspector.engine import Audit, EngineResult, call_in_halves, in_chunks, parse_json, unparsed_by, whole
from agents.inspector.inputs import EngineName, InspectorInputs
from agents.inspector.languages import Language
from agents.inspector.side_code import is_test
from agents.inspector.stage import staged
from domain.finding import FindingDraft, Location
from domain.reports.inspector import FunctionMetrics, NotAnalysed
from domain.severity import Severity

_HELP = "https://radon.readthedocs.io/en/latest/intro.html#cyclomatic-complexity"
_MOST_COMPLEX = 10
_COGNITIVE_REPORT = "complexipy.json"

_Cognitive = dict[tuple[str, str], int]


class Complexity:
    """Measures every function; what is over a limit of the inputs becomes a finding."""

    name = EngineName.COMPLEXITY
    languages = (Language.PYTHON,)
    programs = ("radon", "complexipy")

    async def run(self, audit: Audit, step: Step) -> EngineResult:
        """Measure each module that Python can parse; tests are left out unless the inputs ask for them."""
        inputs = audit.inputs
        paths = [path for path in audit.inventory.parsed() if inputs.include_tests or not is_test(path)]
        result = EngineResult(files=len(paths), not_analysed=unparsed_by(self.name, audit.inventory))
        async with staged(audit.root, paths, audit.scratch) as stage:
            blocks = await _cyclomatic(step, stage, paths)
            cognitive: _Cognitive = {}
            if audit.version_of("complexipy") is not None:
                try:
                    cognitive = await _cognitive(step, stage, paths)
                except ToolFailure as failure:
                    reason = f"cognitive complexity is missing: {failure}"
                    result.not_analysed.append(NotAnalysed(path=".", engine=self.name, reason=reason))
        for path in paths:
            found = blocks.get(path, [])
            if isinstance(found, dict):
                result.files -= 1
                reason = f"radon cannot parse it: {found['error']}"
                result.not_analysed.append(NotAnalysed(path=path, engine=self.name, reason=reason))
            else:
                result.functions += _metrics(path, found, cognitive)
        result.drafts = [draft for metrics in result.functions if (draft := _draft(metrics, inputs))]
        result.functions = hardest(result.functions)
        return result


def hardest(functions: list[FunctionMetrics]) -> list[FunctionMetrics]:
    """The ten functions that are hardest to follow, the hardest first."""

    def hardness(function: FunctionMetrics) -> tuple[int, int, str, int]:
        return (max(function.cyclomatic, function.cognitive or 0), function.lines, function.path, function.line)

    return heapq.nlargest(_MOST_COMPLEX, functions, key=hardness)


async def _cyclomatic(step: Step, stage: Path, paths: list[str]) -> dict[str, Any]:
    """Radon's blocks by path; ``{"error": …}`` for a file it cannot parse or dies of."""
    blocks: dict[str, Any] = {}

    async def measure(part: list[str]) -> None:
        answer = await step.tool("radon", ["cc", "--json", *part], cwd=stage)
        blocks.update(parse_json(whole(answer, "radon"), "radon"))

    for chunk in in_chunks(paths):
        blocks |= {path: {"error": reason} for path, reason in await call_in_halves(chunk, measure)}
    return {path.removeprefix("./"): found for path, found in blocks.items()}


async def _cognitive(step: Step, stage: Path, paths: list[str]) -> _Cognitive:
    """Cognitive complexity by path and qualified name (``Class::method``); the highest of equal names."""
    options = [
        "--isolated",
        "--no-ignore",
        "--quiet",
        "--color=no",
        "--output-format=json",
        f"--output={_COGNITIVE_REPORT}",
    ]
    highest: _Cognitive = defaultdict(int)
    for chunk in in_chunks(paths):
        await step.tool("complexipy", [*options, *chunk], cwd=stage, accept=frozenset({0, 1}))
        report = stage / _COGNITIVE_REPORT
        if not report.exists():
            raise ToolFailure("complexipy wrote no report")
        for entry in parse_json(await asyncio.to_thread(report.read_text, "utf-8"), "complexipy"):
            key = (entry["path"].removeprefix("./"), entry["function_name"])
            highest[key] = max(highest[key], entry["complexity"])
        report.unlink()
    return dict(highest)


def _metrics(path: str, blocks: list[dict[str, Any]], cognitive: _Cognitive) -> list[FunctionMetrics]:
    functions = [block for block in blocks if block["type"] in {"function", "method"}]
    # Of equal names (overloads, a property and its setter) complexipy's highest value is that of radon's highest.
    hardest = {_name(block): block for block in sorted(functions, key=lambda block: int(block["complexity"]))}
    return [
        FunctionMetrics(
            path=path,
            name=".".join(_name(block)),
            line=block["lineno"],
            cyclomatic=block["complexity"],
            cognitive=cognitive.get((path, "::".join(_name(block)))) if hardest[_name(block)] is block else None,
            lines=block["endline"] - block["lineno"] + 1,
        )
        for block in functions
    ]


def _name(block: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part for part in (block.get("classname"), block["name"]) if part)


def severity_of_complexity(cyclomatic: int, cognitive: int) -> Severity:
    """MEDIUM from 21 on, HIGH above 50: the bands of the SEI's table of risk; cognitive values weigh two thirds.

    A function within the bands below is a matter of taste more than of risk: LOW.
    """
    measure = max(cyclomatic, cognitive * 2 // 3)
    if measure > 50:
        return Severity.HIGH
    return Severity.MEDIUM if measure > 20 else Severity.LOW


def _draft(metrics: FunctionMetrics, inputs: InspectorInputs) -> FindingDraft | None:
    over = []
    if metrics.cyclomatic > inputs.max_cyclomatic:
        over.append(f"cyclomatic complexity {metrics.cyclomatic} (limit {inputs.max_cyclomatic})")
    if (metrics.cognitive or 0) > inputs.max_cognitive:
        over.append(f"cognitive complexity {metrics.cognitive} (limit {inputs.max_cognitive})")
    if not over:
        return None
    return FindingDraft(
        engine=EngineName.COMPLEXITY,
        rule="complex-function",
        severity=severity_of_complexity(metrics.cyclomatic, metrics.cognitive or 0),
        message=f"`{metrics.name}` is hard to follow: {' and '.join(over)}; split it",
        location=Location(path=metrics.path, start_line=metrics.line, end_line=metrics.line + metrics.lines - 1),
        snippet=metrics.name,
        help_url=_HELP,
    )
