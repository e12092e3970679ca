"""The Inspector: an inventory, then all engines side by side, then the comparison with the last audit."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from agents.contract import (
    Agent,
    AgentContext,
    AgentFailure,
    Claim,
    FindingsSummary,
    SideEffect,
    Step,
    ToolRequirement,
)
from agents.inspector.claims import claims_of
from agents.inspector.complexity import Complexity
from agents.inspector.dead_code import DeadCode
from agents.inspector.dependencies import Dependencies
from agents.inspector.duplication import Duplication
from agents.inspector.engine import Audit, Engine, EngineOutcome, run_engine
from agents.inspector.import_cycles import ImportCycles
from agents.inspector.inputs import EngineName, InspectorInputs
from agents.inspector.inventory import Inventory
from agents.inspector.javascript import JavaScript
from agents.inspector.markdown import as_markdown
from agents.inspector.ruff import Ruff
from agents.inspector.sarif import as_sarif
from agents.inspector.shell import Shell
from agents.inspector.survey import INVENTORY, described, survey
from agents.inspector.type_checking import Types
from agents.inspector.verdict import report_of
from agents.inspector.yaml_files import Yaml
from domain.reports.inspector import InspectorReport

ENGINES: Mapping[EngineName, Engine] = {
    engine.name: engine
    for engine in (
        Ruff(),
        Complexity(),
        Duplication(),
        DeadCode(),
        Dependencies(),
        ImportCycles(),
        JavaScript(),
        Shell(),
        Yaml(),
        Types(),
    )
}


class Inspector(Agent[InspectorInputs, InspectorReport]):
    """Audits the code of a source."""

    kind: ClassVar[str] = "inspector"
    version: ClassVar[str] = "1.0.0"
    title: ClassVar[str] = "Inspector"
    purpose: ClassVar[str] = (
        "Finds bugs, security holes, complexity, duplication, dead code, wrong dependencies and import cycles in "
        "Python code, and bugs in JavaScript, TypeScript, shell scripts and YAML; says what is new since the last "
        "audit, and offers a patch for what can be mended safely."
    )
    capabilities: ClassVar[tuple[str, ...]] = ("audit", "quality-gate", "autofix", "sarif")
    tools: ClassVar[tuple[ToolRequirement, ...]] = (
        ToolRequirement(name="ruff", essential=True),
        ToolRequirement(name="radon"),
        ToolRequirement(name="complexipy"),
        ToolRequirement(name="vulture"),
        ToolRequirement(name="deptry"),
        ToolRequirement(name="oxlint"),
        ToolRequirement(name="shellcheck"),
        ToolRequirement(name="mypy"),
    )
    side_effects: ClassVar[tuple[SideEffect, ...]] = (SideEffect.NONE,)
    input_model = InspectorInputs
    report_model = InspectorReport

    async def run(self, context: AgentContext, inputs: InspectorInputs) -> InspectorReport:
        """Audit the checkout. Each engine is a step of its own, so a crash costs only those that had not finished."""
        engines = [ENGINES[name] for name in EngineName if name in inputs.engines]
        if EngineName.RUFF in inputs.engines and context.tool_version("ruff") is None:
            raise AgentFailure(
                "The Inspector needs ruff, which is not installed; run: pip install ruff", code="TOOL_MISSING"
            )
        progress = _Progress(context, total=len(engines) + 2)
        inventory = await context.step(
            "inventory", lambda step: survey(step, context.checkout, inputs.exclude), returns=Inventory
        )
        await progress.advance(described(inventory))
        audit = Audit(
            root=context.checkout.path,
            scratch=context.checkout.scratch,
            inventory=inventory,
            inputs=inputs,
            version_of=context.tool_version,
        )

        async def analyse(engine: Engine) -> EngineOutcome:
            outcome = await context.step(
                engine.name.value, lambda step: run_engine(engine, audit, step), returns=EngineOutcome
            )
            await progress.advance(
                f"{engine.name.value}: {outcome.run.skipped_reason or f'{outcome.run.findings} findings'}"
            )
            return outcome

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(analyse(engine)) for engine in engines]
        outcomes = [task.result() for task in tasks]
        summary = await context.settle_findings(
            engines=[INVENTORY, *(outcome.run.engine for outcome in outcomes if outcome.settles)],
            skipped_paths=[
                *(one.path for one in inventory.not_analysed),
                *inventory.unparsed,
                *(one.path for outcome in outcomes if outcome.settles for one in outcome.not_analysed),
            ],
        )
        report = await context.step(
            "report", lambda step: self._report(step, context, inventory, outcomes, summary), returns=InspectorReport
        )
        await progress.advance("the quality gate passed" if report.gate_passed else "the quality gate failed")
        return report

    def claims(self, report: InspectorReport) -> Sequence[Claim]:
        """What the report says was done: it holds for the engines that were asked for, and for no others."""
        return claims_of(report, {name.value: engine.programs for name, engine in ENGINES.items()})

    async def _report(
        self,
        step: Step,
        context: AgentContext,
        inventory: Inventory,
        outcomes: list[EngineOutcome],
        summary: FindingsSummary,
    ) -> InspectorReport:
        languages = {name.value: engine.languages for name, engine in ENGINES.items()}
        report = report_of(context.checkout.state, context.gate, inventory, outcomes, summary, languages)
        step.artifact("audit.sarif", "application/sarif+json", as_sarif(report, summary, self.version))
        step.artifact("audit.md", "text/markdown", as_markdown(report, summary, context.project_name).encode("utf-8"))
        patch = "".join(outcome.patch for outcome in outcomes)
        if patch:
            step.artifact("autofix.patch", "text/x-diff", patch.encode("utf-8"))
        counts = f"{len(summary.new)} new, {len(summary.persisting)} persisting, {len(summary.fixed)} fixed"
        await step.log(
            f"{counts}, {len(summary.waived)} waived; quality gate {'passed' if report.gate_passed else 'failed'}"
        )
        return report


class _Progress:
    """Counts what is done; the engines finish in any order."""

    def __init__(self, context: AgentContext, *, total: int) -> None:
        self._context = context
        self._total = total
        self._done = 0

    async def advance(self, message: str) -> None:
        self._done += 1
        await self._context.progress(self._done, self._total, message)
