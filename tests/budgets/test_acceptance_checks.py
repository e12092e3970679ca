"""The commands of acceptance checks are paid for by the execution that they check."""

from __future__ import annotations

import json
from base64 import b64decode
from typing import Any

from tests.budgets.conftest import Purse

EXECUTION = """query ($id: ID!) { execution(id: $id) {
  toolCalls(first: 10) { nodes { stepName tool state } } receipt { document }
} }"""


async def checked(purse: Purse, *commands: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A task that calls its tool once and has these commands as checks, and its execution, when it has ended."""
    checks = [{"name": script, "command": {"command": ["sh", "-c", script]}} for script in commands]
    draft = {**purse.draft("Checked", calls=1), "acceptanceChecks": checks}
    payload = await purse.do("createTasks", "tasks { id }", projectId=purse.project_id, tasks=[draft])
    purse.ids["Checked"] = payload["tasks"][0]["id"]
    assert (await purse.dispatch("Checked"))["errors"] == []
    (task,) = await purse.ends("Checked")
    found = await purse.client.query(EXECUTION, {"id": task["latestExecution"]["id"]})
    return task, found["execution"]


def usage_in(execution: dict[str, Any]) -> dict[str, str]:
    payload = json.loads(execution["receipt"]["document"])["payload"]
    return dict(json.loads(b64decode(payload))["usage"])


async def test_they_are_counted_as_calls_without_a_price(purse: Purse) -> None:
    task, execution = await checked(purse, "echo seen", "true")
    assert task["status"] == "COMPLETED", task
    assert await purse.account("UNPRICED_CALLS") == (0, 2)
    assert await purse.account("TOOL_CALLS") == (0, 3)
    _, written = await purse.account("BYTES")
    assert written == int(await purse.paid("Checked")) - 1 + len("seen\n")
    spent = usage_in(execution)
    assert (spent["UNPRICED_CALLS"], spent["TOOL_CALLS"], spent["BYTES"]) == ("2", "3", str(written))
    assert spent["COST"] == str(await purse.paid("Checked")) == task["usage"]["cost"]["spent"]
    assert float(spent["CPU_SECONDS"]) > 0
    await purse.ledger_is_right()


async def test_one_that_a_budget_does_not_allow_is_not_run(purse: Purse) -> None:
    await purse.budget(1, "UNPRICED_CALLS")
    task, execution = await checked(purse, "true", "echo never")
    assert (task["status"], task["latestExecution"]["error"]["code"]) == ("FAILED", "BUDGET_EXCEEDED")
    recorded = [(call["stepName"], call["tool"], call["state"]) for call in execution["toolCalls"]["nodes"]]
    assert recorded == [("spend", "toll", "SUCCEEDED"), ("platform:acceptance", "sh", "SUCCEEDED")]
    assert await purse.account("UNPRICED_CALLS") == (0, 1)
    assert usage_in(execution)["UNPRICED_CALLS"] == "1"
    await purse.ledger_is_right()
