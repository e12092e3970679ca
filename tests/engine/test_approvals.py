"""Agents that ask before they act, on the whole platform."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ports import UnitOfWork
from schema.node_ids import decode_as
from server.platform.wiring import Platform
from tests.engine.conftest import Board, probe, until

INNER = """
  id status granted quorum selfApproved version fallback requestedBy
  action { name kind summary arguments digest risk }
  votes { actor decision comment own }
  viewerCan { approve reject }
"""
APPROVAL = f"approval {{ {INNER} }}"
ASKED = f"fragment Asked on Approval {{ {INNER} }}"


async def asked(board: Board, name: str, count: int = 1) -> list[dict[str, Any]]:
    """The approvals that the task's execution waits for, once the whole task waits for so many."""
    document = """query ($id: ID!) { task(by: { id: $id }) {
      status blockedBy { __typename ... on WaitsForApproval { approval { ...Asked } } }
      latestExecution { status worker { id } waitingSince }
    } }"""

    async def waits() -> list[dict[str, Any]] | None:
        task = (await board.client.query(document + ASKED, {"id": board.ids[name]}))["task"]
        if task["status"] != "AWAITING_APPROVAL":
            assert task["status"] in {"QUEUED", "IN_PROGRESS"}, task
            return None
        assert task["latestExecution"]["status"] == "AWAITING_APPROVAL"
        assert task["latestExecution"]["worker"] is None
        assert task["latestExecution"]["waitingSince"] is not None
        assert {reason["__typename"] for reason in task["blockedBy"]} == {"WaitsForApproval"}
        approvals = [reason["approval"] for reason in task["blockedBy"]]
        return approvals if len(approvals) == count else None

    found: list[dict[str, Any]] = await until(waits)
    return sorted(found, key=lambda one: one["action"]["name"])


async def decide(board: Board, decision: str, approval: dict[str, Any], **more: Any) -> dict[str, Any]:
    payload = await board.do(decision, APPROVAL, approvalId=approval["id"], digest=approval["action"]["digest"], **more)
    return dict(payload["approval"])


async def approvals_of(board: Board, execution_id: str) -> list[dict[str, Any]]:
    document = "query ($id: ID!) { execution(id: $id) { approvals { nodes { ...Asked } } } }" + ASKED
    return list((await board.client.query(document, {"id": execution_id}))["execution"]["approvals"]["nodes"])


async def waiting(board: Board, name: str) -> dict[str, Any]:
    """The times of the task's execution."""
    document = """query ($id: ID!) {
      task(by: { id: $id }) { latestExecution { waitingSince waitedMs durationMs } }
    }"""
    return dict((await board.client.query(document, {"id": board.ids[name]}))["task"]["latestExecution"])


async def test_an_approved_action_is_done_and_no_step_is_repeated(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", steps=2, asks=[{"arguments": {"where": "there"}}])))
    (approval,) = await asked(board, "a")
    assert approval["action"]["arguments"] == {"where": "there"}
    assert approval["status"] == "PENDING"
    assert approval["viewerCan"] == {"approve": True, "reject": True}
    assert board.journal("a") == ["start 1", "end 1", "start 2", "end 2"]
    decided = await decide(board, "approve", approval, comment="Go on.")
    assert (decided["status"], decided["granted"], decided["selfApproved"]) == ("APPROVED", True, True)
    assert decided["votes"] == [{"actor": "user:local-owner", "decision": "APPROVE", "comment": "Go on.", "own": True}]
    task = await board.becomes("a", "COMPLETED")
    assert board.journal("a") == ["start 1", "end 1", "start 2", "end 2", "did act"]
    (execution,) = task["executions"]["nodes"]
    kinds = [event["__typename"] for event in await board.events(execution["id"])]
    order = ["ApprovalRequested", "ExecutionPaused", "ApprovalDecided", "ExecutionRequeued", "ExecutionStarted"]
    assert [kind for kind in kinds if kind in order][1:] == order


async def test_a_rejected_action_fails_the_execution_once(board: Board) -> None:
    draft = probe("a", inputs=board.inputs("a", asks=[{}]), retryPolicy={"maxAttempts": 3, "backoff": "PT0S"})
    await board.create(draft)
    (approval,) = await asked(board, "a")
    decided = await decide(board, "reject", approval, comment="Not today.")
    assert (decided["status"], decided["granted"]) == ("REJECTED", False)
    task = await board.becomes("a", "FAILED")
    (execution,) = task["executions"]["nodes"]
    assert execution["error"]["code"] == "APPROVAL_REJECTED"
    assert execution["error"]["message"] == "'act' was rejected by user:local-owner. Not today."
    assert "did act" not in board.journal("a")


async def test_an_agent_may_go_on_without_what_was_rejected(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{"on_rejection": "RETURN"}])))
    (approval,) = await asked(board, "a")
    await decide(board, "reject", approval)
    task = await board.becomes("a", "COMPLETED")
    assert task["executions"]["nodes"][0]["result"]["data"]["answers"] == {"act": False}
    assert "did act" not in board.journal("a")


async def test_two_questions_side_by_side_are_answered_in_any_order(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{"name": "one"}, {"name": "two"}])))
    one, two = await asked(board, "a", 2)
    await decide(board, "approve", two)
    (still,) = await asked(board, "a")
    assert still["id"] == one["id"]
    assert board.journal("a")[2:] == ["did two"]
    await decide(board, "approve", one)
    await board.becomes("a", "COMPLETED")
    assert board.journal("a") == ["start 1", "end 1", "did two", "did one"]


async def test_the_questions_of_two_executions_do_not_cross(board: Board) -> None:
    await board.create(
        probe("a", inputs=board.inputs("a", asks=[{"arguments": {"of": "a"}}])),
        probe("b", inputs=board.inputs("b", asks=[{"arguments": {"of": "b"}}])),
    )
    (of_a,), (of_b,) = await asked(board, "a"), await asked(board, "b")
    refused = await board.refused("approve", approvalId=of_a["id"], digest=of_b["action"]["digest"])
    assert (refused["code"], refused["path"]) == ("DIGEST_MISMATCH", ["input", "digest"])
    await decide(board, "approve", of_b)
    await board.becomes("b", "COMPLETED")
    assert [one["id"] for one in await asked(board, "a")] == [of_a["id"]]
    await decide(board, "reject", of_a)
    await board.becomes("a", "FAILED")
    assert ("did act" in board.journal("a"), "did act" in board.journal("b")) == (False, True)


async def test_changed_arguments_void_what_was_asked_and_what_was_permitted(board: Board) -> None:
    where = {name: board.folder / f"{name}.txt" for name in ("one", "two")}
    for file in where.values():
        file.write_text("here")
    asks = [{"name": name, "varies": str(file)} for name, file in where.items()]
    await board.create(probe("a", inputs=board.inputs("a", asks=[*asks, {"name": "zero"}])))
    one, two, zero = await asked(board, "a", 3)
    await decide(board, "approve", one)
    await asked(board, "a", 2)
    for file in where.values():
        file.write_text("there")  # one was permitted and two is only asked
    await decide(board, "approve", zero)
    again_one, again_two = await asked(board, "a", 2)
    assert (again_one["action"]["arguments"], again_two["action"]["arguments"]) == ({"varies": "there"},) * 2
    assert again_one["action"]["digest"] != one["action"]["digest"]
    refused = await board.refused("approve", approvalId=two["id"], digest=two["action"]["digest"])
    assert refused["code"] == "APPROVAL_ENDED"
    assert refused["message"] == "The approval of 'two' is VOIDED already: there is nothing to decide."
    refused = await board.refused("approve", approvalId=again_two["id"], digest=two["action"]["digest"])
    assert refused["code"] == "DIGEST_MISMATCH"
    await decide(board, "approve", again_one)
    await asked(board, "a", 1)
    await decide(board, "approve", again_two)
    task = await board.becomes("a", "COMPLETED")
    voided = [
        event
        for event in await board.events(task["executions"]["nodes"][0]["id"])
        if event["__typename"] == "ApprovalVoided"
    ]
    assert {(event["name"], event["digest"], event["newDigest"]) for event in voided} == {
        (before["action"]["name"], before["action"]["digest"], after["action"]["digest"])
        for before, after in ((one, again_one), (two, again_two))
    }


@pytest.mark.parametrize("fallback", ["APPROVE", "REJECT", "FAIL"])
async def test_the_fallback_counts_when_nobody_decides_in_time(board: Board, fallback: str) -> None:
    ask = {"expires_in": 0.5, "fallback": fallback, "on_rejection": "RETURN"}
    await board.create(probe("a", inputs=board.inputs("a", asks=[ask])))
    task = await board.becomes("a", "COMPLETED", "FAILED")
    (execution,) = task["executions"]["nodes"]
    assert task["status"] == ("FAILED" if fallback == "FAIL" else "COMPLETED")
    assert (execution["error"] or {}).get("code") == ("APPROVAL_EXPIRED" if fallback == "FAIL" else None)
    assert ("did act" in board.journal("a")) is (fallback == "APPROVE")
    (approval,) = await approvals_of(board, execution["id"])
    assert (approval["status"], approval["granted"]) == ("EXPIRED", fallback == "APPROVE")
    refused = await board.refused("approve", approvalId=approval["id"], digest=approval["action"]["digest"])
    assert refused["message"] == "The approval of 'act' has expired: there is nothing to decide."


async def test_cancelling_what_waits_works_at_once(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{}])))
    (approval,) = await asked(board, "a")
    payload = await board.do("cancelTask", "task { status }", taskId=board.ids["a"])
    assert payload["task"]["status"] == "CANCELLED"
    (execution,) = (await board.task("a"))["executions"]["nodes"]
    assert execution["status"] == "CANCELLED"
    (after,) = await approvals_of(board, execution["id"])
    assert after["status"] == "CANCELLED"
    kinds = [event["__typename"] for event in await board.events(execution["id"])]
    assert kinds[-3:] == ["CancelRequested", "ApprovalCancelled", "ExecutionFinished"]
    refused = await board.refused("approve", approvalId=approval["id"], digest=approval["action"]["digest"])
    assert refused["code"] == "APPROVAL_ENDED"


async def test_the_time_it_waits_does_not_count(board: Board, platform: Platform) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{}]), timeout="PT60S"))
    (approval,) = await asked(board, "a")
    (execution,) = (await board.task("a"))["executions"]["nodes"]
    day = timedelta(days=1)

    async def yesterday(uow: UnitOfWork) -> None:
        found = await uow.executions.lock(decode_as("Execution", execution["id"]))
        assert found is not None
        assert found.started_at is not None
        assert found.paused_at is not None
        await uow.executions.update(replace(found, started_at=found.started_at - day, paused_at=found.paused_at - day))

    await platform.transactor.run(yesterday)
    await decide(board, "approve", approval)
    await board.becomes("a", "COMPLETED")
    times = await waiting(board, "a")
    assert times["waitingSince"] is None
    assert day.total_seconds() * 1000 < times["waitedMs"] < times["durationMs"]


async def test_a_step_can_ask_too(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", steps=0, asks=[{"inside": True}])))
    (approval,) = await asked(board, "a")
    await decide(board, "approve", approval)
    task = await board.becomes("a", "COMPLETED")
    assert board.journal("a") == ["begun act", "begun act", "did act"]
    assert [step["status"] for step in task["executions"]["nodes"][0]["steps"]["nodes"]] == ["SUCCEEDED"]


@pytest.mark.parametrize("beside", ["a step", "a program", "a call"])
async def test_what_works_beside_a_question_is_not_interrupted(board: Board, beside: str) -> None:
    """A step beside the question; or, in the step that asks, a program or a tool that must not be called twice."""
    gate, stamps = board.folder / "gate", board.folder / "stamps"
    ask: dict[str, Any] = {"inside": beside != "a step"}
    inputs: dict[str, Any] = {"steps": 0, "asks": [ask]}
    if beside == "a call":
        inputs |= {"stamp": str(stamps), "stamp_until": str(gate)}
    else:
        ask["busy"] = str(gate)
    await board.create(probe("a", inputs=board.inputs("a", **inputs)))

    async def asked_long_ago() -> dict[str, Any] | None:
        """The question, when the execution would have paused if nothing else were at work."""
        data = await board.client.query("{ awaitingApprovals { nodes { ...Asked requestedAt task { id } } } }" + ASKED)
        mine = [one for one in data["awaitingApprovals"]["nodes"] if one["task"]["id"] == board.ids["a"]]
        if mine and datetime.now(UTC) - datetime.fromisoformat(mine[0]["requestedAt"]) > timedelta(seconds=1):
            return dict(mine[0])
        return None

    approval = await until(asked_long_ago)
    assert (await board.task("a"))["status"] == "IN_PROGRESS"
    await decide(board, "approve", approval)
    gate.touch()
    task = await board.becomes("a", "COMPLETED")
    kinds = [event["__typename"] for event in await board.events(task["executions"]["nodes"][0]["id"])]
    assert board.journal("a").count("did act") == 1
    assert not {"ExecutionPaused", "ExecutionRequeued", "ToolCallUncertain"} & set(kinds)
    if beside == "a call":
        assert len(stamps.read_text().splitlines()) == 1


async def test_of_many_decisions_at_once_one_counts(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{}])))
    (approval,) = await asked(board, "a")
    given = {"approvalId": approval["id"], "digest": approval["action"]["digest"]}
    verdicts = ["approve", "reject"] * 4
    payloads = await asyncio.gather(*(board.ask(decision, "approval { status }", **given) for decision in verdicts))
    assert sorted(len(payload["errors"]) for payload in payloads) == [0] + [1] * 7
    (winner,) = [payload["approval"]["status"] for payload in payloads if not payload["errors"]]
    task = await board.becomes("a", "COMPLETED" if winner == "APPROVED" else "FAILED")
    kinds = [event["__typename"] for event in await board.events(task["executions"]["nodes"][0]["id"])]
    assert (kinds.count("ApprovalDecided"), kinds.count("ExecutionRequeued")) == (1, 1)


async def test_the_same_decision_sent_again_is_done_once(board: Board) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=[{}])))
    (approval,) = await asked(board, "a")
    first = await decide(board, "approve", approval, idempotencyKey=f"key-{approval['id']}")
    again = await decide(board, "approve", approval, idempotencyKey=f"key-{approval['id']}")
    assert (first["id"], first["version"]) == (again["id"], again["version"])


@pytest.mark.parametrize(
    ("asks", "code"),
    [
        ([{"name": "same"}, {"name": "same"}], "AGENT_FAILED"),
        ([{"name": " "}], "VALIDATION_FAILED"),
        ([{"name": "n" * 201}], "VALIDATION_FAILED"),
        ([{"quorum": 0}], "VALIDATION_FAILED"),
        ([{"quorum": 21}], "VALIDATION_FAILED"),
        ([{"expires_in": 0}], "VALIDATION_FAILED"),
        ([{"expires_in": -1}], "VALIDATION_FAILED"),
    ],
)
async def test_a_question_that_makes_no_sense_fails_with_a_sentence(
    board: Board, asks: list[dict[str, Any]], code: str
) -> None:
    await board.create(probe("a", inputs=board.inputs("a", asks=asks)))
    task = await board.becomes("a", "FAILED")
    assert task["executions"]["nodes"][0]["error"]["code"] == code
