"""An agent that calls the tools of MCP servers that a test tells it to call."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from agents.contract import Agent, AgentContext, Limits, SideEffect, Step, ToolFailure


class Call(BaseModel):
    """One call, in a step of its own."""

    tool: str
    arguments: dict[str, Any] = {}


class CallerInputs(BaseModel):
    """What to call."""

    calls: list[Call]
    caught: bool = Field(False, description="Report what fails instead of failing.")
    journal: str | None = Field(None, description="A file that gets each answer.")
    hold: str | None = Field(None, description="A file that the step of the last call waits for.")


class CallerReport(BaseModel):
    """The texts of the answers, in their order."""

    answers: list[str]


class Caller(Agent[CallerInputs, CallerReport]):
    """Calls one after the other."""

    kind = "mcp_caller"
    version = "1.0"
    title = "Caller"
    purpose = "Calls the tools of MCP servers that a test tells it to call."
    capabilities = ("probe",)
    limits = Limits(timeout=timedelta(minutes=5))
    side_effects = (SideEffect.NETWORK,)
    needs_source = False
    input_model = CallerInputs
    report_model = CallerReport

    async def run(self, context: AgentContext, inputs: CallerInputs) -> CallerReport:
        """Make the calls."""
        answers = []
        for number, call in enumerate(inputs.calls, 1):

            async def work(step: Step, number: int = number, call: Call = call) -> str:
                text = await _called(step, call, inputs.caught)
                if inputs.journal is not None:
                    with Path(inputs.journal).open("a") as journal:
                        journal.write(f"{text}\n")
                while inputs.hold is not None and number == len(inputs.calls) and not Path(inputs.hold).exists():
                    await asyncio.sleep(0.02)
                return text

            answers.append(await context.step(f"call-{number}", work, returns=str))
        return CallerReport(answers=answers)


async def _called(step: Step, call: Call, caught: bool) -> str:
    try:
        return (await step.mcp(call.tool, call.arguments)).text
    except ToolFailure as failure:
        if not caught:
            raise
        return str(failure)
