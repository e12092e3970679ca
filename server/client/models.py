"""Asking the API for language models: which there are, connecting them, choosing and trying one."""

from __future__ import annotations

from typing import Any

from server.client.graphql_client import GraphQLClient, Refused

SHOWN = """name provider modelId baseUrl keySecret maxOutputTokens timeout maxRequests answerMode
  price { input output } fallback { name } isDefault agents"""
LIST = f"""query ($after: Cursor) {{ models(first: 100, after: $after) {{
  nodes {{ {SHOWN} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
SET = f"""mutation ($input: SetModelInput!) {{ setModel(input: $input) {{
  model {{ {SHOWN} }} errors {{ message }} }} }}"""
DELETE = """mutation ($input: DeleteModelInput!) { deleteModel(input: $input) {
  model { name } errors { message } } }"""
CHOOSE = """mutation ($input: ChooseModelInput!) { chooseModel(input: $input) {
  agent model { name } errors { message } } }"""
TEST = """mutation ($input: TestModelInput!) { testModel(input: $input) {
  model { name provider modelId }
  trial { problem answer latencyMs inputTokens outputTokens cost }
  errors { message } } }"""


async def models(client: GraphQLClient) -> list[dict[str, Any]]:
    """All models of the workspace, by name."""
    found: list[dict[str, Any]] = []
    after, further = None, True
    while further:
        page = (await client.query(LIST, {"after": after}))["models"]
        found += page["nodes"]
        after, further = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def set_model(client: GraphQLClient, given: dict[str, Any]) -> dict[str, Any]:
    """The model as it is now.

    Raises:
        Refused: the server will not have it; the message says why.
    """
    model: dict[str, Any] = _accepted((await client.query(SET, {"input": given}))["setModel"])["model"]
    return model


async def delete_model(client: GraphQLClient, name: str) -> None:
    """Forget a model.

    Raises:
        Refused: there is none, or somebody uses it.
    """
    _accepted((await client.query(DELETE, {"input": {"name": name}}))["deleteModel"])


async def choose_model(client: GraphQLClient, name: str, agent: str | None) -> str | None:
    """Choose a model for an agent or, without one, for all; the name of what is used from now on, ``None`` for none.

    Raises:
        Refused: there is no such model or agent.
    """
    payload = _accepted((await client.query(CHOOSE, {"input": {"model": name, "agent": agent}}))["chooseModel"])
    return None if payload["model"] is None else str(payload["model"]["name"])


async def test_model(client: GraphQLClient, name: str) -> dict[str, Any]:
    """What came of asking the model something tiny.

    Raises:
        Refused: there is no such model.
    """
    trial: dict[str, Any] = _accepted((await client.query(TEST, {"input": {"name": name}}))["testModel"])["trial"]
    return trial


def _accepted(payload: dict[str, Any]) -> dict[str, Any]:
    for error in payload["errors"]:
        raise Refused(error["message"])
    return payload
