"""What follows from a failure: for dependents, for the next attempt, and for a retry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.engine.conftest import Board, probe, until


def attempts(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Its executions, the oldest first."""
    return list(reversed(task["executions"]["nodes"]))


async def test_a_failure_blocks_skips_or_continues_its_dependents(board: Board) -> None:
    await board.create(
        probe("A", inputs=board.inputs("A", fail=True)),
        probe("Block", ("A", "BLOCK")),
        probe("Skip", ("A", "SKIP")),
        probe("Continue", ("A", "CONTINUE")),
        probe("AfterSkip", ("Skip", "SKIP")),
        probe("DespiteSkip", ("Skip", "CONTINUE")),
        probe("HeldBySkip", ("Skip", "BLOCK")),
    )
    failed = await board.becomes("A", "FAILED")
    assert failed["statusReason"] == "told to fail"
    await board.becomes("Continue", "COMPLETED")
    await board.becomes("DespiteSkip", "COMPLETED")
    assert await board.statuses("Block", "Skip", "AfterSkip", "HeldBySkip") == [
        "BLOCKED",
        "SKIPPED",
        "SKIPPED",
        "BLOCKED",
    ]
    held = await board.task("Block")
    assert held["blockedBy"] == [{"__typename": "WaitsForDependency", "task": {"title": "A"}, "onFailure": "BLOCK"}]
    assert all(board.journal(name) == [] for name in ("Block", "Skip", "AfterSkip", "HeldBySkip"))


async def test_a_retry_heals_what_the_failure_held_or_skipped(board: Board) -> None:
    mended = board.folder / "mended"
    await board.create(
        probe("A", inputs=board.held("A", fail_unless=str(mended))),
        probe("Block", "A"),
        probe("Skip", ("A", "SKIP")),
        probe("AfterSkip", ("Skip", "SKIP")),
    )
    board.let_go("A")
    await board.becomes("A", "FAILED")
    assert await board.statuses("Skip", "AfterSkip") == ["SKIPPED", "SKIPPED"]
    mended.touch()
    (board.folder / "A.gate" / "1").unlink()
    payload = await board.do("retryTask", "execution { number status }", taskId=board.ids["A"])
    assert payload["execution"]["number"] == 2
    assert await board.statuses("Block", "Skip", "AfterSkip") == ["BLOCKED"] * 3
    board.let_go("A")
    for name in ("A", "Block", "Skip", "AfterSkip"):
        await board.becomes(name, "COMPLETED")
    assert board.journal("A") == ["start 1", "end 1"] * 2
    assert board.journal("AfterSkip") == ["start 1", "end 1"]
    error = await board.refused("retryTask", taskId=board.ids["A"])
    assert error["code"] == "NOT_RETRYABLE"


async def test_a_retry_of_what_is_skipped_still_says_which_task_to_retry(board: Board) -> None:
    await board.create(probe("A", inputs=board.inputs("A", fail=True)), probe("Skip", ("A", "SKIP")))
    await board.becomes("Skip", "SKIPPED")
    refusal = await board.refused("retryTask", taskId=board.ids["Skip"])
    assert refusal["code"] == "NOT_DISPATCHABLE"
    assert refusal["blockedBy"] == [{"__typename": "WaitsForDependency"}]
    assert await board.statuses("Skip") == ["SKIPPED"]


async def test_the_retry_policy_tries_again_after_a_pause_that_doubles(board: Board) -> None:
    policy = {"maxAttempts": 3, "backoff": "PT0.4S"}
    await board.create(
        probe("A", inputs=board.inputs("A", fail=True), retryPolicy=policy), probe("B", ("A", "CONTINUE"))
    )
    failed = await board.becomes("A", "FAILED")
    assert failed["attempts"] == 3
    first, second, third = attempts(failed)
    assert [one["status"] for one in (first, second, third)] == ["FAILED"] * 3

    def pause(before: dict[str, Any], after: dict[str, Any]) -> float:
        begun, ended = datetime.fromisoformat(after["startedAt"]), datetime.fromisoformat(before["finishedAt"])
        return (begun - ended).total_seconds()

    assert 0.4 <= pause(first, second) < 5
    assert 0.8 <= pause(second, third) < 5
    assert board.journal("A") == ["start 1", "end 1"] * 3
    done = await board.becomes("B", "COMPLETED")
    assert attempts(done)[0]["createdAt"] >= third["finishedAt"]  # it waited for the last attempt, not for the first


async def test_between_two_attempts_a_task_says_until_when_it_waits(board: Board) -> None:
    mended = board.folder / "mended"
    policy = {"maxAttempts": 2, "backoff": "PT1H"}
    await board.create(
        probe("A", inputs=board.inputs("A", fail_unless=str(mended)), retryPolicy=policy), probe("B", "A")
    )

    async def paused() -> bool:
        return bool((await board.task("A"))["attempts"] == 2)

    await until(paused)
    waiting = await board.task("A")
    assert waiting["status"] == "QUEUED"
    assert waiting["statusReason"] == "attempt 1 of 2 did not succeed"
    assert waiting["blockedBy"] == [{"__typename": "WaitsForTime", "until": waiting["scheduledFor"]}]
    assert (await board.task("B"))["status"] == "BLOCKED"
    mended.touch()
    cancelled = await board.do("cancelTask", "task { status }", taskId=board.ids["A"])
    assert cancelled["task"]["status"] == "CANCELLED"
    await board.do("retryTask", "task { status }", taskId=board.ids["A"])  # at once, without the pause
    await board.becomes("B", "COMPLETED")


async def test_what_a_failed_check_holds_back(board: Board, tmp_path: Any) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "insecure.py").write_text("import subprocess\n\nsubprocess.call('ls', shell=True)\n")
    payload = await board.do(
        "createProject", "project { id }", name="Checked", source={"kind": "LOCAL", "location": str(source)}
    )
    checked = Board(board.client, board.folder, payload["project"]["id"])
    check = {"name": "nothing at all", "severity": "INFO", "maximum": 0}
    audit = {"title": "Audit", "clientKey": "Audit", "agent": "inspector", "inputs": {}, "acceptanceChecks": [check]}
    await checked.create(audit, probe("After", "Audit"))
    failed = await checked.becomes("Audit", "FAILED", "COMPLETED")
    (execution,) = failed["executions"]["nodes"]
    assert execution["status"] == "CLAIMED_UNVERIFIED"
    assert execution["error"]["code"] == "ACCEPTANCE_FAILED"
    assert execution["result"] is not None
    assert failed["status"] == "FAILED"
    assert failed["statusReason"].startswith("nothing at all: ")
    assert await checked.statuses("After") == ["BLOCKED"]
    assert checked.journal("After") == []
    await checked.end()


@pytest.mark.parametrize("fail", [False, True])
async def test_text_that_cannot_be_stored_does_not_strand_an_execution(board: Board, fail: bool) -> None:
    await board.create(probe("A", inputs=board.inputs("A", unstorable=True, fail=fail)))
    ended = await board.becomes("A", "FAILED" if fail else "COMPLETED")
    (execution,) = ended["executions"]["nodes"]
    said = execution["error"]["message"] if fail else execution["result"]["data"]["remark"]
    assert said.endswith("a�b�c")
    (logged,) = [event for event in await board.events(execution["id"]) if event["__typename"] == "LogWritten"]
    assert logged["lines"] == ["a�b�c"]
