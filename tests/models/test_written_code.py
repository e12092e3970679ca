"""A direct call that has a model write code, on the platform: which model, what it costs, and where that is seen."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from agents.prompts import load_prompt
from server.client.graphql_client import GraphQLClient
from tests.models.asking import BUDGET, CHOOSE, PROJECT, SET, spent
from tests.models.provider import Call, Provider
from tests.models.test_executions import ENDED, until

CALL = """mutation ($input: CallToolInput!) { callTool(input: $input) {
  execution { id } errors { message } } }"""
SEEN = """query ($id: ID!) { execution(id: $id) {
  status error { code message }
  result { ... on ToolCallReport { tool answer } }
  usage { totals { units { unit spent reserved } } }
  toolCalls(first: 10) { nodes { tool state error } } } }"""
PROMPT = load_prompt("write-files").render(instructions="Write a level.", folder="", files=[]).text
FILES = {"files": [{"path": "level.py", "content": "LEVEL = 1\n"}]}


async def use(client: GraphQLClient, url: str, name: str, agent: str | None) -> None:
    model = {"name": name, "provider": "OPENAI_COMPATIBLE", "modelId": f"{name}-1", "baseUrl": url}
    price = {"input": "1", "output": "2"}
    assert (await client.query(SET, {"input": {**model, "price": price}}))["setModel"]["errors"] == []
    chosen = await client.query(CHOOSE, {"input": {"model": name, "agent": agent}})
    assert chosen["chooseModel"]["errors"] == []


async def project(client: GraphQLClient) -> str:
    made = await client.query(PROJECT, {"input": {"name": "Write", "key": f"W{uuid4().hex[:8].upper()}"}})
    return str(made["createProject"]["project"]["id"])


async def written(client: GraphQLClient, project_id: str) -> dict[str, Any]:
    given = {"tool": "code_generation", "arguments": {"instructions": "Write a level."}, "projectId": project_id}
    made = await client.query(CALL, {"input": given})
    assert made["callTool"]["errors"] == [], made
    execution_id = made["callTool"]["execution"]["id"]

    async def over() -> dict[str, Any] | None:
        found: dict[str, Any] = (await client.query(SEEN, {"id": execution_id}))["execution"]
        return found if found["status"] in ENDED else None

    return dict(await until(over))


async def test_a_direct_call_has_the_model_that_was_chosen_for_it(client: GraphQLClient, provider: Provider) -> None:
    provider.plan(PROMPT, Call(json.dumps(FILES)))
    await use(client, provider.url, "coder", "toolcall")
    execution = await written(client, await project(client))
    assert execution["status"] == "SUCCEEDED", execution
    [file] = execution["result"]["answer"]["files"]
    assert (file["path"], file["content"], file["checked"]) == ("level.py", "LEVEL = 1\n", True)
    assert {one["tool"]: one["state"] for one in execution["toolCalls"]["nodes"]} == {
        "code_generation": "SUCCEEDED",
        "model:coder": "SUCCEEDED",
    }
    assert spent(execution)["INPUT_TOKENS"] == "11"
    assert spent(execution)["COST"] != "0"
    assert all(one["reserved"] == "0" for one in execution["usage"]["totals"]["units"])
    [asked] = provider.asked
    assert asked.body["model"] == "coder-1"


async def test_a_budget_ends_it_as_that(client: GraphQLClient, provider: Provider) -> None:
    await use(client, provider.url, "coder", "toolcall")
    project_id = await project(client)
    given = {"of": {"projectId": project_id}, "unit": "OUTPUT_TOKENS", "limit": "5"}
    assert (await client.query(BUDGET, {"input": given}))["setBudget"]["errors"] == []
    execution = await written(client, project_id)
    assert (execution["status"], execution["error"]["code"]) == ("FAILED", "BUDGET_EXCEEDED")
    assert not provider.asked


async def test_without_a_model_the_call_says_what_to_do(client: GraphQLClient, provider: Provider) -> None:
    await use(client, provider.url, "coder", "toolcall")
    await client.query(CHOOSE, {"input": {"model": "none", "agent": "toolcall"}})
    execution = await written(client, await project(client))
    assert execution["status"] == "FAILED"
    assert "wrenchai models use NAME" in execution["error"]["message"]
    assert not provider.asked
