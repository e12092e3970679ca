"""A playbook waits for its tasks and for people without a worker, and what it has started ends with it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.conftest import Board, until
from tests.engine.playbooks import by_step, ended, seen, start
from tests.engine.test_approvals import asked, decide

HELD = """
name: held
inputs: {holds: {type: list}, journals: {type: list}}
steps:
  - id: each
    agent: probe
    for_each: inputs.holds
    inputs: {hold: "${{ item }}", journal: "${{ inputs.journals[index] }}"}
  - {id: after, agent: probe, needs: [each]}
"""


async def hold(board: Board, name: str, *parts: str) -> None:
    inputs = [board.held(part) for part in parts]
    holds, journals = [one["hold"] for one in inputs], [one["journal"] for one in inputs]
    await start(board, name, HELD, holds=holds, journals=journals)
    await board.works(*parts)


async def waits(board: Board, name: str) -> dict[str, Any]:
    """The task once it waits for its children."""
    await board.becomes(name, "AWAITING_CHILDREN")
    return await seen(board, name)


async def test_it_holds_no_slot_while_its_tasks_run(board: Board) -> None:
    await hold(board, "Held", "one", "two")
    task = await waits(board, "Held")
    assert task["statusReason"] == "waits for its tasks: 2 of each"
    document = """query ($id: ID!) { task(by: { id: $id }) {
      blockedBy { __typename ... on WaitsForChildren { atWork } }
      latestExecution { status worker { id } waitingSince }
    } }"""
    found = (await board.client.query(document, {"id": board.ids["Held"]}))["task"]
    assert found["blockedBy"] == [{"__typename": "WaitsForChildren", "atWork": 2}]
    execution = found["latestExecution"]
    assert (execution["status"], execution["worker"]) == ("AWAITING_CHILDREN", None)
    assert execution["waitingSince"] is not None
    board.let_go("one")

    async def one_has_ended() -> bool:
        statuses = [str(one["status"]) for one in (await seen(board, "Held"))["children"]["nodes"]]
        return "COMPLETED" in statuses

    await until(one_has_ended)
    assert (await seen(board, "Held"))["status"] == "AWAITING_CHILDREN"
    board.let_go("two")
    task = await ended(board, "Held")
    assert len(task["children"]["nodes"]) == 3
    assert task["latestExecution"]["waitedMs"] > 0
    reasons = [event.get("reason") for event in task["latestExecution"]["events"]["nodes"]]
    assert "the tasks that it waited for have ended" in reasons


async def test_cancelling_it_cancels_what_it_has_started(board: Board) -> None:
    await hold(board, "Cancelled", "three", "four")
    await waits(board, "Cancelled")
    await board.do("cancelTask", "task { id }", taskId=board.ids["Cancelled"])
    await board.becomes("Cancelled", "CANCELLED")

    async def all_cancelled() -> bool:
        children = (await seen(board, "Cancelled"))["children"]["nodes"]
        return {one["status"] for one in children} == {"CANCELLED"}

    await until(all_cancelled)
    assert len((await seen(board, "Cancelled"))["children"]["nodes"]) == 2


@pytest.mark.verify
async def test_a_child_that_somebody_retries_later_is_left_alone(board: Board) -> None:
    await hold(board, "Retried", "five")
    await waits(board, "Retried")
    await board.do("cancelTask", "task { id }", taskId=board.ids["Retried"])
    document = "query ($id: ID!) { task(by: { id: $id }) { children { nodes { id status } } } }"

    async def cancelled() -> str | None:
        (child,) = (await board.client.query(document, {"id": board.ids["Retried"]}))["task"]["children"]["nodes"]
        return str(child["id"]) if child["status"] == "CANCELLED" else None

    board.ids["child"] = await until(cancelled)
    board.let_go("five")
    await board.do("retryTask", "task { id }", taskId=board.ids["child"])
    await board.becomes("child", "COMPLETED")


APPROVED = """
name: approved
inputs: {what: {default: it}}
steps:
  - id: careful
    agent: probe
    approve: {question: "Do ${{ inputs.what }}?", risk: HIGH}
  - {id: only_asked, approve: And this}
  - {id: after, agent: probe, needs: [careful], on_failure: continue, if: steps.careful.status == 'COMPLETED'}
"""


async def test_a_step_is_done_once_a_person_has_approved_it(board: Board) -> None:
    await start(board, "Approved", APPROVED, what="the release")
    careful, only = await asked(board, "Approved", 2)
    assert (careful["action"]["name"], careful["action"]["kind"]) == ("playbook:careful", "playbook.step")
    assert (careful["action"]["summary"], careful["action"]["risk"]) == ("Do the release?", "HIGH")
    assert careful["action"]["arguments"]["tasks"] == 1
    assert (await seen(board, "Approved"))["children"]["nodes"] == []
    await decide(board, "approve", careful)
    await until(lambda: _children(board, "Approved"))
    await decide(board, "approve", only)
    task = await ended(board, "Approved")
    assert [step["status"] for step in by_step(task).values()] == ["COMPLETED"] * 3


@pytest.mark.verify
async def test_a_rejected_step_is_not_done(board: Board) -> None:
    await start(board, "Rejected", APPROVED)
    careful, only = await asked(board, "Rejected", 2)
    await decide(board, "reject", careful, comment="Not today.")
    await decide(board, "approve", only)
    task = await ended(board, "Rejected", "FAILED")
    steps = by_step(task)
    assert steps["careful"]["status"] == "FAILED"
    assert steps["careful"]["reason"] == "it was rejected by user:local-owner: Not today."
    assert (steps["only_asked"]["status"], steps["after"]["status"]) == ("COMPLETED", "SKIPPED")
    assert task["children"]["nodes"] == []


async def _children(board: Board, name: str) -> list[Any]:
    return list((await seen(board, name))["children"]["nodes"])


CALCULATED = """
name: calculated
inputs: {l: {type: list}}
steps:
  - {id: asked, approve: "Go on?"}
  - id: each
    agent: probe
    for_each: [1, 2, 3, 4, 5, 6]
    inputs: {steps: "${{ inputs.l.map(x, x).size() - inputs.l.size() + 1 }}"}
    outputs: {n: item}
"""


@pytest.mark.verify
async def test_an_open_question_does_not_interrupt_what_is_calculated(board: Board) -> None:
    """Putting the tasks together takes longer than an execution may be idle before it gives up its slot."""
    await start(board, "Calculated", CALCULATED, l=list(range(1_000)))
    (question,) = await asked(board, "Calculated", 1)

    async def recorded() -> bool:
        steps = (await seen(board, "Calculated"))["latestExecution"]["steps"]["nodes"]
        return [(one["name"], one["status"]) for one in steps] == [("each", "SUCCEEDED")]

    await until(recorded)
    await decide(board, "approve", question)
    tasks = by_step(await ended(board, "Calculated"))["each"]["tasks"]
    assert [task["outputs"] for task in tasks] == [{"n": n} for n in range(1, 7)]
