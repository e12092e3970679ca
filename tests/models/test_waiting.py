"""Executions that wait while a model is in use: it stays the one they began with."""

from __future__ import annotations

from functools import partial

from server.client.graphql_client import GraphQLClient
from tests.models.asking import CHOOSE, asked, connect, decide, give
from tests.models.provider import Provider
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
