"""Budgets, prices and the tree of tasks in the graph, on a real database."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any
from uuid import uuid4

import pytest

from domain.ledger import Posting, PostingKind
from domain.units import Unit
from domain.use_cases.cancel import subject_of
from schema.node_ids import encode
from tests.schema.conftest import Graph
from tests.schema.test_changing import change, refused
from tests.schema.test_live import FEED, start_of_feed

BUDGET = "budget { id scope unit limit spent reserved available of { __typename ... on Task { key } } }"
TREE = """query ($id: ID!) { task(by: { id: $id }) {
  key parent { key } usage { cost { spent reserved limit available } unpricedCalls units { unit spent reserved } }
  children(first: 9) { nodes { key parent { key } children { nodes { key } } usage { cost { spent } } } }
} }"""
OVERVIEW = """query ($n: Int!) { budgets(first: $n) {
  totalCount { value } nodes { unit limit available setAt of { __typename
    ... on Task { key usage { cost { spent } } } ... on Project { key budgets { nodes { unit } } }
    ... on Workspace { name usage { units { spent } } } ... on Execution { number } } }
} }"""

CHANGES = """subscription ($after: Cursor) { workspaceEvents(after: $after) { event { __typename
  ... on BudgetChanged { scope unit previous limit project { id } } ... on PriceChanged { tool price } } } }"""


async def tree(graph: Graph, **draft: Any) -> list[dict[str, Any]]:
    """A task, a part of it, and a part of that."""
    return await graph.tasks(
        await graph.project(),
        {"clientKey": "c", "parent": {"clientKey": "b"}, **draft},
        {"clientKey": "b", "parent": {"clientKey": "a"}},
        {"clientKey": "a"},
        dispatch=True,
    )


async def test_a_total_includes_all_below_it(graph: Graph) -> None:
    c, b, a = await tree(graph)
    segment = await graph.start(c["latestExecution"]["id"])
    spent = Posting(kind=PostingKind.MEASURE, unit=Unit.COST, amount=1_500_000)
    open_call = Posting(kind=PostingKind.RESERVE, unit=Unit.COST, amount=250_000)
    await graph.do(lambda uow: uow.ledger.post(subject_of(segment.execution), uuid4(), [spent, open_call]))
    await change(graph, "setBudget", BUDGET, of={"taskId": a["id"]}, unit="COST", limit="2.000")
    found = (await graph.run(TREE, id=a["id"]))["task"]
    assert found["usage"]["cost"] == {"spent": "1.5", "reserved": "0.25", "limit": "2", "available": "0.25"}
    assert found["usage"]["units"][0] == {"unit": "COST", "spent": "1.5", "reserved": "0.25"}
    assert found["children"]["nodes"] == [
        {
            "key": b["key"],
            "parent": {"key": a["key"]},
            "children": {"nodes": [{"key": c["key"]}]},
            "usage": {"cost": {"spent": "1.5"}},
        }
    ]
    await graph.finish(segment)
    found = (await graph.run(TREE, id=a["id"]))["task"]
    assert found["usage"]["cost"] == {"spent": "1.75", "reserved": "0", "limit": "2", "available": "0.25"}


async def test_budgets_take_a_constant_number_of_statements(graph: Graph) -> None:
    c, b, a = await tree(graph)
    holders = [{"taskId": one["id"]} for one in (a, b, c)]
    holders += [{"workspaceId": encode("Workspace", graph.actor.workspace_id)}]
    holders += [{"executionId": c["latestExecution"]["id"]}]
    for of in holders:
        for unit in ("COST", "BYTES"):
            payload = await change(graph, "setBudget", BUDGET, of=of, unit=unit, limit=9)
            assert payload["errors"] == []
            assert payload["budget"]["scope"] == payload["budget"]["of"]["__typename"].upper()
    few, many = [await graph.counted(OVERVIEW, n=n) for n in (10, 50)]
    assert few == many <= 8
    found = (await graph.run(OVERVIEW, n=50))["budgets"]
    assert found["totalCount"]["value"] == 10
    assert found["nodes"][0]["of"] == {"__typename": "Execution", "number": 1}


async def test_a_budget_is_changed_and_removed(graph: Graph) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    of = {"taskId": task["id"]}
    first = (await change(graph, "setBudget", BUDGET, of=of, unit="COST", limit="1.25"))["budget"]
    again = (await change(graph, "setBudget", BUDGET, of=of, unit="COST", limit="0.5"))["budget"]
    assert (again["id"], again["limit"], again["available"]) == (first["id"], "0.5", "0.5")
    node = await graph.run("query ($id: ID!) { node(id: $id) { ... on Budget { limit } } }", id=first["id"])
    assert node == {"node": {"limit": "0.5"}}
    removed = await change(graph, "removeBudget", f"removedBudgetId {BUDGET}", budgetId=first["id"])
    assert (removed["removedBudgetId"], removed["budget"]["limit"]) == (first["id"], "0.5")
    assert (await graph.run("query ($id: ID!) { node(id: $id) { __typename } }", id=first["id"]))["node"] is None
    error = await refused(graph, "removeBudget", budgetId=first["id"])
    assert (error["__typename"], error["noun"], error["missingId"]) == ("NotFoundError", "budget", first["id"])


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("-1", "limit must be a number from 0 to 100,000,000,000."),
        ("0.0000001", "An amount of COST has at most 6 decimal places."),
        ("100000000001", "limit must be a number from 0 to 100,000,000,000."),
    ],
)
async def test_a_limit_that_cannot_be_counted_is_refused(graph: Graph, limit: str, message: str) -> None:
    (task,) = await graph.tasks(await graph.project(), {})
    error = await refused(graph, "setBudget", of={"taskId": task["id"]}, unit="COST", limit=limit)
    assert (error["code"], error["message"], error["path"]) == ("VALIDATION_FAILED", message, ["input", "limit"])


@pytest.mark.parametrize("limit", ["1.5", '"abc"', '"NaN"', '"1e3"', "true", '""', '"' + "9" * 60 + '"'])
async def test_what_is_no_exact_number_is_refused(graph: Graph, limit: str) -> None:
    of = f'{{ workspaceId: "{encode("Workspace", graph.actor.workspace_id)}" }}'
    document = f"mutation {{ setBudget(input: {{ of: {of}, unit: COST, limit: {limit} }}) {{ errors {{ code }} }} }}"
    _, message = await graph.fail(document)
    assert "is not a Decimal" in message or "Decimal" in message


async def test_a_budget_of_what_is_not_there_is_refused(graph: Graph, viewer: Graph) -> None:
    for noun in ("Workspace", "Project", "Task", "Execution"):
        of = {f"{noun.lower()}Id": encode(noun, uuid4())}
        error = await refused(graph, "setBudget", of=of, unit="COST", limit=1)
        assert (error["__typename"], error["noun"], error["path"]) == ("NotFoundError", noun.lower(), ["input", "of"])
    project = await graph.project()
    error = await refused(graph, "setBudget", of={"taskId": project}, unit="COST", limit=1)
    assert (error["code"], error["path"]) == ("BAD_USER_INPUT", ["input", "of", "taskId"])
    error = await refused(viewer, "setBudget", of={"projectId": project}, unit="COST", limit=1)
    assert (error["__typename"], error["permission"]) == ("PermissionDenied", "budgets:manage")


async def test_prices_of_the_workspace_come_before_those_of_the_installation(graph: Graph) -> None:
    prices = "{ prices { tool perCall own rate { unit amount per maximum } } }"
    before = {one["tool"]: one for one in (await graph.run(prices))["prices"]}
    assert before["ruff"] == {"tool": "ruff", "perCall": "0", "own": False, "rate": None}
    rate = {"unit": "CPU_SECONDS", "amount": "0.5", "per": 60, "maximum": 600}
    payload = await change(graph, "setPrice", "price { perCall own source }", tool="ruff", perCall="0.25", rate=rate)
    assert payload["price"] == {"perCall": "0.25", "own": True, "source": "user:owner"}
    after = {one["tool"]: one for one in (await graph.run(prices))["prices"]}
    shown = {"unit": "CPU_SECONDS", "amount": "0.5", "per": "60", "maximum": "600"}
    assert after["ruff"] == {"tool": "ruff", "perCall": "0.25", "own": True, "rate": shown}
    assert (await change(graph, "removePrice", "tool", tool="ruff"))["tool"] == "ruff"
    assert {one["tool"]: one for one in (await graph.run(prices))["prices"]} == before
    assert (await refused(graph, "removePrice", tool="ruff"))["__typename"] == "NotFoundError"


@pytest.mark.parametrize(
    ("tool", "rate", "path"),
    [
        ("", None, ["input", "tool"]),
        ("x" * 201, None, ["input", "tool"]),
        ("x", {"unit": "COST", "amount": 1, "per": 1, "maximum": 1}, ["input", "rate", "unit"]),
        ("x", {"unit": "BYTES", "amount": 1, "per": 0, "maximum": 1}, ["input", "rate", "per"]),
        ("x", {"unit": "BYTES", "amount": 1, "per": 1, "maximum": 0}, ["input", "rate", "maximum"]),
        ("x", {"unit": "BYTES", "amount": 1, "per": 1, "maximum": "0.5"}, ["input", "rate", "maximum"]),
        ("x", {"unit": "BYTES", "amount": 10**9, "per": 1, "maximum": 10**9}, ["input", "rate"]),
    ],
)
async def test_a_price_that_cannot_be_reserved_is_refused(graph: Graph, tool: str, rate: Any, path: list[str]) -> None:
    error = await refused(graph, "setPrice", tool=tool, perCall=1, rate=rate)
    assert (error["code"], error["path"]) == ("VALIDATION_FAILED", path)


async def test_what_is_changed_is_in_the_log(graph: Graph) -> None:
    project = await graph.project()
    (task,) = await graph.tasks(project, {})
    cursor = await start_of_feed(graph, FEED, task["id"])
    made = await change(graph, "setBudget", BUDGET, of={"projectId": project}, unit="BYTES", limit=7)
    await change(graph, "setBudget", BUDGET, of={"projectId": project}, unit="BYTES", limit=8)
    await change(graph, "removeBudget", BUDGET, budgetId=made["budget"]["id"])
    await change(graph, "setPrice", "price { tool }", tool="x", perCall="0.10")
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(10), aclosing(graph.subscribe(CHANGES, after=cursor)) as stream:
        async for update in stream:
            if update["event"]["__typename"] != "TaskUpdated":  # the feed was begun by changing the task
                events.append(update["event"])
            if len(events) == 4:
                break
    budget = {"__typename": "BudgetChanged", "scope": "PROJECT", "unit": "BYTES", "project": {"id": project}}
    assert events == [
        {**budget, "previous": None, "limit": "7"},
        {**budget, "previous": "7", "limit": "8"},
        {**budget, "previous": "8", "limit": None},
        {"__typename": "PriceChanged", "tool": "x", "price": "0.1 a call"},
    ]


async def test_a_tree_that_cannot_be_is_refused(graph: Graph) -> None:
    project, other = await graph.project(), await graph.project()
    (foreign,) = await graph.tasks(other, {})

    async def error(*drafts: dict[str, Any]) -> tuple[str, list[str], str]:
        tasks = [{"agent": "inspector", "title": "Audit", **draft} for draft in drafts]
        found = await refused(graph, "createTasks", projectId=project, tasks=tasks)
        return found["code"], found["path"], found["message"]

    code, path, message = await error(
        {"clientKey": "a", "parent": {"clientKey": "b"}}, {"clientKey": "b", "parent": {"clientKey": "a"}}
    )
    assert (code, path[:2], path[3]) == ("VALIDATION_FAILED", ["input", "tasks"], "parent")
    assert "part of itself" in message
    assert (await error({"clientKey": "a", "parent": {"clientKey": "a"}}))[0] == "VALIDATION_FAILED"
    assert "no" in (await error({"parent": {"clientKey": "nobody"}}))[2].lower()
    assert "same project" in (await error({"parent": {"taskId": foreign["id"]}}))[2]
    assert (await error({"parent": {"taskId": encode("Task", uuid4())}}))[0] == "NOT_FOUND"
    chain = [{"clientKey": "0"}] + [{"clientKey": f"{n}", "parent": {"clientKey": f"{n - 1}"}} for n in range(1, 17)]
    assert "16 levels" in (await error(*reversed(chain)))[2]
    made = await graph.tasks(project, *reversed(chain[:16]))
    code, path, message = await error({"parent": {"taskId": made[0]["id"]}})
    assert (code, path) == ("VALIDATION_FAILED", ["input", "tasks", "0", "parent"])
    assert "16 levels" in message


async def test_a_task_with_children_is_not_deleted(graph: Graph) -> None:
    child, parent = await graph.tasks(await graph.project(), {"parent": {"clientKey": "p"}}, {"clientKey": "p"})
    error = await refused(graph, "deleteTask", taskId=parent["id"], expectedVersion=1)
    assert (error["code"], error["message"]) == (
        "VALIDATION_FAILED",
        f"Other tasks are parts of {parent['key']}: delete those first.",
    )
    for task in (child, parent):
        payload = await change(graph, "deleteTask", "deletedTaskId", taskId=task["id"], expectedVersion=1)
        assert payload["errors"] == []


async def test_a_task_is_not_created_and_dispatched_under_a_used_up_budget(graph: Graph) -> None:
    project = await graph.project()
    await change(graph, "setBudget", BUDGET, of={"projectId": project}, unit="COST", limit=0)
    task = {"agent": "inspector", "title": "Audit"}
    error = await refused(graph, "createTask", projectId=project, task=task, dispatch=True)
    assert (error["__typename"], error["code"]) == ("BudgetExceeded", "BUDGET_EXCEEDED")
    assert (await graph.run("{ tasks { nodes { key } } }"))["tasks"]["nodes"] == []
    payload = await change(graph, "createTask", "task { blockedBy { __typename } }", projectId=project, task=task)
    assert payload["task"]["blockedBy"] == [{"__typename": "WaitsForBudget"}]
