"""An agent that asks a language model what a test tells it to ask."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from agents.contract import Action, Agent, AgentContext, Limits, Step

if TYPE_CHECKING:
    from tests.plugins.probe_tools import Publish
else:  # it runs as a plugin, with its own folder on the path and not that of the tests
    from probe_tools import Publish


class AskerInputs(BaseModel):
    """What the asker is to do."""

    questions: list[str] = Field(description="What it asks, one after the other, in one step.")
    journal: str | None = Field(None, description="A file that gets a line for each answer, as soon as it is there.")
    form: bool = Field(False, description="Ask for answers of a certain form.")
    again: bool = Field(False, description="Ask a person whether to go on, then ask everything again, and one more.")
    publishes: bool = Field(False, description="Let the model call the tool publish.")


class Opinion(BaseModel):
    """The form."""

    good: bool
    why: str


class AskerReport(BaseModel):
    """How it went."""

    model: str | None
    answers: list[str]


class Asker(Agent[AskerInputs, AskerReport]):
    """Asks."""

    kind = "asker"
    version = "1.0"
    title = "Asker"
    purpose = "Asks a language model, for tests."
    capabilities = ("ask",)
    limits = Limits(timeout=timedelta(minutes=5))
    needs_source = False
    input_model = AskerInputs
    report_model = AskerReport

    async def run(self, context: AgentContext, inputs: AskerInputs) -> AskerReport:
        """Ask everything in one step, so that a crash, or a pause, in the middle runs all of it again."""

        async def ask(step: Step) -> AskerReport:
            model = step.model
            if model is None:
                return AskerReport(model=None, answers=[])
            answers = []
            for question in inputs.questions:
                if inputs.form:
                    answers.append((await model.ask(question, returns=Opinion)).why)
                else:
                    answers.append(await model.ask(question, tools=[Publish] if inputs.publishes else []))
                if inputs.journal is not None:
                    with Path(inputs.journal).open("a") as journal:
                        journal.write(f"{answers[-1]}\n")
            return AskerReport(model=model.name, answers=answers)

        first = await context.step("ask", ask, returns=AskerReport)
        if not inputs.again:
            return first
        await context.approve(Action(name="go on", kind="test.ask", summary="Ask again."))
        inputs = inputs.model_copy(update={"questions": [*inputs.questions, "One more?"]})
        return await context.step("ask again", ask, returns=AskerReport)
