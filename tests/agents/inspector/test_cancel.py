"""A cancelled audit leaves nothing behind."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.inspector.agent import Inspector
from agents.inspector.inputs import InspectorInputs
from agents.inspector.stage import staged
from agents.testing import run_agent


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of this test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("copied", [0, 1, 200, 2000])
async def test_a_copy_that_is_interrupted_is_gone(files: Callable[..., Path], scratch: Path, copied: int) -> None:
    root = files({f"m{number}.py": "x = 1\n" for number in range(2000)})

    async def work() -> None:
        async with staged(root, [f"m{number}.py" for number in range(2000)]):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await until(lambda: len(list(scratch.glob("wrenchai-inspector-*/*"))) >= copied)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(scratch.iterdir()) == []


async def test_an_audit_that_is_cancelled_leaves_no_files(files: Callable[..., Path], scratch: Path) -> None:
    root = files({f"m{number}.py": f"import os\nx = {number}\n" for number in range(500)})
    task = asyncio.create_task(run_agent(Inspector(), root, InspectorInputs()))
    await until(lambda: len(list(scratch.glob("*/wrenchai-inspector-*"))) >= 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert list(scratch.iterdir()) == []
