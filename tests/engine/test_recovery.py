"""Each class of error takes its policy, on the worker, and what was tried is in the events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from domain.recovery import POLICIES, ErrorClass
from tests.engine.conftest import Board, probe
from tests.faults.platform_processes import free_port

FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
LATER = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n"
BAD = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
CUT = b""
SILENCE = None
"""The connection stays open, and nothing comes."""


@asynccontextmanager
async def answering(*answers: bytes | None) -> AsyncIterator[str]:
    """A server whose connections get these answers, one each; the last one again and again."""
    left = list(answers)
    closing = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            await closing.wait()
        writer.write(answer or b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        closing.set()
        server.close()
        await server.wait_closed()


RECOVERIES = """query ($id: ID!) { execution(id: $id) {
  status error { code severity message }
  events(first: 100) { nodes {
    __typename
    ... on RecoveryAttempted { step errorClass severity action attempt pauseMs message }
    ... on StepFailed { willRetry failureClass failureSeverity }
    ... on ExecutionFinished { errorSeverity }
    ... on LogWritten { lines }
  } }
} }"""


async def had(board: Board, trouble: str, **draft: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The execution of a probe that runs into the trouble, and what was done about it."""
    await board.create(probe("Trouble", inputs=board.inputs("Trouble", trouble=trouble), **draft))
    task = await board.becomes("Trouble", "COMPLETED", "FAILED")
    execution_id = task["executions"]["nodes"][0]["id"]
    execution = (await board.client.query(RECOVERIES, {"id": execution_id}))["execution"]
    events = execution["events"]["nodes"]
    for failed in (one for one in events if one["__typename"] == "StepFailed"):
        policy = POLICIES[ErrorClass(failed["failureClass"])]
        assert failed["failureSeverity"] == policy.severity
    return execution, [one for one in events if one["__typename"] == "RecoveryAttempted"]


def actions(recoveries: list[dict[str, Any]]) -> list[str]:
    return [one["action"] for one in recoveries]


async def test_what_cannot_be_reached_is_tried_three_times(board: Board) -> None:
    execution, tried = await had(board, f"fetch http://127.0.0.1:{free_port()}/")
    assert actions(tried) == ["RETRY", "RETRY", "GIVE_UP"]
    assert [one["attempt"] for one in tried] == [1, 2, 3]
    assert {(one["errorClass"], one["severity"]) for one in tried} == {("UNREACHABLE", "LOW")}
    assert tried[0]["pauseMs"] <= 1000
    assert tried[1]["pauseMs"] <= 2000
    assert tried[2]["pauseMs"] == 0
    assert "ConnectError" in tried[0]["message"]
    assert (execution["status"], execution["error"]["severity"]) == ("FAILED", "LOW")
    finished = execution["events"]["nodes"][-1]
    assert finished["errorSeverity"] == "LOW"
    assert len([line for line in board.journal("Trouble") if line == "start 1"]) == 3


async def test_a_broken_connection_is_tried_again(board: Board) -> None:
    async with answering(CUT, FINE) as url:
        execution, tried = await had(board, f"fetch {url}")
    assert [(one["errorClass"], one["action"]) for one in tried] == [("CONNECTION_LOST", "RETRY")]
    assert execution["status"] == "SUCCEEDED"


async def test_who_asks_to_be_left_alone_is(board: Board) -> None:
    async with answering(LATER, FINE) as url:
        execution, tried = await had(board, f"fetch {url}")
    assert [(one["errorClass"], one["action"]) for one in tried] == [("RATE_LIMITED", "RETRY")]
    assert 1000 <= tried[0]["pauseMs"] <= 2000
    assert execution["status"] == "SUCCEEDED"


async def test_what_is_slow_twice_is_given_up(board: Board) -> None:
    async with answering(SILENCE) as url:
        execution, tried = await had(board, f"fetch {url}")
    assert [(one["errorClass"], one["action"]) for one in tried] == [("TIMEOUT", "RETRY"), ("TIMEOUT", "GIVE_UP")]
    assert execution["error"]["severity"] == "MEDIUM"


@pytest.mark.parametrize(
    ("trouble", "error_class", "severity"),
    [
        ("memory", "OUT_OF_MEMORY", "HIGH"),
        ("disk", "DISK_FULL", "CRITICAL"),
        ("input", "BAD_INPUT", "MEDIUM"),
        ("refusal", "REFUSED", "MEDIUM"),
        ("mistake", "BUG", "HIGH"),
        ("several", "OUT_OF_MEMORY", "HIGH"),
        ("tool missing alone", "TOOL_MISSING", "MEDIUM"),
        ("tool failing alone", "TOOL_FAILED", "MEDIUM"),
    ],
)
async def test_what_would_only_happen_again_is_not_tried_again(
    board: Board, trouble: str, error_class: str, severity: str
) -> None:
    execution, tried = await had(board, trouble)
    assert [(one["errorClass"], one["severity"], one["action"]) for one in tried] == [
        (error_class, severity, "GIVE_UP")
    ]
    assert (execution["status"], execution["error"]["severity"]) == ("FAILED", severity)


async def test_a_refused_request_is_not_repeated(board: Board) -> None:
    async with answering(BAD) as url:
        _, tried = await had(board, f"fetch {url}")
    assert [(one["errorClass"], one["action"]) for one in tried] == [("BAD_INPUT", "GIVE_UP")]


@pytest.mark.parametrize(("trouble", "first"), [("tool missing", "TOOL_MISSING"), ("tool failing", "TOOL_FAILED")])
async def test_another_tool_stands_in(board: Board, trouble: str, first: str) -> None:
    execution, tried = await had(board, trouble)
    assert execution["status"] == "SUCCEEDED"
    assert [(one["errorClass"], one["action"], one["attempt"]) for one in tried] == [
        (first, "FALL_BACK", 1),
        ("TOOL_MISSING", "FALL_BACK", 2),
    ]
    assert tried[0]["message"].startswith("no-such-tool-either is tried instead of ")
    lines = [line for one in execution["events"]["nodes"] for line in one.get("lines", ())]
    assert "python: stood in" in lines


async def test_a_tool_that_is_missing_ends_the_task_whatever_its_retry_policy_says(board: Board) -> None:
    execution, _ = await had(board, "tool missing alone", retryPolicy={"maxAttempts": 3, "backoff": "PT0S"})
    assert execution["error"]["code"] == "TOOL_MISSING"
    assert len((await board.task("Trouble"))["executions"]["nodes"]) == 1
