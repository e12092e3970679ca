"""What an agent raises ends its execution, and never the worker or one of its places."""

from __future__ import annotations

import pytest

from tests.engine.conftest import Board, probe

PLACES = 4
"""Executions of one agent that run at the same time."""


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("by exit", "it raised SystemExit: 3"),
        ("by interrupt", "it raised KeyboardInterrupt"),
        ("by its own", "it raised _Own: enough"),
        ("in a task", "it raised SystemExit: 3"),
        ("in a group", "it raised SystemExit: 3"),
        ("in a thread", "it raised SystemExit: 3"),
        ("cancelled", "it raised CancelledError"),
        ("cancelling itself", "it raised CancelledError"),
        ("without a code", "enough"),
        ("with a wrong code", "A code is 2 to 64 capital letters"),
    ],
)
async def test_an_agent_that_leaves_fails(board: Board, how: str, said: str) -> None:
    names = [f"Leaves {number}" for number in range(PLACES + 1)]
    await board.create(*(probe(name, inputs=board.inputs(name, trouble=f"leave {how}")) for name in names))
    for name in names:
        (execution,) = (await board.becomes(name, "FAILED"))["executions"]["nodes"]
        assert (execution["error"]["code"], execution["crashes"]) == ("AGENT_FAILED", 0)
        assert said in execution["error"]["message"]
        assert board.journal(name) == ["start 1"]
    await board.create(probe("Works"))
    await board.becomes("Works", "COMPLETED")


@pytest.mark.parametrize("done", [-1, 2**31])
async def test_progress_that_cannot_be_counted_is_refused(board: Board, done: int) -> None:
    await board.create(probe("Counts", inputs=board.inputs("Counts", counts=done)))
    (execution,) = (await board.becomes("Counts", "FAILED"))["executions"]["nodes"]
    assert "Progress is counted in whole numbers from 0 to 2,147,483,647" in execution["error"]["message"]


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 201])
async def test_a_step_that_cannot_be_named_so_is_refused(board: Board, name: str) -> None:
    await board.create(probe("Names", inputs=board.inputs("Names", names=[ord(letter) for letter in name])))
    (execution,) = (await board.becomes("Names", "FAILED"))["executions"]["nodes"]
    assert "The name of a step is text of 1 to 200 characters" in execution["error"]["message"]
