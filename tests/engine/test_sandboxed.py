"""Code of users that an agent runs: in a sandbox, and which one is in the evidence."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from agents.sandbox.probe import probe_sandbox
from agents.testing import run_agent
from tests.engine.conftest import Board, probe
from tests.plugins.probe_agents import Probe, ProbeInputs

SAYS = ["/bin/sh", "-c", "echo said; pwd; exit 3"]


async def calls(board: Board, execution_id: str) -> list[dict[str, Any]]:
    document = """query ($id: ID!) { execution(id: $id) { toolCalls(first: 10) { nodes {
      stepName tool version arguments exitCode error outputSha256
    } } } }"""
    data = await board.client.query(document, {"id": execution_id})
    return list(data["execution"]["toolCalls"]["nodes"])


async def test_the_sandbox_that_was_used_is_in_the_evidence(board: Board) -> None:
    chosen = (await asyncio.to_thread(probe_sandbox, "auto")).chosen
    assert chosen is not None, "No sandbox works on this machine: apt-get install bubblewrap"
    await board.create(probe("A", inputs=board.inputs("A", sandboxed=SAYS)))
    done = await board.becomes("A", "COMPLETED", "FAILED")
    (execution,) = done["executions"]["nodes"]
    assert execution["error"] is None
    assert await calls(board, execution["id"]) == [
        {
            "stepName": "step-1",
            "tool": "sandbox",
            "version": chosen.name,
            "arguments": SAYS,
            "exitCode": 3,
            "error": None,
            "outputSha256": hashlib.sha256(b"said\n/scratch\n").hexdigest(),
        }
    ]


async def test_a_cancelled_run_is_recorded_and_gone(board: Board) -> None:
    command = ["/bin/sh", "-c", "echo up >/scratch/up; exec sleep 600"]
    await board.create(probe("A", inputs=board.inputs("A", sandboxed=command)))
    await board.works("A")
    await board.do("cancelTask", "task { status }", taskId=board.ids["A"])
    cancelled = await board.becomes("A", "CANCELLED")
    (execution,) = cancelled["executions"]["nodes"]
    assert execution["processGoneAt"] is not None


async def test_where_no_sandbox_is_installed_the_task_fails_with_what_to_do(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rm").symlink_to("/bin/rm")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("agents.sandbox.candidates.find_spec", lambda _: None)
    probe_sandbox.cache_clear()
    try:
        await board.create(probe("A", inputs=board.inputs("A", sandboxed=["/bin/touch", str(tmp_path / "ran")])))
        failed = await board.becomes("A", "FAILED", "COMPLETED")
    finally:
        monkeypatch.undo()
        probe_sandbox.cache_clear()
    (execution,) = failed["executions"]["nodes"]
    said = execution["error"]["message"]
    assert said.startswith("Running tests, builds and other code of the source is refused: no sandbox works here")
    assert "apt-get install bubblewrap" in said
    (call,) = await calls(board, execution["id"])
    assert (call["version"], call["exitCode"], call["error"]) == ("none", None, said)
    assert not (tmp_path / "ran").exists()


async def test_the_kit_runs_and_records_the_same(tmp_path: Path) -> None:
    ran = await run_agent(Probe(), tmp_path, ProbeInputs(steps=1, sandboxed=SAYS))
    (call,) = ran.typed_calls
    chosen = (await asyncio.to_thread(probe_sandbox, "auto")).chosen
    assert chosen is not None
    assert (call.tool, call.version, call.sandbox, call.arguments) == ("sandbox", *[chosen.name] * 2, tuple(SAYS))
    assert (call.exit_code, call.output_sha256) == (3, hashlib.sha256(b"said\n/scratch\n").hexdigest())
