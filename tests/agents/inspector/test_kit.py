"""The test kit keeps the promises of the agent contract."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from agents.contract import Agent, AgentContext, AgentFailure, Step, ToolFailure, ToolRequirement
from agents.testing import KitContext, run_agent
from domain.finding import FindingDraft, Location, fingerprinted
from domain.quality_gate import QualityGate
from domain.severity import Severity


@pytest.fixture
def context(tmp_path: Path) -> KitContext:
    return KitContext(tmp_path, "kit", (), QualityGate(), frozenset())


async def test_a_step_that_fails_records_nothing(context: KitContext) -> None:
    async def work(step: Step) -> int:
        [draft] = fingerprinted(
            [FindingDraft(engine="e", rule="r", severity=Severity.LOW, message="m", location=Location(path="p"))]
        )
        step.finding(draft)
        step.artifact("a", "text/plain", b"a")
        raise RuntimeError("the step fails")

    with pytest.raises(RuntimeError, match="the step fails"):
        await context.step("work", work, returns=int)
    assert (context.found(), context.artifacts) == ([], {})


async def test_names_are_unique(context: KitContext) -> None:
    async def work(step: Step) -> int:
        step.artifact("a", "text/plain", b"a")
        return 1

    assert await context.step("one", work, returns=int) == 1
    with pytest.raises(ValueError, match="step one was run before"):
        await context.step("one", work, returns=int)
    with pytest.raises(ValueError, match="artifact a was recorded before"):
        await context.step("two", work, returns=int)


async def test_an_output_that_does_not_survive_json_is_refused(context: KitContext) -> None:
    async def work(step: Step) -> Any:
        return "not a number"

    with pytest.raises(ValueError, match="valid integer"):
        await context.step("work", work, returns=int)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("python", "raise SystemExit(3)", "python ended with exit code 3"),
        ("python", "while True: pass", "longer than 0.5 seconds"),
        ("no-such-tool", "", "no-such-tool is not installed"),
    ],
)
async def test_tools_that_fail(context: KitContext, tmp_path: Path, name: str, code: str, said: str) -> None:
    async def work(step: Step) -> int:
        timeout = timedelta(seconds=0.5) if "while" in code else timedelta(minutes=1)
        result = await step.tool(name, ["-c", code], cwd=tmp_path, timeout=timeout)
        return result.exit_code

    with pytest.raises(ToolFailure, match=said):
        await context.step("work", work, returns=int)


async def test_a_tool_that_works_is_recorded(context: KitContext, tmp_path: Path) -> None:
    async def work(step: Step) -> str:
        code = "import sys; print(sys.stdin.read().upper())"
        return (await step.tool("python", ["-c", code], cwd=tmp_path, stdin=b"hello")).stdout.strip()

    assert await context.step("work", work, returns=str) == "HELLO"
    [call] = context.tool_calls
    assert (call.step, call.tool, call.result.exit_code) == ("work", "python", 0)


class Nothing(BaseModel):
    """No inputs, and nothing to report."""


class Boaster(Agent[Nothing, Nothing]):
    """Does nothing, and says that its tool ran."""

    kind = version = title = purpose = "boaster"
    capabilities = ()
    tools = (ToolRequirement(name="python", essential=True),)
    input_model = report_model = Nothing

    async def run(self, context: AgentContext, inputs: Nothing) -> Nothing:
        """Nothing."""
        return Nothing()


async def test_what_an_agent_claims_is_judged(tmp_path: Path) -> None:
    run = await run_agent(Boaster(), tmp_path, Nothing())
    assert run.unverified == [
        "python ran: no call of it is recorded",
        "at least one step succeeded: no step is recorded as succeeded",
    ]


async def test_steps_of_the_platform_are_not_the_agents(context: KitContext) -> None:
    async def work(_: Step) -> int:
        return 1

    with pytest.raises(AgentFailure, match="are the platform's"):
        await context.step("platform:acceptance", work, returns=int)
