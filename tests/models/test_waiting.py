"""Executions that wait while a model is in use: it stays the one they began with, and what it wants to do is asked."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from server.client.graphql_client import GraphQLClient
from tests.models.asking import CHOOSE, asked, connect, decide, give
from tests.models.provider import Call, Provider, Say
from tests.models.test_executions import ended, until


async def test_an_execution_keeps_the_model_that_it_began_with(client: GraphQLClient, provider: Provider) -> None:
    await connect(client, provider.url, "early")
    _, execution_id = await give(client, "Why?", again=True)
    approval = await until(partial(asked, client, execution_id))
    # Another model is chosen, and the one that was chosen becomes another one, too.
    await connect(client, provider.url, "early", modelId="changed")
    await connect(client, provider.url, "late")
    await decide(client, "approve", approval)
    execution = await ended(client, execution_id)
    assert execution["status"] == "SUCCEEDED", execution
    assert execution["result"]["data"]["model"] == "early"
    was_asked = [(one.prompt, one.body["model"]) for one in provider.asked]
    assert was_asked == [("Why?", "early-1"), ("One more?", "early-1")]
    _, later = await give(client, "Why?")
    assert (await ended(client, later))["result"]["data"]["model"] == "late"


async def test_an_execution_that_began_without_a_model_gets_none_later(
    client: GraphQLClient, provider: Provider
) -> None:
    await connect(client, provider.url, "late")
    await client.query(CHOOSE, {"input": {"model": "none", "agent": "asker"}})
    _, execution_id = await give(client, "Why?", again=True)
    approval = await until(partial(asked, client, execution_id))
    await client.query(CHOOSE, {"input": {"model": "late", "agent": "asker"}})
    await decide(client, "approve", approval)
    assert (await ended(client, execution_id))["result"]["data"] == {"model": None, "answers": []}
    assert not provider.asked


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_what_a_model_wants_to_change_is_asked_first(
    client: GraphQLClient, provider: Provider, tmp_path: Path, decision: str
) -> None:
    file = tmp_path / "published"
    await connect(client, provider.url, "writer")
    provider.plan("Publish it.", Call(f'{{"file": "{file}"}}', "publish"), Say(("It ", "is.")))
    _, execution_id = await give(client, "Publish it.", publishes=True)
    approval = await until(partial(asked, client, execution_id))
    assert not file.exists()
    assert approval["action"]["kind"] == "tool.publish"
    assert approval["action"]["name"].startswith("ask: publish ")
    assert "which changes others: Adds a line" in approval["action"]["summary"]
    assert approval["action"]["arguments"]["arguments"]["file"] == str(file)
    assert len(approval["action"]["arguments"]["argumentsDigest"]) == 64
    await decide(client, decision, approval, comment="So be it.")
    execution = await ended(client, execution_id)
    assert execution["result"]["data"]["answers"] == ["It is."]  # a rejection is no end of the execution
    [told] = provider.asked[-1].returned
    calls = [one["tool"] for one in execution["toolCalls"]["nodes"]]
    if decision == "approve":
        assert len(file.read_text().splitlines()) == 1
        assert calls == ["model:writer", "publish", "model:writer"]
        assert '"lines":1' in told.replace(" ", "")
    else:
        assert not file.exists()
        assert calls == ["model:writer", "model:writer"]
        assert "publish was not called." in told
        assert "was rejected by user:local-owner. So be it." in told
    assert provider.times("Publish it.") == 2  # the first request was not made again when the step was
