"""Asking through the platform: models that are set by the API, and tasks of the agent that asks them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from server.client.graphql_client import GraphQLClient

SET = """mutation ($input: SetModelInput!) { setModel(input: $input) {
  model { id name } errors { code message path } } }"""
CHOOSE = """mutation ($input: ChooseModelInput!) { chooseModel(input: $input) {
  agent model { name } errors { code message path } } }"""
PROJECT = """mutation ($input: CreateProjectInput!) { createProject(input: $input) {
  project { id } errors { message } } }"""
TASK = """mutation ($input: CreateTaskInput!) { createTask(input: $input) {
  task { id latestExecution { id } } errors { message code } } }"""
BUDGET = """mutation ($input: SetBudgetInput!) { setBudget(input: $input) { errors { message } } }"""
DISPATCH = """mutation ($input: DispatchTaskInput!) { dispatchTask(input: $input) {
  execution { id } errors { message } } }"""
WAITING = """query ($id: ID!) { execution(id: $id) { status
  approvals(first: 5) { nodes { id status action { name kind summary arguments digest } } } } }"""
DECIDE = """mutation ($input: %sInput!) { %s(input: $input) { errors { message } } }"""
SEEN = """query ($id: ID!) { execution(id: $id) {
  status error { code message }
  result { ... on CustomReport { data } }
  usage { totals { cost { spent } unpricedCalls units { unit spent reserved } } }
  toolCalls(first: 50) { nodes { tool version state attempt error result arguments } }
  events(first: 100) { nodes { __typename sequence
    ... on ModelSpoke { modelName spokenPart offset text toolCall { tool } }
    ... on ModelAnswered { modelName answer: text finishReason inputTokens outputTokens cachedTokens cost }
    ... on RecoveryAttempted { errorClass action message } } } } }"""


async def connect(client: GraphQLClient, url: str, name: str, **given: Any) -> None:
    """Connect a model at that address, and let the asker use it."""
    price = {"input": "1", "output": "2"}
    model = {"name": name, "provider": "OPENAI_COMPATIBLE", "modelId": f"{name}-1", "baseUrl": url, "price": price}
    assert (await client.query(SET, {"input": {**model, **given}}))["setModel"]["errors"] == []
    chosen = await client.query(CHOOSE, {"input": {"model": name, "agent": "asker"}})
    assert chosen["chooseModel"] == {"agent": "asker", "model": {"name": name}, "errors": []}


async def give(
    client: GraphQLClient, *questions: str, budget: tuple[str, str] | None = None, **inputs: Any
) -> tuple[str, str]:
    """Dispatch a task with these questions, perhaps with a budget of its own; the ids of it and of its execution."""
    project = await client.query(PROJECT, {"input": {"name": "Ask", "key": f"Q{uuid4().hex[:8].upper()}"}})
    draft = {"title": "Ask", "agent": "asker", "inputs": {"questions": list(questions), **inputs}}
    project_id = project["createProject"]["project"]["id"]
    made = await client.query(TASK, {"input": {"projectId": project_id, "task": draft, "dispatch": False}})
    assert made["createTask"]["errors"] == [], made
    task_id = made["createTask"]["task"]["id"]
    if budget is not None:
        given = {"of": {"taskId": task_id}, "unit": budget[0], "limit": budget[1]}
        assert (await client.query(BUDGET, {"input": given}))["setBudget"]["errors"] == []
    sent = await client.query(DISPATCH, {"input": {"taskId": task_id}})
    return task_id, sent["dispatchTask"]["execution"]["id"]


async def seen(client: GraphQLClient, execution_id: str) -> dict[str, Any]:
    """What is known of an execution."""
    found: dict[str, Any] = (await client.query(SEEN, {"id": execution_id}))["execution"]
    return found


async def asked(client: GraphQLClient, execution_id: str) -> dict[str, Any] | None:
    """The action that the execution waits for, once it waits without a worker."""
    found = (await client.query(WAITING, {"id": execution_id}))["execution"]
    pending = [one for one in found["approvals"]["nodes"] if one["status"] == "PENDING"]
    return dict(pending[0]) if found["status"] == "AWAITING_APPROVAL" else None


async def decide(client: GraphQLClient, decision: str, approval: dict[str, Any], **more: Any) -> None:
    """Approve or reject it."""
    given = {"approvalId": approval["id"], "digest": approval["action"]["digest"], **more}
    done = await client.query(DECIDE % (decision.capitalize(), decision), {"input": given})
    assert done[decision]["errors"] == []


def of_kind(execution: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The events of that kind."""
    return [event for event in execution["events"]["nodes"] if event["__typename"] == kind]


def spent(execution: dict[str, Any]) -> dict[str, str]:
    """What was spent, by unit."""
    return {one["unit"]: one["spent"] for one in execution["usage"]["totals"]["units"]}
