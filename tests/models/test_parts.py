"""The parts behind a model: prices, prompts, what is held back, what a double says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import BaseModel
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agents.contract import Agent, AgentContext, Step
from agents.models.pricing import Tokens, cost_of, quote
from agents.models.speech import Speech
from agents.prompts import PromptUnusable, load_prompt
from agents.testing import UnexpectedAction, answers, load_cases, run_agent
from agents.testing.check import check
from domain.events import Event, ModelSpoke
from domain.language_model import ModelProvider
from domain.redaction import Redactor
from domain.units import Unit
from tests.models.conftest import configured
from tests.plugins.probe_tools import Publish


def test_prices_are_those_of_the_offline_table_or_the_owners() -> None:
    known = configured("https://api.openai.com/v1", provider=ModelProvider.OPENAI, model_id="gpt-4o-mini", price=None)
    assert cost_of(known, Tokens(input=1_000, output=100)) == 210  # 0.15 and 0.60 a million
    cheaper = cost_of(known, Tokens(input=1_000, output=100, cached=1_000))
    assert cheaper is not None
    assert cheaper < 210
    assert cost_of(configured("http://127.0.0.1/v1", price=None), Tokens(input=1, output=1)) is None
    assert cost_of(configured("http://127.0.0.1/v1"), Tokens(input=1, output=1)) == 3
    worst = quote(known, input_bytes=1_000, max_output_tokens=100)
    assert worst.worst == {Unit.INPUT_TOKENS: 1_000, Unit.OUTPUT_TOKENS: 100, Unit.COST: 210}
    assert not quote(configured("http://127.0.0.1/v1", price=None), input_bytes=1, max_output_tokens=1).priced


async def spoken(redactor: Redactor, *pieces: str) -> list[ModelSpoke]:
    told: list[Event] = []

    async def tell(events: Sequence[Event]) -> None:
        told.extend(events)

    speech = Speech(tell, redactor, call_id=uuid4(), step="s", model="m")
    for piece in pieces:
        delta = ThinkingPartDelta(content_delta=piece[1:]) if piece.startswith("~") else TextPartDelta(piece)
        await speech.hear(PartDeltaEvent(index=0, delta=delta))
    await speech.close()
    return [event for event in told if isinstance(event, ModelSpoke)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
async def test_no_cut_of_a_stream_lets_a_secret_through(size: int) -> None:
    redactor = Redactor()
    redactor.learn("correct horse battery staple")
    text = (
        "a correct horse is not the correct horse battery staple\n Bearer abcdefghijkl x https://u:pass@h/?token=12345 "
    )
    said = await spoken(redactor, *[text[place : place + size] for place in range(0, len(text), size)])
    assert "".join(one.text for one in said) == redactor.text(text)


async def test_what_is_thought_is_told_apart_from_what_is_said() -> None:
    said = await spoken(Redactor(), "~let me ", "~see", "It is ", "so.\0\ud800")
    assert [(one.part, one.offset, one.text) for one in said] == [
        ("THINKING", 0, "let me see"),
        ("TEXT", 10, "It is so.\ufffd\ufffd"),
    ]


async def test_what_is_said_to_a_private_tool_is_not_told_however_its_name_arrives() -> None:
    told: list[Event] = []

    async def tell(events: Sequence[Event]) -> None:
        told.extend(events)

    speech = Speech(tell, Redactor(), call_id=uuid4(), step="s", model="m", private={"diary"})
    events: list[ModelResponseStreamEvent] = [
        PartStartEvent(index=0, part=TextPart("Well. ")),
        PartStartEvent(index=1, part=ToolCallPart("di", "")),
        PartDeltaEvent(index=1, delta=ToolCallPartDelta(tool_name_delta="ary")),
        PartDeltaEvent(index=1, delta=ToolCallPartDelta(args_delta='{"dear": "diary"}')),
        PartStartEvent(index=2, part=ToolCallPart("clock", "{}")),
    ]
    for event in events:
        await speech.hear(event)
    await speech.close()
    assert [one.text for one in told if isinstance(one, ModelSpoke)] == ["Well. ", "{}"]


GOOD = "---\nname: p\nversion: '1'\npurpose: x\ninput: [a]\n---\n{{ a }}"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no front matter", "must begin with front matter"),
        (GOOD.replace("name: p", "name: q"), "must be that of its file"),
        (GOOD.replace("purpose: x", "porpoise: x"), "front matter"),
        (GOOD.replace("{{ a }}", "{{ a"), "cannot be rendered"),
        (GOOD.replace("{{ a }}", "{{ a.__class__.__mro__ }}"), "cannot be rendered"),
        (GOOD.replace("{{ a }}", "{{ b }}"), "cannot be rendered"),
        (GOOD.replace("[a]", "[a, b]"), "takes a, b; see to b"),
    ],
)
def test_a_prompt_that_cannot_be_used_says_why(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "p.md").write_text(content)
    with pytest.raises(PromptUnusable, match=said):
        load_prompt("p", tmp_path).render(a="x")


class Nothing(BaseModel):
    """No input."""


class Review(BaseModel):
    """What the reviewer says."""

    verdict: str
    grade: int


class Reviewer(Agent[Nothing, Review]):
    """Asks for a review, and does without where there is no model."""

    kind = "reviewer"
    version = "1.0"
    title = "Reviewer"
    purpose = "Reviews."
    capabilities = ("review",)
    input_model = Nothing
    report_model = Review

    async def run(self, context: AgentContext, inputs: Nothing) -> Review:
        async def review(step: Step) -> Review:
            if step.model is None:
                return Review(verdict="nobody was asked", grade=0)
            verdict = await step.model.ask("How is it?")
            return (await step.model.ask(f"Grade: {verdict}", returns=Review)).model_copy(update={"verdict": verdict})

        return await context.step("review", review, returns=Review)


async def test_a_test_gives_a_double_for_the_model(tmp_path: Path) -> None:
    run = await run_agent(Reviewer(), tmp_path, Nothing(), model=answers("good", {"verdict": "-", "grade": 2}))
    assert run.report == Review(verdict="good", grade=2)
    assert next(one.text for one in run.answers) == "good"
    assert run.spent[Unit.INPUT_TOKENS] > 0
    without = await run_agent(Reviewer(), tmp_path, Nothing())
    assert without.report.grade == 0


async def test_a_case_says_what_the_model_answers(tmp_path: Path) -> None:
    (tmp_path / "case.yaml").write_text(
        "files: {a.txt: x}\nmodel: [good, {verdict: '-', grade: 2}]\nexpect: {report: {verdict: good, grade: 2}}\n"
        "---\nname: too few\nfiles: {a.txt: x}\nmodel: [good]\nexpect: {ends: FAILED, error: MODEL_FAILED}\n"
    )
    for case in load_cases(tmp_path):
        assert (await check(Reviewer, case)).problems == ()


class Published(BaseModel):
    """What the model said."""

    said: str


class Publisher(Agent[Nothing, Published]):
    """Lets a model publish."""

    kind = "publisher"
    version = "1.0"
    title = "Publisher"
    purpose = "Publishes."
    capabilities = ("publish",)
    input_model = Nothing
    report_model = Published

    async def run(self, context: AgentContext, inputs: Nothing) -> Published:
        async def publish(step: Step) -> Published:
            assert step.model is not None
            return Published(said=await step.model.ask("Go.", tools=[Publish]))

        return await context.step("publish", publish, returns=Published)


def publishing(file: Path) -> FunctionModel:
    """A model that publishes twice, then does so dry, and says what it was told."""

    def answer(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        parts = [part for one in messages if isinstance(one, ModelRequest) for part in one.parts]
        told = [str(part.content) for part in parts if isinstance(part, ToolReturnPart)]
        if len(told) == 3:
            return ModelResponse(parts=[TextPart(content="\n".join(told))])
        return ModelResponse(parts=[ToolCallPart("publish", {"file": str(file), "dry": len(told) == 2})])

    return FunctionModel(answer)


@pytest.mark.parametrize("allowed", [True, False])
async def test_in_the_kit_too_what_a_model_wants_to_change_is_asked_first(tmp_path: Path, allowed: bool) -> None:
    file = tmp_path / "published"
    run = await run_agent(Publisher(), tmp_path, Nothing(), model=publishing(file), approvals=lambda action: allowed)
    told = run.report.said.splitlines()
    assert told[2] == "{'lines': 0}"  # nobody is asked about a dry run
    assert {action.kind for action in run.actions} == {"tool.publish"}
    if allowed:
        assert told[:2] == ["{'lines': 1}", "{'lines': 2}"]
        assert len({action.name for action in run.actions}) == len(run.actions) == 2
    else:
        assert told[0] == told[1]  # it insists, and nobody is bothered again
        assert "publish was not called." in told[0]
        assert "was rejected by the test." in told[0]
        assert len(run.actions) == 1
        assert not file.exists()


async def test_a_test_that_does_not_expect_it_fails(tmp_path: Path) -> None:
    with pytest.raises(UnexpectedAction, match="publish: publish "):
        await run_agent(Publisher(), tmp_path, Nothing(), model=publishing(tmp_path / "published"))
