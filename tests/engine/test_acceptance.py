"""Acceptance checks are run by the platform after the agent, and decide over its success."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agents.acceptance.command import run_command
from agents.contract import Checkout
from agents.contract.sandbox import SandboxResult
from agents.sandbox.choice import open_sandbox
from domain.acceptance import CommandCheck
from tests.engine.conftest import Board, probe

RESULTS = """query ($id: ID!) { execution(id: $id) {
  status error { code message }
  acceptanceResults { name kind passed message sandbox details durationMs }
  evidence { verdict reasons sandboxes claims { text } }
  steps(first: 10) { nodes { name status attempt } }
  toolCalls(first: 10) { nodes { stepName tool exitCode error } }
  task { checks {
    __typename ... on AcceptanceCheck { name severity } ... on CommandCheck { name command exitCode timeout }
    ... on FileCheck { name path artifact } ... on QueryCheck { name document pointer expected }
  } acceptanceChecks { name } }
} }"""


def command(name: str, *words: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "command": {"command": list(words), **more}}


def query(name: str, document: str, pointer: str, expected: Any) -> dict[str, Any]:
    return {"name": name, "query": {"document": document, "pointer": pointer, "expected": expected}}


STEP = "query ($execution: ID!) { execution(id: $execution) { status steps { nodes { name position } } } }"


async def checked(board: Board, *checks: dict[str, Any], agent: str = "probe", **inputs: Any) -> dict[str, Any]:
    """The execution of a task with these checks, when it has ended."""
    draft = {**probe("Checked"), "agent": agent, "acceptanceChecks": list(checks)}
    await board.create({**draft, "inputs": inputs})
    task = await board.becomes("Checked", "COMPLETED", "FAILED")
    (execution,) = task["executions"]["nodes"]
    return dict((await board.client.query(RESULTS, {"id": execution["id"]}))["execution"])


async def test_every_kind_of_check_is_met(board: Board) -> None:
    ended = await checked(
        board,
        {"name": "clean", "severity": "INFO"},
        command("tests are there", "sh", "-c", "test -s test_it.py && echo seen"),
        command("fails as wanted", "sh", "-c", "exit 3", exitCode=3, timeout="PT20S"),
        {"name": "a test", "file": {"path": "**/test_*.py"}},
        {"name": "notes", "file": {"artifact": "notes.txt"}},
        query("one step", STEP, "/execution/steps/nodes/0", {"position": 1, "name": "work"}),
        agent="liar",
    )
    assert (ended["status"], ended["error"]) == ("SUCCEEDED", None)
    results = ended["acceptanceResults"]
    assert [(one["name"], one["kind"]) for one in results] == [
        ("clean", "FINDINGS"),
        ("tests are there", "COMMAND"),
        ("fails as wanted", "COMMAND"),
        ("a test", "FILE"),
        ("notes", "FILE"),
        ("one step", "QUERY"),
    ]
    assert all(one["passed"] for one in results)
    assert results[1]["details"] == {"exitCode": 0, "expected": 0, "stdout": "seen\n", "stderr": ""}
    assert results[1]["sandbox"].split()[0] in {"bubblewrap", "sandlock"}
    assert ended["evidence"]["sandboxes"] == [results[1]["sandbox"]]
    assert results[1]["durationMs"] > 0
    assert ended["evidence"]["verdict"] == "VERIFIED"
    assert [(step["name"], step["attempt"]) for step in ended["steps"]["nodes"]] == [
        ("work", 1),
        ("platform:acceptance", 1),
    ]
    recorded = [call for call in ended["toolCalls"]["nodes"] if call["stepName"] == "platform:acceptance"]
    assert [(call["tool"], call["exitCode"], call["error"]) for call in recorded] == [("sh", 0, None), ("sh", 3, None)]
    kinds = [check["__typename"] for check in ended["task"]["checks"]]
    assert kinds == ["AcceptanceCheck", "CommandCheck", "CommandCheck", "FileCheck", "FileCheck", "QueryCheck"]
    assert ended["task"]["acceptanceChecks"] == [{"name": "clean"}]


async def test_checks_that_are_not_met_are_the_reasons(board: Board) -> None:
    ended = await checked(
        board,
        command("passes", "true"),
        command("fails", "sh", "-c", "echo why >&2; exit 7"),
        command("is slow", "sleep", "600", timeout="PT1S"),
        command("is not there", "no-such-program-anywhere"),
        command("writes the source", "sh", "-c", "echo x > changed"),
        {"name": "a file", "file": {"path": "*.cfg"}},
        {"name": "an artifact", "file": {"artifact": "report.xml"}},
        query("wrong", STEP, "/execution/status", "SUCCEEDED"),
        query("nothing there", STEP, "/execution/nope/0", 1),
        query("not of the schema", "{ nonsense }", "", None),
        query("true is not 1", "query ($task: ID!) { task(by: { id: $task }) { viewerCan { edit } } }", "", 0),
    )
    assert (ended["status"], ended["error"]["code"]) == ("CLAIMED_UNVERIFIED", "ACCEPTANCE_FAILED")
    by_name = {one["name"]: one for one in ended["acceptanceResults"]}
    assert [name for name, one in by_name.items() if one["passed"]] == ["passes"]
    said = {name: one["message"] for name, one in by_name.items()}
    assert said["fails"] == "the command ended with exit code 7, 0 expected"
    assert by_name["fails"]["details"]["stderr"] == "why\n"
    assert said["is slow"] == "the command was ended: it used too much (time)"
    assert by_name["writes the source"]["details"]["exitCode"] != 0
    assert said["a file"] == "no file fits '*.cfg'"
    assert said["an artifact"] == "there is no artifact 'report.xml'"
    assert said["wrong"] == 'the answer at \'/execution/status\' is "RUNNING", "SUCCEEDED" expected'
    assert said["nothing there"].endswith("there is no 'nope' at /execution")
    assert "Cannot query field 'nonsense'" in said["not of the schema"]
    assert '{"task": {"viewerCan": {"edit": false}}}' in said["true is not 1"], "it reads as a reader, who may not edit"
    reasons = ended["evidence"]["reasons"]
    assert reasons == [f"{name}: {said[name]}" for name in by_name if name != "passes"]
    assert ended["error"]["message"] == "; ".join(reasons)


async def test_a_command_of_a_check_does_not_bear_out_the_agent(board: Board) -> None:
    # The check runs what the agent says it has run; the agent did not run it all the same.
    ended = await checked(
        board, command("pytest", "sh", "-c", "true"), agent="liar", lie="tests passed that were never run"
    )
    assert (ended["status"], ended["error"]["code"]) == ("CLAIMED_UNVERIFIED", "CLAIM_UNVERIFIED")


async def test_without_a_sandbox_a_command_is_refused(tmp_path: Path) -> None:
    checkout = Checkout(path=tmp_path, source_id=uuid4(), state="empty", scratch=tmp_path)
    check = CommandCheck(name="tests", command=("touch", str(tmp_path / "ran")))

    async def unrecorded(_: Sequence[str], run: Callable[[], Awaitable[SandboxResult]]) -> SandboxResult:
        return await run()

    ran = await run_command(check, open_sandbox("none"), checkout, unrecorded)
    assert ran.error is not None
    assert ran.error.startswith("refused: ")
    assert "WRENCHAI_SANDBOX is none" in ran.error
    assert (ran.sandbox, ran.exit_code, list(tmp_path.iterdir())) == (None, None, [])


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ({"name": "none"}, "it has none of them"),
        ({"name": "two", "severity": "LOW", "file": {"path": "a"}}, "it has severity and file"),
        (command("empty"), "needs a program"),
        (command("blank", " "), "needs a program"),
        (command("long", "x", "y" * 20_001), "too long"),
        (command("many", *["x"] * 101), "at most 99 arguments"),
        (command("code", "x", exitCode=256), "from 0 to 255"),
        (command("short", "x", timeout="PT0S"), "from 1 second to 1 hour"),
        ({"name": "up", "file": {"path": "../secret"}}, "must be relative"),
        ({"name": "root", "file": {"path": "/etc/passwd"}}, "must be relative"),
        ({"name": "nothing", "file": {"path": ""}}, "must not be empty"),
        (query("mutation", "mutation { cancelTask(input: {taskId: 1}) { errors { code } } }", "", 1), "one query"),
        (query("two", "query a { viewer { id } } query b { viewer { id } }", "", 1), "one query"),
        (query("broken", "{ viewer {", "", 1), "cannot be read"),
        (query("pointer", "{ viewer { name } }", "viewer", 1), "begin with a slash"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
async def test_checks_that_could_never_be_met_are_refused_at_once(
    board: Board, check: dict[str, Any], sentence: str
) -> None:
    draft = {**probe("Wrong"), "acceptanceChecks": [check]}
    refusal = await board.refused("createTasks", projectId=board.project_id, tasks=[draft])
    assert refusal["code"] == "VALIDATION_FAILED"
    assert sentence in refusal["message"]
    assert refusal["path"] == ["input", "tasks", "0", "acceptanceChecks", "0"]
