"""An agent that does nothing: what is left of an execution is what the platform makes of it."""

from __future__ import annotations

from pydantic import BaseModel

from agents.contract import Agent, AgentContext


class Nothing(BaseModel):
    """No inputs, and an empty report."""


class Noop(Agent[Nothing, Nothing]):
    """Ends at once, without a step."""

    kind = "noop"
    version = "1.0"
    title = "No-op"
    purpose = "Does nothing, so that the engine can be measured."
    needs_source = False
    input_model = Nothing
    report_model = Nothing

    async def run(self, context: AgentContext, inputs: Nothing) -> Nothing:
        """Report nothing."""
        return Nothing()
