"""Budgets hold whatever runs at the same time, and the ledger sums to what the tool itself noted."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

from tests.budgets.conftest import Purse

NEST = ({"title": "root"}, {"title": "child", "under": "root"}, {"title": "grandchild", "under": "child"})


async def test_three_nested_executions_never_exceed_a_budget_by_one_unit(purse: Purse) -> None:
    await purse.create(*({**one, "calls": 1_000, "lanes": 3} for one in NEST))
    limits = {"root": 150, "child": 110, "grandchild": 60}
    for title, limit in limits.items():
        await purse.budget(limit, taskId=purse.ids[title])
    assert (await purse.dispatch(*limits))["errors"] == []
    over = asyncio.create_task(purse.ends(*limits))
    seen: list[tuple[int, int]] = []
    while not over.done():
        rows = await purse.database.fetch(
            "SELECT reserved + spent AS taken, most FROM accounts WHERE unit = 'COST' AND most IS NOT NULL"
        )
        assert all(row["taken"] <= row["most"] for row in rows), rows
        seen.append(await purse.account())
        await asyncio.sleep(0.01)
    root, child, grandchild = await over
    assert len({reserved for reserved, _ in seen}) > 3, "it was looked at while calls were under way"
    for task, below in ((root, tuple(limits)), (child, ("child", "grandchild")), (grandchild, ("grandchild",))):
        assert task["status"] == "COMPLETED", task
        cost = task["usage"]["cost"]
        assert Decimal(cost["spent"]) == await purse.paid(*below)
        assert (cost["reserved"], Decimal(cost["available"])) == ("0", limits[below[0]] - Decimal(cost["spent"]))
        assert Decimal(cost["available"]) >= 0
    assert Decimal(root["usage"]["cost"]["available"]) < 10, "it stopped only when another call was too much"
    assert await purse.account() == (0, int(await purse.paid(*limits)) * 10**6)
    made = sum(task["latestExecution"]["result"]["data"]["made"] for task in (root, child, grandchild))
    assert _unit(root, "TOOL_CALLS") == made
    assert root["usage"]["unpricedCalls"] == "0"
    await purse.ledger_is_right()


async def test_an_execution_that_insists_fails_with_the_budget(purse: Purse) -> None:
    await purse.create({"title": "greedy", "calls": 9, "insist": True})
    await purse.budget("15.5")
    await purse.dispatch("greedy")
    (task,) = await purse.ends("greedy")
    error = task["latestExecution"]["error"]
    assert (task["status"], error["code"]) == ("FAILED", "BUDGET_EXCEEDED")
    assert "The COST budget of project" in error["message"]
    assert "15.5, of which" in error["message"]
    assert "another 10 cannot be reserved" in error["message"]
    assert Decimal(task["usage"]["cost"]["spent"]) == await purse.paid("greedy") > 0
    await purse.ledger_is_right()


async def test_what_has_no_price_is_counted_and_not_free(purse: Purse) -> None:
    await purse.do("removePrice", "tool", tool="toll")
    await purse.create({"title": "unknown", "calls": 3})
    await purse.dispatch("unknown")
    (task,) = await purse.ends("unknown")
    assert task["usage"]["unpricedCalls"] == "3"
    assert task["usage"]["cost"]["spent"] == "0"
    assert _unit(task, "CPU_SECONDS") > 0
    assert await purse.account("TOOL_CALLS") == (0, 3)
    await purse.ledger_is_right()
    await purse.budget(3, "UNPRICED_CALLS")
    assert (await purse.account("UNPRICED_CALLS")) == (0, 3)


async def test_calls_that_are_counted_stop_at_their_number(purse: Purse) -> None:
    await purse.budget(7, "TOOL_CALLS")
    await purse.create({"title": "many", "calls": 50, "lanes": 4})
    await purse.dispatch("many")
    (task,) = await purse.ends("many")
    assert task["latestExecution"]["result"]["data"]["made"] == 7
    assert await purse.account("TOOL_CALLS") == (0, 7)
    await purse.ledger_is_right()


async def test_a_task_of_which_nothing_could_be_paid_is_not_dispatched(purse: Purse) -> None:
    await purse.create({"title": "parent", "calls": 1}, {"title": "part", "under": "parent", "calls": 1})
    await purse.budget(0, taskId=purse.ids["parent"])
    (error,) = (await purse.dispatch("part"))["errors"]
    assert (error["__typename"], error["code"]) == ("BudgetExceeded", "BUDGET_EXCEEDED")
    key = (await purse.task("parent"))["key"]
    assert error["budget"] == {"scope": "TASK", "unit": "COST", "of": {"key": key}}
    assert (error["limit"], error["spent"], error["reserved"], error["wanted"]) == ("0", "0", "0", "0")
    assert key in error["message"]
    task = await purse.task("part")
    assert task["status"] == "PENDING"
    assert task["blockedBy"] == [{"__typename": "WaitsForBudget", "budget": {"unit": "COST", "limit": "0"}}]
    await purse.budget(100, taskId=purse.ids["parent"])
    assert (await purse.dispatch("part"))["errors"] == []
    (task,) = await purse.ends("part")
    assert task["status"] == "COMPLETED"


async def test_budgets_that_are_lowered_while_money_is_spent(purse: Purse) -> None:
    await purse.create({"title": "busy", "calls": 40, "lanes": 3})
    await purse.budget(1_000)
    await purse.dispatch("busy")
    over = asyncio.create_task(purse.ends("busy"))
    refused = 0
    while not over.done():
        limits = (20, 60, 120)
        answers = await asyncio.gather(
            *(
                purse.ask("setBudget", "budget { limit }", of={"projectId": purse.project_id}, unit="COST", limit=limit)
                for limit in limits
            )
        )
        for answer in answers:
            for error in answer["errors"]:
                assert (error["__typename"], error["path"]) == ("ValidationError", ["input", "limit"]), error
                assert "is spent and" in error["message"]
                refused += 1
        reserved_and_spent = sum(await purse.account())
        limit = await purse.database.fetchval(
            "SELECT most FROM accounts WHERE scope_id = $1 AND unit = 'COST'", purse.project_uuid
        )
        assert reserved_and_spent <= limit
    await over
    assert refused, "at the end less was asked for than was spent"
    assert Decimal((await purse.task("busy"))["usage"]["cost"]["spent"]) == await purse.paid("busy")
    await purse.ledger_is_right()


def _unit(task: dict[str, Any], unit: str) -> Decimal:
    (spent,) = (one["spent"] for one in task["usage"]["units"] if one["unit"] == unit)
    return Decimal(spent)
