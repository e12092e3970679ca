"""Asking the API what was spent, and setting budgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from server.client.graphql_client import GraphQLClient, Refused

USAGE = "usage { unpricedCalls units { unit spent reserved limit available } }"
BUDGETS = "budgets(first: 100) { nodes { id unit limit } }"
HOLDER = """query ($key: String!) {{ holder: {noun}(by: {{ key: $key }}) {{ id key {fields} }} }}"""
WORKSPACE = """{{ holder: workspace {{ id name {fields} }} }}"""
LIST = """query ($after: Cursor) { budgets(first: 100, after: $after) {
  nodes { unit limit spent reserved available scope
    of { ... on Project { key } ... on Task { key } ... on Execution { number task { key } } } }
  pageInfo { hasNextPage endCursor }
} }"""
SET = """mutation ($input: SetBudgetInput!) { setBudget(input: $input) {
  budget { unit limit spent reserved available } errors { message } } }"""
REMOVE = """mutation ($input: RemoveBudgetInput!) { removeBudget(input: $input) {
  removedBudgetId errors { message } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A task or a project by its key, or the workspace when neither is named."""

    task: str | None = None
    project: str | None = None

    @property
    def name(self) -> str:
        """What it is, for a person."""
        if self.task is not None:
            return f"task {self.task}"
        return "the workspace" if self.project is None else f"project {self.project}"


async def usage(client: GraphQLClient, holder: Holder) -> dict[str, Any]:
    """``unpricedCalls`` and ``units`` of the holder.

    Raises:
        Refused: there is no such thing.
    """
    found: dict[str, Any] = (await _find(client, holder, USAGE))["usage"]
    return found


async def budgets(client: GraphQLClient) -> list[dict[str, Any]]:
    """All budgets of the workspace."""
    found: list[dict[str, Any]] = []
    after, further = None, True
    while further:
        page = (await client.query(LIST, {"after": after}))["budgets"]
        found += page["nodes"]
        after, further = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


async def set_budget(client: GraphQLClient, holder: Holder, unit: str, limit: str) -> dict[str, Any]:
    """The budget as it is now.

    Raises:
        Refused: the server will not have it; the message says why.
    """
    field = "taskId" if holder.task is not None else "workspaceId" if holder.project is None else "projectId"
    of = {field: (await _find(client, holder, ""))["id"]}
    payload = (await client.query(SET, {"input": {"of": of, "unit": unit, "limit": limit}}))["setBudget"]
    _accepted(payload)
    budget: dict[str, Any] = payload["budget"]
    return budget


async def remove_budget(client: GraphQLClient, holder: Holder, unit: str) -> None:
    """Remove the holder's budget of a unit.

    Raises:
        Refused: it has none.
    """
    found = (await _find(client, holder, BUDGETS))["budgets"]["nodes"]
    wanted = [budget["id"] for budget in found if budget["unit"] == unit]
    if not wanted:
        raise Refused(f"There is no {unit} budget of {holder.name}.")
    _accepted((await client.query(REMOVE, {"input": {"budgetId": wanted[0]}}))["removeBudget"])


async def _find(client: GraphQLClient, holder: Holder, fields: str) -> dict[str, Any]:
    if holder.task is None and holder.project is None:
        data = await client.query(WORKSPACE.format(fields=fields))
    else:
        noun = "project" if holder.task is None else "task"
        data = await client.query(HOLDER.format(noun=noun, fields=fields), {"key": holder.task or holder.project})
    found: dict[str, Any] | None = data["holder"]
    if found is None:
        raise Refused(f"There is no {holder.name} here.")
    return found


def _accepted(payload: dict[str, Any]) -> None:
    if payload["errors"]:
        raise Refused("; ".join(error["message"] for error in payload["errors"]))
