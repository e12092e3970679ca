"""An agent that claims more than is on record never succeeds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from server.platform.wiring import Platform
from tests.engine.conftest import Board, probe, until

EVIDENCE = """query ($id: ID!) { execution(id: $id) {
  status error { code message }
  evidence { verdict reasons claims { kind text verified reason } toolCalls { count failed distinctTools }
    artifactCount artifactBytes sandboxes eventCount eventHead }
  receipt { keyId publicKey document }
} }"""


async def evidence(board: Board, name: str) -> dict[str, Any]:
    """The only execution of a task, with its evidence."""
    (execution,) = (await board.task(name))["executions"]["nodes"]
    return dict((await board.client.query(EVIDENCE, {"id": execution["id"]}))["execution"])


def liar(name: str, lie: str, *after: str | tuple[str, str], **inputs: Any) -> dict[str, Any]:
    return {**probe(name, *after), "agent": "liar", "inputs": {"lie": lie, **inputs}}


UNTRUE = {
    "tests passed that were never run": "the tests passed under pytest, but no call of pytest is recorded",
    "tests passed that failed": "the tests passed under pytest, but one call is recorded, with exit code 1",
    "tests passed where there are none": "the tests passed under pytest, but one call is recorded, with exit code 5",
    "more tests passed than there are": "200 tests passed under pytest, but its runs that ended well",
    "a tool ended well that did not": "git ran with exit code 0, but one call is recorded, with exit code 1",
    "an essential tool ran": "python ran, but no call of it is recorded",
    "something was done": "at least one step succeeded, but no step is recorded as succeeded",
    "an artifact was written": "the artifact 'coverage.xml' was written, but no artifact of that name is recorded",
    "an artifact has another content": "the artifact 'notes.txt' was written with SHA-256 000",
    "findings were recorded": "at least 3 findings were recorded, but 0 findings are recorded",
    "a step was done": "the step 'deploy' succeeded, but no step of that name is recorded as succeeded",
}


async def test_what_is_true_is_verified(board: Board) -> None:
    await board.create(liar("True", "nothing: it is true"), probe("After", "True"))
    await board.becomes("True", "COMPLETED")
    await board.becomes("After", "COMPLETED")
    ended = await evidence(board, "True")
    assert (ended["status"], ended["error"]) == ("SUCCEEDED", None)
    proof = ended["evidence"]
    assert (proof["verdict"], proof["reasons"], proof["artifactCount"], proof["artifactBytes"]) == (
        "VERIFIED",
        [],
        1,
        len(b"what was done"),
    )
    assert proof["toolCalls"] == {"count": 2, "failed": 0, "distinctTools": 2}
    assert {claim["kind"] for claim in proof["claims"]} == {
        "TestsPassed",
        "ToolRan",
        "ArtifactWritten",
        "StepSucceeded",
    }
    assert all(claim["verified"] and claim["reason"] is None for claim in proof["claims"])
    # The probe has no tools and claims nothing: that it was verified would be saying too much.
    assert (await evidence(board, "After"))["evidence"]["verdict"] == "NOTHING_CLAIMED"


@pytest.mark.parametrize("lie", UNTRUE)
async def test_what_is_not_on_record_is_not_believed(board: Board, lie: str) -> None:
    await board.create(liar("Lie", lie), probe("After", "Lie"))
    task = await board.becomes("Lie", "FAILED")
    ended = await evidence(board, "Lie")
    assert (ended["status"], ended["error"]["code"]) == ("CLAIMED_UNVERIFIED", "CLAIM_UNVERIFIED")
    (reason,) = ended["evidence"]["reasons"]
    assert reason.startswith(f"claimed that {UNTRUE[lie]}")
    assert ended["error"]["message"] == task["statusReason"] == reason
    assert ended["evidence"]["verdict"] == "UNVERIFIED"
    assert ended["receipt"] is not None
    assert (await board.task("After"))["status"] == "BLOCKED", "nothing is built on it"


async def test_a_step_of_the_platform_cannot_be_forged(board: Board) -> None:
    await board.create(liar("Forger", "a step of the platform is the agent's"))
    await board.becomes("Forger", "FAILED")
    ended = await evidence(board, "Forger")
    assert ended["status"] == "FAILED"
    assert "are the platform's" in ended["error"]["message"]
    assert ended["evidence"]["verdict"] == "NOT_JUDGED"


async def test_claims_that_are_none_fail_the_agent(board: Board) -> None:
    await board.create(liar("Nonsense", "its claims are claims"))
    await board.becomes("Nonsense", "FAILED")
    ended = await evidence(board, "Nonsense")
    assert (ended["status"], ended["error"]["code"]) == ("FAILED", "AGENT_FAILED")
    assert "each one of ArtifactWritten" in ended["error"]["message"]


@pytest.mark.parametrize("harm", ["altered", "removed"])
async def test_an_artifact_that_is_not_what_was_stored(
    board: Board, platform: Platform, tmp_path: Path, harm: str
) -> None:
    reached, go = tmp_path / "reached", tmp_path / "go"
    await board.create(liar("Tampered", "nothing: it is true", hold=str(go), reached=str(reached)))

    async def is_reached() -> bool:
        return reached.exists()

    await until(is_reached)
    digest = hashlib.sha256(b"what was done").hexdigest()
    file = platform.settings.data_dir / "artifacts" / digest[:2] / digest[2:]
    content = file.read_bytes()
    file.unlink()
    if harm == "altered":
        file.write_bytes(b"something else")
    go.touch()
    await board.becomes("Tampered", "FAILED")
    file.write_bytes(content)
    ended = await evidence(board, "Tampered")
    assert (ended["status"], ended["error"]["code"]) == ("CLAIMED_UNVERIFIED", "CLAIM_UNVERIFIED")
    (reason,) = ended["evidence"]["reasons"]
    assert "the artifact 'notes.txt' is what was stored" in reason
    assert ("its bytes have SHA-256" if harm == "altered" else "its bytes are gone from the store") in reason
