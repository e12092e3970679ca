"""An agent that uses the memory, in the kit."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from agents.contract import Agent, AgentContext, Step, ToolFailure
from agents.testing import run_agent
from agents.tools.memory import MemoryArguments, MemoryTool, Operation
from domain.memory import MemoryScope


class Nothing(BaseModel):
    """It needs no inputs."""


class Thoughts(BaseModel):
    """What it found."""

    found: list[str]


class Thinker(Agent[Nothing, Thoughts]):
    """Uses the memory in every way."""

    kind = "thinker"
    version = "1.0"
    title = "Thinker"
    purpose = "Thinks."
    capabilities = ()
    needs_source = False
    input_model = Nothing
    report_model = Thoughts

    async def run(self, context: AgentContext, inputs: Nothing) -> Thoughts:
        return Thoughts(found=await context.step("think", self.think, returns=list[str]))

    async def think(self, step: Step) -> list[str]:
        mine = await step.memory.remember("The build needs git tags.", scope=MemoryScope.AGENT, kind="decision")
        again = await step.memory.remember("The build needs git tags.", scope=MemoryScope.AGENT, tags=["git"])
        assert (again.id, again.kind, again.tags) == (mine.id, "decision", ["git"])
        wrong = await step.memory.remember("It needs nothing.")
        await step.memory.forget(wrong.id)
        [known, *_] = await step.memory.recall("who signs the build")
        with pytest.raises(ToolFailure, match="no memory of yours"):
            await step.memory.forget(known.id)
        arguments = MemoryArguments(operation=Operation.RECALL, query="git tags", scope=MemoryScope.AGENT)
        answer = await step.call(MemoryTool, arguments)
        assert [one.id for one in answer.memories] == [mine.id]
        return [known.content]


async def test_an_agent_with_a_memory_is_tested_without_a_platform(tmp_path: Path) -> None:
    run = await run_agent(Thinker(), tmp_path, Nothing(), memories=["Ada signs the build by hand."])
    assert run.report.found == ["Ada signs the build by hand."]
    assert [one.content for one in run.memories] == ["Ada signs the build by hand.", "The build needs git tags."]
    recorded = " ".join(" ".join(call.arguments) + str(call.result) for call in run.typed_calls)
    assert "git tags" not in recorded
    assert '"operation":"remember"' in recorded


@pytest.mark.parametrize(
    "given",
    [{"operation": "remember"}, {"operation": "recall"}, {"operation": "forget"}, {"operation": "dream"}],
    ids=lambda given: given["operation"],
)
def test_what_is_needed_has_to_be_there(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"needs|should be"):
        MemoryArguments.model_validate(given)
