"""An agent that calls a priced tool as often and as fast as a test tells it."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, Field

from agents.contract import Agent, AgentContext, BudgetExceeded, Limits, Step
from domain.units import Unit

MOST_BYTES = 9
"""What the tool is told to write at most in a call."""


class SpenderInputs(BaseModel):
    """What the spender is to do."""

    log: str = Field(description="The file in which the tool notes its calls.")
    calls: int = Field(1, ge=0, le=10_000, description="How many calls each lane makes at most.")
    lanes: int = Field(1, ge=1, le=16, description="How many calls are under way at the same time.")
    gate: str | None = Field(None, description="A file that each call waits for.")
    insist: bool = Field(False, description="Fail when a budget does not allow a call, rather than stop calling.")
    tool: str = Field("toll", description="The tool to call.")


class SpenderReport(BaseModel):
    """How it went."""

    made: int
    refused: int
    remaining: Decimal | None


class Spender(Agent[SpenderInputs, SpenderReport]):
    """Spends."""

    kind = "spender"
    version = "1.0"
    title = "Spender"
    purpose = "Calls a tool that has a price until it has called enough, or a budget refuses."
    capabilities = ("spend",)
    limits = Limits(timeout=timedelta(minutes=5))
    needs_source = False
    input_model = SpenderInputs
    report_model = SpenderReport

    async def run(self, context: AgentContext, inputs: SpenderInputs) -> SpenderReport:
        """Spend."""

        async def spend(step: Step) -> list[int]:
            lanes = (_lane(step, inputs, random.Random(lane)) for lane in range(inputs.lanes))
            return await asyncio.gather(*lanes)

        made = await context.step("spend", spend, returns=list[int])
        left = await context.budget.remaining(Unit.COST)
        refused = sum(calls < inputs.calls for calls in made)
        return SpenderReport(made=sum(made), refused=refused, remaining=left)


async def _lane(step: Step, inputs: SpenderInputs, dice: random.Random) -> int:
    for call in range(inputs.calls):
        size = dice.randint(0, MOST_BYTES)
        try:
            await step.tool(inputs.tool, [inputs.log, str(size), inputs.gate or ""], cwd=Path("/"))
        except BudgetExceeded:
            if inputs.insist:
                raise
            return call
    return inputs.calls
