"""An agent that says it did what it did not, in the way a test chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from agents.contract import (
    Agent,
    AgentContext,
    ArtifactWritten,
    Claim,
    FindingsRecorded,
    Step,
    StepSucceeded,
    TestsPassed,
    ToolFailure,
    ToolRan,
    ToolRequirement,
)

EVERYTHING = frozenset(range(256))
PASSES = "def test_one():\n    assert 1\n\n\ndef test_two():\n    assert 2\n"
FAILS = "def test_one():\n    assert 0\n"
NONSENSE: Any = "I did everything."


class Lie(StrEnum):
    """What is untrue of the report."""

    NOTHING = "nothing: it is true"
    TESTS_NEVER_RUN = "tests passed that were never run"
    TESTS_FAILED = "tests passed that failed"
    MORE_TESTS = "more tests passed than there are"
    NO_TESTS = "tests passed where there are none"
    EXIT_CODE = "a tool ended well that did not"
    ESSENTIAL_TOOL = "an essential tool ran"
    SILENCE = "something was done"
    NO_ARTIFACT = "an artifact was written"
    OTHER_ARTIFACT = "an artifact has another content"
    FINDINGS = "findings were recorded"
    STEP = "a step was done"
    PLATFORM_STEP = "a step of the platform is the agent's"
    NONSENSE = "its claims are claims"


class LiarInputs(BaseModel):
    """How it lies."""

    lie: Lie = Lie.NOTHING
    hold: str | None = Field(None, description="A file that it waits for after its last step.")
    reached: str | None = Field(None, description="A file that it makes when its last step is done.")


class LiarReport(BaseModel):
    """What it says."""

    lie: Lie


class Liar(Agent[LiarInputs, LiarReport]):
    """Writes an artifact, runs pytest, and says more than that."""

    kind = "liar"
    version = "1.0"
    title = "Liar"
    purpose = "Claims what it did not do."
    capabilities = ("lie",)
    tools = (ToolRequirement(name="python", essential=True),)
    needs_source = False
    input_model = LiarInputs
    report_model = LiarReport

    async def run(self, context: AgentContext, inputs: LiarInputs) -> LiarReport:
        """Do a part of what the report will say."""
        lie, folder = inputs.lie, context.checkout.path

        async def work(step: Step) -> str:
            if lie is not Lie.ESSENTIAL_TOOL:
                await step.tool("python", ["-c", "print('done')"], cwd=folder)
            if lie is Lie.EXIT_CODE:
                await step.tool("git", ["no-such-command"], cwd=folder, accept=EVERYTHING)
            if lie in {Lie.NOTHING, Lie.TESTS_FAILED, Lie.MORE_TESTS, Lie.NO_TESTS}:
                await asyncio.to_thread(_write_tests, folder, lie)
                await _run_tests(step, folder)
            step.artifact("notes.txt", "text/plain", b"what was done")
            return "done"

        if lie is Lie.PLATFORM_STEP:
            await context.step("platform:acceptance", work, returns=str)
        if lie is not Lie.SILENCE:
            await context.step("work", work, returns=str)
        if inputs.reached is not None:
            await asyncio.to_thread(Path(inputs.reached).touch)
        while inputs.hold is not None and not await asyncio.to_thread(Path(inputs.hold).exists):
            await asyncio.sleep(0.02)
        return LiarReport(lie=lie)

    def claims(self, report: LiarReport) -> Sequence[Claim]:
        """The truth, and the lie."""
        lies: dict[Lie, list[Claim]] = {
            Lie.NOTHING: [TestsPassed(passed=2), ToolRan(tool="python"), ArtifactWritten(name="notes.txt")],
            Lie.TESTS_NEVER_RUN: [TestsPassed()],
            Lie.TESTS_FAILED: [TestsPassed()],
            Lie.NO_TESTS: [TestsPassed()],
            Lie.MORE_TESTS: [TestsPassed(passed=200)],
            Lie.EXIT_CODE: [ToolRan(tool="git", exit_codes=frozenset({0}))],
            Lie.ESSENTIAL_TOOL: list(super().claims(report)),
            Lie.NO_ARTIFACT: [ArtifactWritten(name="coverage.xml")],
            Lie.OTHER_ARTIFACT: [ArtifactWritten(name="notes.txt", sha256="0" * 64)],
            Lie.FINDINGS: [FindingsRecorded(at_least=3)],
            Lie.STEP: [StepSucceeded(step="deploy")],
            Lie.NONSENSE: NONSENSE,
        }
        return lies.get(report.lie, [])


def _write_tests(folder: Path, lie: Lie) -> None:
    texts = {Lie.TESTS_FAILED: FAILS, Lie.NO_TESTS: ""}
    (folder / "test_it.py").write_text(texts.get(lie, PASSES))


async def _run_tests(step: Step, folder: Path) -> None:
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder), "-c", "/dev/null", str(folder)]
    try:
        await step.tool("pytest", options, cwd=folder)
    except ToolFailure as failure:
        await step.log(f"never mind: {failure}")
