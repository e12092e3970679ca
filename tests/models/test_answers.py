"""A model at a real provider: text, forms, tools; recorded once, paid, said aloud."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from agents.contract import BudgetExceeded, SideEffect, Tool, ToolFailure, ToolScope
from agents.prompts import load_prompt
from agents.tools.memory import MemoryTool
from domain.events import ModelAnswered, ModelSpoke
from domain.language_model import AnswerMode, LanguageModel
from domain.states import ToolCallState
from domain.units import Unit
from tests.models.conftest import SECRETS, Desk, configured
from tests.models.provider import Call, Provider, Say


class Verdict(BaseModel):
    """What a model thinks of it."""

    good: bool
    why: str = Field(min_length=2)


class Wanted(BaseModel):
    """What to look up."""

    word: str = Field(max_length=20)


class Found(BaseModel):
    """What it means."""

    meaning: str


class Dictionary(Tool[Wanted, Found]):
    """Knows one word."""

    name = "dictionary"
    version = "1.0"
    purpose = "Says what a word means."
    licence = "Apache-2.0"
    side_effects = (SideEffect.NONE,)
    arguments_model = Wanted
    result_model = Found

    async def run(self, scope: ToolScope, arguments: Wanted) -> Found:
        if arguments.word != "wrench":
            raise ToolFailure(f"There is no {arguments.word!r} in it.")
        return Found(meaning="a tool")


async def test_a_text_is_answered_recorded_paid_and_said_aloud(
    desk: Desk, provider: Provider, small: LanguageModel
) -> None:
    provider.plan("Why?", Say(("Because ", "it ", "is.")))
    assert await desk.model(small).ask("Why?", system="Be brief.") == "Because it is."
    [asked] = provider.asked
    assert asked.path == "/v1/chat/completions"
    assert (asked.body["model"], asked.body["stream"], asked.body["max_tokens"]) == ("small-1", True, 4096)
    assert asked.body["messages"][0]["content"] == "Be brief."
    [call] = desk.context.ledger.calls
    assert (call.tool, call.version, call.state) == ("model:small", "small-1", ToolCallState.SUCCEEDED)
    assert "Why?" in call.arguments[0]
    spoken = [event for event in desk.told if isinstance(event, ModelSpoke)]
    assert "".join(event.text for event in spoken) == "Because it is."
    assert {(event.model, event.part, event.tool_call_id) for event in spoken} == {("small", "TEXT", str(call.id))}
    [answered] = [event for event in desk.told if isinstance(event, ModelAnswered)]
    assert (answered.text, answered.finish_reason) == ("Because it is.", "stop")
    assert (answered.input_tokens, answered.output_tokens, answered.cached_tokens) == (11, 3, 3)
    assert answered.cost == "0.000017"
    assert desk.spent[Unit.COST] == Decimal("0.000017")
    assert desk.counted(Unit.INPUT_TOKENS, Unit.OUTPUT_TOKENS, Unit.CACHED_TOKENS) == [11, 3, 3]
    assert desk.counted(Unit.TOOL_CALLS, Unit.UNPRICED_CALLS) == [1, 0]


async def test_equal_requests_are_made_once_also_side_by_side(
    desk: Desk, provider: Provider, small: LanguageModel
) -> None:
    model, other_step = desk.model(small), desk.model(small, step="another")
    said = await asyncio.gather(model.ask("Same?"), model.ask("Same?"), other_step.ask("Same?"))
    assert len(set(said)) == 1
    assert provider.times("Same?") == 1
    await model.ask("Same?", sample=1)
    await model.ask("Same?", max_output_tokens=10)
    assert provider.times("Same?") == 3


@pytest.mark.parametrize("mode", AnswerMode)
async def test_an_answer_has_the_form_that_was_asked_for(desk: Desk, provider: Provider, mode: AnswerMode) -> None:
    document = '{"good": true, "why": "it works"}'
    provider.plan("Judge.", Call(document) if mode is AnswerMode.TOOL else Say((document[:9], document[9:])))
    model = desk.model(configured(provider.url, answer_mode=mode))
    assert await model.ask("Judge.", returns=Verdict) == Verdict(good=True, why="it works")
    if mode is AnswerMode.NATIVE:
        assert provider.asked[0].body["response_format"]["type"] == "json_schema"
    [spoken] = {event.part for event in desk.told if isinstance(event, ModelSpoke)}
    assert spoken == ("ARGUMENTS" if mode is AnswerMode.TOOL else "TEXT")


async def test_what_does_not_fit_is_sent_back_with_what_is_wrong(
    desk: Desk, provider: Provider, small: LanguageModel
) -> None:
    provider.plan(
        "Judge.", Call('{"good": "perhaps"'), Call('{"good": true, "why": ""}'), Call('{"good": true, "why": "ok"}')
    )
    assert (await desk.model(small).ask("Judge.", returns=Verdict)).why == "ok"
    assert provider.times("Judge.") == 3
    assert "at least 2 characters" in provider.asked[2].returned[-1]
    assert [(one.error_class, one.action) for one in desk.context.recoveries] == [("ANSWER_UNUSABLE", "RETRY")] * 2
    assert desk.spent[Unit.TOOL_CALLS] == 3


async def test_a_model_calls_typed_tools_and_their_calls_are_recorded(
    desk: Desk, provider: Provider, small: LanguageModel
) -> None:
    provider.plan(
        "What is a wrench?",
        Call('{"word": "spanner"}', "dictionary"),
        Call('{"word": 7}', "dictionary"),
        Call('{"word": "wrench"}', "dictionary"),
        Say(("A ", "tool.")),
    )
    assert await desk.model(small).ask("What is a wrench?", tools=[Dictionary]) == "A tool."
    returned = [one.returned for one in provider.asked]
    assert "There is no 'spanner' in it." in returned[1][0]
    assert "valid string" in returned[2][1]
    assert json.loads(returned[3][2]) == {"meaning": "a tool"}
    tools = [(call.tool, call.state) for call in desk.context.ledger.calls if call.tool == "dictionary"]
    assert tools == [("dictionary", ToolCallState.FAILED), ("dictionary", ToolCallState.SUCCEEDED)]


async def test_what_a_model_remembers_is_told_nowhere_but_in_its_recorded_answer(
    desk: Desk, provider: Provider, small: LanguageModel
) -> None:
    wrong = json.dumps({"operation": "recall", "content": "The merger is called wisteria."})
    right = json.dumps({"operation": "remember", "content": "The merger is called wisteria."})
    asked = json.dumps({"operation": "recall", "query": "how is the merger called"})
    provider.plan("Keep it.", *(Call(one, "memory") for one in (wrong, right, asked)), Say(("It ", "is kept.")))
    assert await desk.model(small).ask("Keep it.", tools=[MemoryTool, Dictionary]) == "It is kept."
    assert [one.content for one in desk.context.memory.memories] == ["The merger is called wisteria."]
    assert "wisteria" in provider.asked[3].returned[-1], "the model itself gets what it recalls"
    assert "wisteria" not in repr(desk.told)
    answered = [event.text for event in desk.told if isinstance(event, ModelAnswered)]
    assert answered == ["", "", "", "It is kept."]
    assert [one.message for one in desk.context.recoveries] == [
        "small is told what is wrong with its answer: what it gave to memory"
    ]
    calls = desk.context.ledger.calls
    assert "wisteria" not in repr([call.arguments for call in calls])
    assert {call.tool for call in calls if "wisteria" in repr(call.result)} == {"model:small"}


async def test_a_model_that_calls_without_end_is_stopped(desk: Desk, provider: Provider) -> None:
    provider.plan("Loop.", Call('{"word": "wrench"}', "dictionary"))
    with pytest.raises(Exception, match="asked 4 times for one question") as failed:
        await desk.model(configured(provider.url, max_requests=4)).ask("Loop.", tools=[Dictionary])
    assert failed.value.code == "MODEL_FAILED"  # type: ignore[attr-defined]
    assert provider.times("Loop.") == 4


async def test_a_budget_stops_the_request_before_it_is_made(desk: Desk, provider: Provider) -> None:
    model = configured(provider.url, max_output_tokens=100)
    desk.budgets({Unit.OUTPUT_TOKENS: "102"})
    step = desk.model(model)
    assert await step.ask("1")  # it answers with three tokens: 99 are left, and 100 would have to be reserved
    with pytest.raises(BudgetExceeded, match="OUTPUT_TOKENS budget"):
        await step.ask("2")
    assert len(provider.asked) == 1


async def test_a_model_without_a_price_is_unpriced_and_not_free(desk: Desk, provider: Provider) -> None:
    await desk.model(configured(provider.url, price=None)).ask("1")
    assert desk.counted(Unit.COST, Unit.UNPRICED_CALLS, Unit.INPUT_TOKENS) == [0, 1, 11]
    assert desk.told[-1].cost is None


async def test_one_that_does_not_count_is_charged_at_its_worst(desk: Desk, provider: Provider) -> None:
    provider.plan("Silent.", Say(("1", "2"), usage=False))
    await desk.model(configured(provider.url, max_output_tokens=50)).ask("Silent.")
    assert desk.spent[Unit.OUTPUT_TOKENS] == 50
    assert desk.spent[Unit.INPUT_TOKENS] > 100
    assert (desk.told[-1].input_tokens, desk.told[-1].cost) == (None, None)


async def test_a_secret_in_pieces_is_in_no_event_and_in_no_record(desk: Desk, provider: Provider) -> None:
    secret = SECRETS["key"]
    pieces = tuple(secret[place : place + 4] for place in range(0, len(secret), 4))
    provider.plan("Tell.", Say(("The key is ", *pieces, " and Bearer", " abcdef", "ghijkl", " it is.")))
    answer = await desk.model(configured(provider.url, key_secret="key")).ask("Tell.")
    assert answer == "The key is ******** and Bearer ******** it is."
    assert provider.asked[0].key == f"Bearer {secret}"
    assert "".join(event.text for event in desk.told if isinstance(event, ModelSpoke)) == answer
    assert desk.context.ledger.calls[0].secrets == ("key",)
    everything = repr([desk.told, desk.context.ledger.calls, desk.context.recoveries])
    assert not any(part in everything for part in (secret, secret[4:16], "abcdefghijkl"))


async def test_a_prompt_of_a_file_is_recorded_with_its_version(
    desk: Desk, provider: Provider, small: LanguageModel, tmp_path: Path
) -> None:
    (tmp_path / "explain.md").write_text(
        "---\nname: explain\nversion: '3'\npurpose: Explains.\ninput: [rule]\n---\n"
        "You explain.\n---system---\nWhat is {{ rule }}?\n"
    )
    prompt = load_prompt("explain", tmp_path).render(rule="S101")
    await desk.model(small).ask(prompt)
    assert provider.asked[0].prompt == "What is S101?"
    assert provider.asked[0].body["messages"][0]["content"] == "You explain."
    shown: dict[str, Any] = json.loads(desk.context.ledger.calls[0].arguments[0])
    assert shown["prompt"] == {"name": "explain", "version": "3", "digest": prompt.digest}
