"""Everything that a provider can do wrong, each with what its class of error allows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import BaseModel

from agents.contract import AgentFailure
from domain.language_model import LanguageModel, ModelProvider
from domain.recovery import ErrorClass
from domain.states import ToolCallState
from domain.units import Unit
from tests.models.conftest import Desk, configured
from tests.models.provider import Call, Cut, Garbage, Hang, Provider, Refuse, Reply, Say

QUICK = timedelta(seconds=0.3)


class Form(BaseModel):
    """What is asked for."""

    good: bool


async def fails(desk: Desk, *chain: LanguageModel) -> AgentFailure:
    with pytest.raises(AgentFailure) as failed:
        await desk.model(*chain).ask("Go.")
    assert (failed.value.code, failed.value.error_class) == ("MODEL_FAILED", ErrorClass.MODEL_FAILED)
    return failed.value


@pytest.mark.parametrize(
    ("reply", "error_class", "attempts", "said"),
    [
        (Refuse(429, "slow down"), "RATE_LIMITED", 5, "left alone for a while: 429 slow down"),
        (Refuse(503), "RATE_LIMITED", 5, "left alone for a while: 503"),
        (Refuse(500, "oh"), "CONNECTION_LOST", 3, "small failed: 500 oh"),
        (Cut(), "CONNECTION_LOST", 3, "failed"),
        (Hang(), "TIMEOUT", 2, "said nothing for 0.3 seconds"),
        (Hang(("half",)), "TIMEOUT", 2, "said nothing for 0.3 seconds"),
        (Garbage(), "ANSWER_UNUSABLE", 3, "no answer that can be used"),
        (Refuse(400, "no such parameter"), "BAD_INPUT", 1, "400 no such parameter"),
        (Refuse(401, "wrong key"), "BAD_INPUT", 1, "was refused by http"),
        (Refuse(404, "unknown"), "BAD_INPUT", 1, "There is no model 'small-1' at http"),
    ],
    ids=lambda value: repr(value)[:30] if isinstance(value, Reply) else "",
)
async def test_each_failure_is_tried_again_as_often_as_its_class_allows(
    desk: Desk, provider: Provider, reply: Reply, error_class: str, attempts: int, said: str
) -> None:
    provider.plan("Go.", reply)
    failure = await fails(desk, configured(provider.url, timeout=QUICK))
    assert said in str(failure)
    assert provider.times("Go.") == attempts
    assert [call.state for call in desk.context.ledger.calls] == [ToolCallState.FAILED] * attempts
    assert [(one.error_class, one.action) for one in desk.context.recoveries] == [(error_class, "RETRY")] * (
        attempts - 1
    )
    assert len(desk.pauses) == attempts - 1


async def test_it_goes_on_when_the_trouble_has_passed(desk: Desk, provider: Provider, small: LanguageModel) -> None:
    provider.plan("Go.", Refuse(429, headers={"retry-after": "7"}), Garbage(), Say(("Here.",)))
    assert await desk.model(small).ask("Go.") == "Here."
    assert desk.pauses[0] >= timedelta(seconds=7)  # as the provider has asked
    states = [call.state for call in desk.context.ledger.calls]
    assert states == [*[ToolCallState.FAILED] * 2, ToolCallState.SUCCEEDED]


async def test_what_was_refused_costs_nothing_and_what_may_have_been_done_its_worst(
    desk: Desk, provider: Provider
) -> None:
    model = configured(provider.url, max_output_tokens=50)
    provider.plan("Go.", Refuse(429), Say(("Here.",)))
    await desk.model(model).ask("Go.")
    assert desk.counted(Unit.OUTPUT_TOKENS, Unit.TOOL_CALLS) == [1, 2]
    provider.plan("Again.", Refuse(500), Say(("Here.",)))
    await desk.model(model).ask("Again.")
    assert desk.spent[Unit.OUTPUT_TOKENS] == 1 + 50 + 1


async def test_nobody_listens(desk: Desk) -> None:
    failure = await fails(desk, configured("http://127.0.0.1:9/v1"))
    assert "small cannot be reached at http://127.0.0.1:9/v1: see that it runs." in str(failure)
    assert [one.error_class for one in desk.context.recoveries] == ["UNREACHABLE"] * 2
    assert desk.spent[Unit.COST] == 0


async def test_another_model_is_asked_when_one_has_failed_for_good(desk: Desk, provider: Provider) -> None:
    provider.plan("Go.", *[Refuse(500)] * 3, Refuse(401), Say(("At last.",)))
    chain = [configured(provider.url, name) for name in ("first", "second", "third")]
    assert await desk.model(*chain).ask("Go.") == "At last."
    assert [one.body["model"] for one in provider.asked] == ["first-1"] * 3 + ["second-1", "third-1"]
    fallen = [one.message for one in desk.context.recoveries if one.action == "FALL_BACK"]
    assert [message.split(":")[0] for message in fallen] == [
        "second is asked instead of first",
        "third is asked instead of second",
    ]


async def test_when_all_have_failed_each_says_why(desk: Desk, provider: Provider) -> None:
    provider.plan("Go.", Refuse(400, "too odd"), Refuse(402, "nothing left"))
    said = str(await fails(desk, configured(provider.url, "first"), configured(provider.url, "second")))
    assert "first failed: 400 too odd" in said
    assert "The account behind second has nothing left." in said


async def test_a_secret_that_is_not_there_is_said(desk: Desk, provider: Provider) -> None:
    said = str(await fails(desk, configured(provider.url, key_secret="missing")))
    assert "There is no secret 'missing'" in said
    assert not provider.asked


async def test_an_answer_that_was_cut_is_no_answer(desk: Desk, provider: Provider) -> None:
    provider.plan("Go.", Say(("Half an",), finish="length"))
    assert "was cut at 4,096 tokens" in str(await fails(desk, configured(provider.url)))
    provider.plan("Form.", Call('{"good": tr', finish="length"))
    with pytest.raises(AgentFailure, match="was cut at 4,096 tokens"):
        await desk.model(configured(provider.url)).ask("Form.", returns=Form)
    assert provider.times("Form.") == 1  # it would be cut again


async def test_a_provider_that_sends_us_elsewhere_is_not_followed(desk: Desk, provider: Provider) -> None:
    provider.plan("Go.", Refuse(307, headers={"location": f"{provider.url}/elsewhere"}))
    await fails(desk, configured(provider.url))
    assert {one.path for one in provider.asked} == {"/v1/chat/completions"}


async def test_without_the_extra_anthropic_says_what_to_install(desk: Desk) -> None:
    model = configured("http://127.0.0.1:9", provider=ModelProvider.ANTHROPIC)
    assert "wrenchai[anthropic]" in str(await fails(desk, model))
