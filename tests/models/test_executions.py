"""An agent asks a model on the platform."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from server.client.graphql_client import GraphQLClient
from tests.models.asking import CHOOSE, connect, give, of_kind, seen, spent
from tests.models.provider import Call, Garbage, Provider, Refuse, Say

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "CLAIMED_UNVERIFIED")
WATCH = """subscription ($id: ID!) { executionEvents(executionId: $id) { event { __typename
  ... on ModelSpoke { text spokenPart offset } ... on ModelAnswered { answer: text } } } }"""
SOON = 90.0


async def ended(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    async def over() -> dict[str, Any] | None:
        found = await seen(client, execution_id)
        return found if found["status"] in ENDED else None

    found: dict[str, Any] = await until(over)
    return found


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(SOON):
        while not (answer := await condition()):
            await asyncio.sleep(0.03)
        return answer


async def test_an_answer_is_in_the_graph_with_its_tokens_and_its_cost(
    client: GraphQLClient, provider: Provider
) -> None:
    await connect(client, provider.url, "small")
    provider.plan("Why?", Say(("Because ", "it is.")))
    _, execution_id = await give(client, "Why?", "Why?")
    execution = await ended(client, execution_id)
    assert execution["status"] == "SUCCEEDED", execution
    assert execution["result"]["data"] == {"model": "small", "answers": ["Because it is."] * 2}
    assert provider.times("Why?") == 1  # the second was answered from the ledger
    [call] = execution["toolCalls"]["nodes"]
    assert (call["tool"], call["version"], call["state"], call["attempt"]) == ("model:small", "small-1", "SUCCEEDED", 1)
    assert call["result"]["parts"][0]["content"] == "Because it is."
    spoken = of_kind(execution, "ModelSpoke")
    assert "".join(one["text"] for one in spoken) == "Because it is."
    assert spoken[0]["toolCall"] == {"tool": "model:small"}
    [answered] = of_kind(execution, "ModelAnswered")
    assert answered | {"sequence": 0} == {
        "__typename": "ModelAnswered",
        "sequence": 0,
        "modelName": "small",
        "answer": "Because it is.",
        "finishReason": "stop",
        "inputTokens": 11,
        "outputTokens": 2,
        "cachedTokens": 3,
        "cost": "0.000015",
    }
    assert spent(execution) | {"CPU_SECONDS": "0", "BYTES": "0"} == {
        "COST": "0.000015",
        "CPU_SECONDS": "0",
        "BYTES": "0",
        "TOOL_CALLS": "1",
        "UNPRICED_CALLS": "0",
        "INPUT_TOKENS": "11",
        "OUTPUT_TOKENS": "2",
        "CACHED_TOKENS": "3",
    }
    assert all(one["reserved"] == "0" for one in execution["usage"]["totals"]["units"])


async def test_tokens_arrive_at_a_subscriber_while_the_model_is_still_speaking(
    client: GraphQLClient, provider: Provider
) -> None:
    gate = asyncio.Event()
    await connect(client, provider.url, "slow")
    provider.plan("Count.", Say(("one ", "two ", "three ", "four."), gate=gate))
    _, execution_id = await give(client, "Count.")
    heard = ""
    async with asyncio.timeout(SOON):
        async for update in client.subscribe(WATCH, {"id": execution_id}):
            event = update["executionEvents"]["event"]
            if event["__typename"] == "ModelSpoke":
                assert event["offset"] == len(heard)
                heard += event["text"]
                if heard == "one two three ":
                    assert not gate.is_set()  # the model has more to say, and waits for us
                    gate.set()
            elif event["__typename"] == "ModelAnswered":
                assert (gate.is_set(), event["answer"], heard) == (True, "one two three four.", "one two three four.")
    assert heard == "one two three four."


QUESTIONS = tuple(f"Question {number}" for number in range(1, 8))


async def test_a_budget_stops_the_sixth_call_before_it_is_made(client: GraphQLClient, provider: Provider) -> None:
    await connect(client, provider.url, "paid", maxOutputTokens=100)
    _, execution_id = await give(client, *QUESTIONS, budget=("TOOL_CALLS", "5"))
    execution = await ended(client, execution_id)
    assert (execution["status"], execution["error"]["code"]) == ("FAILED", "BUDGET_EXCEEDED")
    assert tuple(one.prompt for one in provider.asked) == QUESTIONS[:5]
    assert len(execution["toolCalls"]["nodes"]) == 5


async def test_a_budget_of_money_stops_it_too(client: GraphQLClient, provider: Provider) -> None:
    await connect(client, provider.url, "costly", maxOutputTokens=100)
    _, execution_id = await give(client, *QUESTIONS, budget=("COST", "0.000001"))
    refusal = (await ended(client, execution_id))["error"]["message"]
    assert not provider.asked
    worst = re.search(r"another ([\d.]+) cannot be reserved", refusal)
    assert worst is not None, refusal
    # An answer takes 17 millionths: 11 tokens in, and three words out at two each. Five leave too little for a sixth.
    limit = Decimal(worst[1]) + Decimal("0.000070")
    _, execution_id = await give(client, *QUESTIONS, budget=("COST", str(limit)))
    execution = await ended(client, execution_id)
    assert execution["error"]["code"] == "BUDGET_EXCEEDED"
    assert tuple(one.prompt for one in provider.asked) == QUESTIONS[:5]
    assert execution["usage"]["totals"]["cost"]["spent"] == "0.000085"


async def test_failures_are_in_the_events_and_another_model_stands_in(
    client: GraphQLClient, provider: Provider
) -> None:
    await connect(client, provider.url, "spare")
    await connect(client, provider.url, "main", fallback="spare")
    provider.plan("Go.", Garbage(), Refuse(400, "no"), Call('{"good": true, "why": "spare"}'))
    _, execution_id = await give(client, "Go.", form=True)
    execution = await ended(client, execution_id)
    assert execution["result"]["data"]["answers"] == ["spare"]
    recoveries = [(one["errorClass"], one["action"]) for one in of_kind(execution, "RecoveryAttempted")]
    assert recoveries == [("ANSWER_UNUSABLE", "RETRY"), ("BAD_INPUT", "FALL_BACK")]
    states = [(one["tool"], one["state"]) for one in execution["toolCalls"]["nodes"]]
    assert states == [("model:main", "FAILED"), ("model:main", "FAILED"), ("model:spare", "SUCCEEDED")]


@pytest.mark.parametrize("choice", ["none", "default"])
async def test_an_agent_without_a_model_has_none(client: GraphQLClient, provider: Provider, choice: str) -> None:
    await connect(client, provider.url, "unused")
    await client.query(CHOOSE, {"input": {"model": choice, "agent": "asker"}})
    _, execution_id = await give(client, "Anybody?")
    execution = await ended(client, execution_id)
    assert execution["result"]["data"] == {"model": None, "answers": []}
    assert not provider.asked


async def test_an_execution_whose_model_has_failed_says_why(client: GraphQLClient, provider: Provider) -> None:
    await connect(client, provider.url, "bad")
    provider.plan("Go.", Refuse(401, "who are you"))
    _, execution_id = await give(client, "Go.")
    execution = await ended(client, execution_id)
    assert execution["error"]["code"] == "MODEL_FAILED"
    assert "check its key, for it has none" in execution["error"]["message"]
    assert provider.times("Go.") == 1  # its step is not tried again
